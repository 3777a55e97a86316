"""A directory keeps the people of its organisation, and of no other."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.desk.people import commands, directory, scim_words
from holdfast.desk.people.commands import admit, found, issue_provisioning, issue_token
from holdfast.desk.people.models import Group, Person, Provision, RoleChange
from holdfast.desk.people.rights import Role

pytestmark = pytest.mark.django_db
PATCH = {"schemas": [scim_words.PATCH]}


def caller(value):
    browser = Client(headers={"Authorization": f"Bearer {value}"})

    def call(method, address, body=None):
        options = {"content_type": "application/scim+json"} if body is not None else {}
        data = json.dumps(body) if body is not None else {}
        return getattr(browser, method)(f"/api/v1/scim/v2{address}", data, **options)

    return call


@pytest.fixture
def call(organisation, admin):
    return caller(issue_provisioning(organisation, by=admin)[1])


@pytest.fixture
def elsewhere(db):
    other = found("Elsewhere", "ELS")
    return caller(issue_provisioning(other, by=admit(other, "els-admin", Role.ADMIN))[1])


def made(call, user_name="ada", **more):
    answer = call("post", "/Users", {"schemas": [scim_words.USER], "userName": user_name, **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


def change(call, address, *operations):
    return call("patch", address, PATCH | {"Operations": list(operations)})


def role(name):
    return [member.role for member in Person.objects.get(username=name).memberships.all()]


def test_a_person_is_provisioned_read_found_replaced_and_removed(call):
    said = {
        "name": {"givenName": "Ada", "familyName": "Able"},
        "emails": [{"value": "a@x.org", "primary": True}],
    }
    ada = made(call, externalId="77", roles=[{"value": "engineer"}], **said)
    assert (ada["active"], ada["name"]["familyName"], role("ada")) == (True, "Able", ["engineer"])
    assert call("get", f"/Users/{ada['id']}").json() == ada
    found = call("get", '/Users?filter=userName eq "ADA"').json()
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, ada["id"])
    assert call("get", '/Users?filter=externalId eq "77"').json()["totalResults"] == 1
    assert call("get", '/Users?filter=userName eq "nobody"').json()["totalResults"] == 0
    put = call("put", f"/Users/{ada['id']}", {"userName": "ada", "name": {"givenName": "A"}})
    assert put.json()["name"] == {"givenName": "A", "familyName": ""}
    assert role("ada") == []
    assert call("delete", f"/Users/{ada['id']}").status_code == 204
    assert call("get", f"/Users/{ada['id']}").status_code == 404
    assert Person.objects.filter(username="ada").exists()


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "value": {"active": False}},
        {"op": "Replace", "path": "active", "value": "False"},
    ],
)
def test_suspending_ends_sessions_and_tokens_at_once(call, signed_in, operation):
    ada = made(call, roles=[{"value": "engineer"}])
    person = Person.objects.get(username="ada")
    browser, (_, value) = signed_in(person), issue_token(person, "laptop", "write")
    assert browser.get("/").status_code == 200
    answer = change(call, f"/Users/{ada['id']}", operation)
    assert answer.json()["active"] is False
    assert browser.get("/").status_code == 302
    assert browser.get("/api/v1/me", headers={"Authorization": f"Bearer {value}"}).status_code == 401
    assert role("ada") == []
    back = change(call, f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": True})
    assert (back.json()["active"], role("ada")) == (True, ["engineer"])
    assert browser.get("/").status_code == 302
    assert [(c.before, c.after) for c in RoleChange.objects.filter(person=person)] == [
        ("", "engineer"),
        ("engineer", ""),
        ("", "engineer"),
    ]


def test_groups_give_the_role_an_admin_says(call, admin, organisation, signed_in):
    ada, bob = made(call), made(call, "bob")
    group = call("post", "/Groups", {"displayName": "L3 staff", "members": [{"value": ada["id"]}]}).json()
    assert role("ada") == []
    browser = signed_in(admin)
    browser.post(f"/people/ESC/groups/{group['id']}", {"role": "engineer"})
    assert role("ada") == ["engineer"]
    add = {"op": "add", "path": "members", "value": [{"value": bob["id"]}]}
    assert len(change(call, f"/Groups/{group['id']}", add).json()["members"]) == 2
    assert role("bob") == ["engineer"]
    leave = {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}
    change(call, f"/Groups/{group['id']}", leave)
    assert (role("ada"), role("bob")) == ([], ["engineer"])
    assert call("get", f"/Users/{bob['id']}").json()["groups"] == [
        {"value": group["id"], "display": "L3 staff"}
    ]
    assert call("delete", f"/Groups/{group['id']}").status_code == 204
    assert role("bob") == []


def test_a_group_named_like_a_role_gives_it_but_never_admin(call):
    ada, bob = made(call), made(call, "bob")
    call("post", "/Groups", {"displayName": "Lead", "members": [{"value": ada["id"]}]})
    call("post", "/Groups", {"displayName": "admin", "members": [{"value": bob["id"]}]})
    assert (role("ada"), role("bob")) == (["lead"], [])


def test_in_several_groups_the_highest_role_counts(call):
    ada = made(call)
    for name in ("Tier 1", "Lead", "Developer"):
        call("post", "/Groups", {"displayName": name, "members": [{"value": ada["id"]}]})
    assert role("ada") == ["lead"]


def test_a_directory_sees_and_changes_nobody_of_another_organisation(call, elsewhere, engineer):
    ada = made(call, roles=[{"value": "engineer"}])
    group = call("post", "/Groups", {"displayName": "L3", "members": [{"value": ada["id"]}]}).json()
    assert elsewhere("get", "/Users").json()["totalResults"] == 0
    for address in (f"/Users/{ada['id']}", f"/Groups/{group['id']}"):
        assert elsewhere("get", address).status_code == 404
        assert elsewhere("delete", address).status_code == 404
        off = {"op": "replace", "path": "active", "value": False}
        assert change(elsewhere, address, off).status_code == 404
    stolen = elsewhere("post", "/Groups", {"displayName": "x", "members": [{"value": ada["id"]}]})
    assert (stolen.status_code, stolen.json()["scimType"]) == (400, "invalidValue")
    # Provisioning somebody of another organisation by their name makes another person.
    made(elsewhere, "engineer", roles=[{"value": "admin"}])
    assert role("engineer") == ["engineer"]
    assert Person.objects.filter(username__startswith="engineer").count() == 2


def test_who_works_for_two_organisations_keeps_the_other_role(call, organisation):
    ada = made(call, roles=[{"value": "engineer"}])
    person = Person.objects.get(username="ada")
    commands.appoint(person, found("Elsewhere", "ELS"), Role.LEAD, by="test")
    change(call, f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": False})
    assert role("ada") == ["lead"]
    assert Person.objects.get(username="ada").is_active


def test_somebody_known_here_by_name_is_taken_over_not_doubled(call, engineer):
    made(call, "Engineer", roles=[{"value": "lead"}])
    assert role("engineer") == ["lead"]


def test_the_last_admin_is_not_suspended(call, admin):
    kept = made(call, "admin", roles=[{"value": "admin"}])
    answer = change(call, f"/Users/{kept['id']}", {"op": "replace", "path": "active", "value": False})
    assert answer.status_code == 409
    assert "last admin" in answer.json()["detail"]
    assert role("admin") == ["admin"]


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "kind"),
    [
        ("post", "/Users", {"userName": "ada"}, 409, "uniqueness"),
        ("post", "/Users", {"name": {}}, 400, "invalidValue"),
        ("post", "/Users", {"userName": "x", "active": "perhaps"}, 400, "invalidValue"),
        ("post", "/Users", {"userName": "x", "roles": [{"value": "king"}]}, 400, "invalidValue"),
        ("post", "/Users", [], 400, "invalidSyntax"),
        ("get", '/Users?filter=userName co "a"', None, 400, "invalidFilter"),
        ("patch", "/Users/{id}", {"Operations": []}, 400, "invalidSyntax"),
        ("patch", "/Users/{id}", {"Operations": [{"op": "remove"}]}, 400, "noTarget"),
        ("patch", "/Users/{id}", {"Operations": [{"op": "replace", "path": "id", "value": "1"}]}, 400, "mutability"),
        ("patch", "/Users/{id}", {"Operations": [{"op": "replace", "path": "a b", "value": 1}]}, 400, "invalidPath"),
        ("get", "/Users/999999", None, 404, None),
        ("get", "/Users/../1", None, 404, None),
    ],
)  # fmt: skip
def test_errors_have_the_shape_of_the_standard(call, method, address, body, status, kind):
    ada = made(call)
    answer = call(method, address.replace("{id}", ada["id"]), body)
    assert answer.status_code == status
    if "/../" not in address:
        assert answer.headers["Content-Type"] == "application/scim+json"
        assert answer.json()["schemas"] == [scim_words.ERROR]
        assert (answer.json()["status"], answer.json().get("scimType")) == (str(status), kind)


@pytest.mark.parametrize("who", ["admin", "session", "revoked", "nobody"])
def test_only_a_provisioning_token_opens_it(organisation, admin, signed_in, who):
    token, value = issue_provisioning(organisation, by=admin)
    if who == "session":
        answer = signed_in(admin).get("/api/v1/scim/v2/Users")
    else:
        if who == "admin":
            value = issue_token(admin, "laptop", "write")[1]
        if who == "revoked":
            commands.revoke_token(token)
        answer = caller("hf_x" if who == "nobody" else value)("get", "/Users")
    assert answer.status_code == 401
    assert answer.json()["schemas"] == [scim_words.ERROR]


def test_a_provisioning_token_opens_nothing_else(organisation, admin, client):
    _, value = issue_provisioning(organisation, by=admin)
    assert client.get("/api/v1/cases", headers={"Authorization": f"Bearer {value}"}).status_code == 401


def test_what_is_served_is_said(call):
    assert call("get", "/ServiceProviderConfig").json()["patch"] == {"supported": True}
    assert {one["name"] for one in call("get", "/ResourceTypes").json()["Resources"]} == {"User", "Group"}
    assert call("get", "/Schemas").json()["totalResults"] == 2


def test_pages_join_without_gap(call):
    for n in range(5):
        made(call, f"p{n}")
    names = []
    for start in (1, 3, 5):
        page = call("get", f"/Users?startIndex={start}&count=2").json()
        names += [one["userName"] for one in page["Resources"]]
    assert names == ["p0", "p1", "p2", "p3", "p4"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = (
    "active",
    "members",
    'members[value eq "1"]',
    "name.givenName",
    'emails[type eq "work"].value',
    "userName.x",
)
operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "remove", "x"])},
        optional={
            "path": st.sampled_from(PATHS) | st.text(max_size=6),
            "value": values,
        },
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations)
def test_any_patch_is_served_or_refused_in_words(said):
    body = {"userName": "ada", "active": True, "members": [{"value": "1"}], "name": {"givenName": "A"}}
    kinds = set()
    try:
        changed = scim_words.patched(body, {"Operations": said})
        described = scim_words.described(changed)
        scim_words.values_of(changed.get("members"))
        kinds.add(type(described))
    except scim_words.ScimError as wrong:
        kinds.add(wrong.status)
    assert kinds <= {directory.Described, 400}
    assert body["members"] == [{"value": "1"}]


def test_rows_name_themselves(call, organisation):
    made(call)
    call("post", "/Groups", {"displayName": "L3"})
    assert (str(Provision.objects.get()), str(Group.objects.get())) == ("ada", "L3")
