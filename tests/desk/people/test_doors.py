"""People come in by real OIDC and SAML providers, with the roles their claims give, and by nobody else's."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from holdfast.desk.people import doors
from holdfast.desk.people.commands import admit, found
from holdfast.desk.people.models import Person, RoleChange
from holdfast.desk.people.rights import Role

NODE = shutil.which("node")
HERE = Path(__file__).parents[2] / "providers"
pytestmark = pytest.mark.django_db
DESK = "http://testserver"


def _account(name, user_name, e_mail, *groups, verified=True):
    said = {"name": name, "preferred_username": user_name, "email": e_mail, "email_verified": verified}
    return {**said, "groups": list(groups)}


ACCOUNTS = {
    "ada": _account("Ada Able", "ada", "ada@example.org", "leads"),
    "bob": _account("Bob Blunt", "bob", "bob@example.org", "tier1s"),
    "cid": _account("Cid Client", "cid", "cid@northline.example", "northline"),
    "eve": _account("Eve", "engineer", "e1@example.org", "leads", verified=False),
    "out": _account("Outsider", "out", "out@example.org"),
}
RULES = """
  roles:
  - {organisation: ESC, claim: groups, is: leads, role: lead}
  - {organisation: ESC, claim: groups, is: northline, role: customer, customer: Northline Rail}
  - {organisation: ESC, claim: groups, is: tier1s, role: tier1}
"""


def _pair(folder: Path) -> tuple[Path, Path]:
    """Make the identity provider's certificate and key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "works")]), datetime.now(UTC)
    serial, until = x509.random_serial_number(), now + timedelta(days=2)
    made = x509.CertificateBuilder(name, name, key.public_key(), serial, now, until)
    (folder / "cert.pem").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    """Start both providers; return their address and the folder of their certificate."""
    if NODE is None or shutil.which("npm") is None:
        pytest.skip("no node here")
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    folder = tmp_path_factory.mktemp("providers")
    certificate, key = _pair(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [NODE, "provider.mjs", str(port), DESK, str(certificate), str(key)],
        cwd=HERE,
        env={**os.environ, "ACCOUNTS": json.dumps(ACCOUNTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()) and line.strip() != "ready":
        pass
    yield f"http://127.0.0.1:{port}", folder
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def opened(providers, settings, organisation):
    """Open both doors as the file declares them; return a function that changes a word of it."""
    address, folder = providers
    (folder / "secret").write_text("s3cret-s3cret-s3cret-s3cret-s3cret\n")

    def open_doors(more: str = "", rules: str = RULES) -> None:
        settings.DOORS = doors.parse(f"""
doors:
- kind: oidc
  name: company
  title: Company
  server: {address}
  client_id: holdfast
  client_secret_file: {folder}/secret
  scopes: [openid, profile, email, groups]
  {more}
  {rules.strip()}
- kind: saml
  name: works
  title: Works
  entity_id: {address}/saml
  sso: {address}/saml
  certificate_file: {folder}/cert.pem
  attributes: {{email: email, username: username}}
  {rules.strip()}
""")

    open_doors()
    return open_doors


@pytest.fixture
def browser():
    return Client(headers={"host": "testserver"})


def by_oidc(browser, who, start="/sign-in/oidc/company"):
    """Walk through the code flow as a browser would."""
    answer = browser.get(start)
    with httpx.Client() as outside:
        at = answer.headers["Location"]
        while not at.startswith(DESK):
            seen = outside.get(at)
            assert seen.status_code in (302, 303), seen.text
            at = str(seen.url.join(seen.headers["Location"]))
            if "/interaction/" in at:
                at += f"?as={who}"
    split = urlsplit(at)
    return browser.get(f"{split.path}?{split.query}")


def by_saml(browser, who, wrong=""):
    answer = browser.get("/sign-in/saml/works")
    said = httpx.get(f"{answer.headers['Location']}&as={who}&wrong={wrong}").json()
    return handed(browser, said)


def handed(browser, said):
    """Hand a SAML response over, as the form of the provider's page does."""
    answer = browser.post(urlsplit(said["url"]).path, {"SAMLResponse": said["SAMLResponse"]})
    return browser.get(answer.headers["Location"])


WAYS = pytest.mark.parametrize("come", [by_oidc, by_saml], ids=["oidc", "saml"])


@WAYS
def test_claims_make_somebody_what_the_rules_say(opened, browser, come):
    assert come(browser, "ada").headers["Location"] == "/"
    me = browser.get("/api/v1/me").json()
    assert me["roles"] == [{"organisation": "Northline Support", "prefix": "ESC", "role": "lead"}]
    assert Person.objects.get(email="ada@example.org").username == "ada"


@WAYS
def test_a_customers_person_sees_their_own_company_only(opened, browser, come, case, organisation):
    come(browser, "cid")
    assert browser.get(f"/cases/{case.key}/").status_code == 200
    case.customer = None
    case.save()
    assert browser.get(f"/cases/{case.key}/").status_code == 404


@WAYS
def test_who_fits_no_rule_is_not_let_in_and_told_so(opened, browser, come):
    answer = come(browser, "out")
    assert answer.status_code == 403
    assert b"nothing it says of you gives you a role" in answer.content
    assert browser.get("/").status_code == 302
    assert not Person.objects.filter(email="out@example.org").exists()


@WAYS
def test_a_role_changes_with_the_claims_and_the_change_is_kept(opened, browser, come):
    come(browser, "bob")
    opened(rules=RULES.replace("is: tier1s, role: tier1", "is: tier1s, role: engineer"))
    come(Client(headers={"host": "testserver"}), "bob")
    changes = [(c.before, c.after) for c in RoleChange.objects.filter(person__username="bob")]
    assert changes == [("", "tier1"), ("tier1", "engineer")]
    opened(rules=RULES.replace("is: tier1s", "is: nothing"))
    assert come(Client(headers={"host": "testserver"}), "bob").status_code == 403
    assert browser.get("/").status_code == 302


def test_an_unverified_address_takes_no_account_over(opened, browser, engineer):
    engineer.email = "e1@example.org"
    engineer.save()
    opened("link: e-mail")
    by_oidc(browser, "eve")
    assert browser.get("/api/v1/me").json()["username"] == "engineer-2"


def test_a_verified_address_is_linked_to_the_person_known_by_it(opened, browser, organisation):
    ada = admit(organisation, "a.able", Role.ENGINEER)
    ada.email = "Ada@Example.org"
    ada.save()
    opened("link: e-mail")
    by_oidc(browser, "ada")
    assert browser.get("/api/v1/me").json()["username"] == "a.able"


def test_one_organisations_provider_does_not_open_an_account_of_another(opened, browser, organisation):
    ada = admit(found("Elsewhere", "ELS"), "ada", Role.ENGINEER)
    ada.email = "ada@example.org"
    ada.save()
    opened("link: e-mail")
    answer = by_oidc(browser, "ada")
    assert answer.status_code == 403
    assert b"belongs elsewhere" in answer.content
    assert [m.organisation.prefix for m in Person.objects.get(id=ada.id).standing] == ["ELS"]


def test_an_account_that_was_ended_stays_ended(opened, browser):
    by_oidc(browser, "ada")
    Person.objects.filter(username="ada").update(is_active=False)
    answer = by_oidc(Client(headers={"host": "testserver"}), "ada")
    assert answer.status_code == 403
    assert b"was ended" in answer.content


def test_a_provider_that_says_no_is_told_in_words(opened, browser):
    answer = by_oidc(browser, "nobody")
    assert answer.status_code == 403
    assert b"Company did not sign you in" in answer.content


def test_an_answer_nobody_asked_for_opens_nothing(opened, browser):
    address = by_oidc_callback(browser)
    assert Client(headers={"host": "testserver"}).get(address).status_code == 403


def by_oidc_callback(browser):
    state = re.search(r"state=(\w+)", browser.get("/sign-in/oidc/company").headers["Location"])
    assert state is not None
    return f"/sign-in/oidc/company/callback?code=abc&state={state[1]}"


@pytest.mark.parametrize(("wrong", "said"), [("tampered", b"ignature"), ("unsigned", b"ign")])
def test_an_assertion_that_was_changed_on_the_way_is_refused(opened, browser, wrong, said):
    answer = by_saml(browser, "bob", wrong)
    assert answer.status_code == 403
    assert said in answer.content
    assert not Person.objects.filter(username="bob").exists()


def test_an_assertion_is_good_for_one_sign_in(opened, browser):
    answer = browser.get("/sign-in/saml/works")
    said = httpx.get(f"{answer.headers['Location']}&as=ada").json()
    assert handed(browser, said).status_code == 302
    assert handed(Client(headers={"host": "testserver"}), said).status_code == 403
    browser.logout()
    assert handed(browser, said).status_code == 403


def test_the_sign_in_page_offers_the_doors(opened, browser):
    page = browser.get("/sign-in/?next=/figures/").content.decode()
    assert 'href="/sign-in/oidc/company?process=login&amp;next=%2Ffigures%2F"' in page
    assert "Works" in page
    assert (
        by_oidc(browser, "ada", "/sign-in/oidc/company?process=login&next=%2Ffigures%2F").headers["Location"]
        == "/figures/"
    )
    assert b"EntityDescriptor" in browser.get("/sign-in/saml/works/metadata").content


def test_a_provider_that_asks_for_the_second_factor_spares_ours(opened, browser, organisation, lead):
    organisation.second_factor = ["lead"]
    organisation.save()
    by_oidc(browser, "ada")
    assert browser.get("/").headers["Location"] == "/me/second-factor/new"
    opened("second_factor: there")
    assert browser.get("/").status_code == 200


OIDC = "doors: [{kind: oidc, name: x, title: X, server: s, client_id: c, roles: [{organisation: ESC, "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("doors: [{kind: oidc}]", "name: Field required"),
        ("doors: [{kind: ldap, name: x}]", "ldap"),
        ("doors: [", "YAML"),
        (f"{OIDC}role: boss}}]}}]", "role"),
        (f"{OIDC}role: customer}}]}}]", "names a customer"),
        (f"{OIDC}role: lead, claim: g}}]}}]", "belong together"),
        ("door: []", "door"),
    ],
)  # fmt: skip
def test_a_file_of_doors_that_cannot_be_used_says_why(text, said):
    with pytest.raises(doors.DoorError, match=said):
        doors.parse(text)


def test_no_file_is_no_door(tmp_path):
    assert doors.load("") == ()
    with pytest.raises(doors.DoorError, match="cannot be read"):
        doors.load(str(tmp_path / "nowhere.yaml"))
