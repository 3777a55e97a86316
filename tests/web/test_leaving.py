"""Canaries are planted in evidence, names, mails and words, and searched for in all that is shown or goes out."""

from __future__ import annotations

import asyncio
import email
import hashlib
import io
import json
import re
import socketserver
import tarfile
import threading
import zipfile
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival import hooks, keeping, taking
from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.noticing import notify
from holdfast.desk.decisions.commands import answer
from holdfast.desk.engineering import commands as tickets
from holdfast.desk.environments.commands import Described, record
from holdfast.desk.environments.commands import text_of as environment_text
from holdfast.desk.impact.commands import constrain
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.commands import investigate
from holdfast.desk.investigation.hypotheses import Claim, propose
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.response.mitigations import Proposal
from holdfast.desk.response.mitigations import propose as propose_mitigation
from holdfast.desk.updates import commands as updating
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault import grants
from holdfast.web.api import api
from pdf_words import words as printed

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = (
    *("customer", "tier1", "developer", "sre", "success", "product", "security", "executive", "auditor"),
    *("engineer", "lead", "manager", "admin"),
)
READS = ("developer", "sre", "security", "auditor", "engineer", "lead", "admin")
EVIDENCE = {
    "a cloud key": "AKIAQ3EGR5LV7TN2WXYK",
    "a token": "ghp_9fKq2LmZx81TbVnR4sWcY7uJ3dHgA0PeoXi5",
    "a password": "tr0ub4dor-Zebra-91x",
    "an address": "marta.lindqvist@northline-rail.example",
    "a card": "4556737586899855",
    "an IP": "203.0.113.77",
}
WORDS = {
    "a token in words": "glpat-Xy7Kq2mNf4Rt9WvB3zLp",
    "an address in words": "jonas.ekberg@northline-rail.example",
    "a key in words": "AKIAT5HRN7MW4KD6PZQB",
}
LINES = [
    f"2023-01-29 10:{55 + n // 60:02d}:{n % 60:02d}.000 INFO mailer - sent ticket {n} to {EVIDENCE['an address']}"
    f" from {EVIDENCE['an IP']} card {EVIDENCE['a card']}"
    for n in range(120)
] + [
    f"2023-01-29 10:58:00.000 ERROR sync - upload refused aws_access_key_id={EVIDENCE['a cloud key']}",
    f"2023-01-29 10:58:01.000 ERROR sync - password={EVIDENCE['a password']} was refused",
    f"2023-01-29 10:58:02.000 ERROR sync - Authorization: token {EVIDENCE['a token']}",
]


class Post(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Talk)
        self.taken = []

    def texts(self):
        for raw in self.taken:
            message = email.message_from_bytes(raw, policy=email.policy.default)
            yield str(message["Subject"]), message.get_content()


class Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 post\r\n")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (row := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(row)
                self.server.taken.append(b"".join(lines))
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def post(settings):
    with Post() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.MAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()


@pytest.fixture
def cast(request):
    return {name: request.getfixturevalue(name) for name in ROLES}


@pytest.fixture
def planted(case, engineer, lead, customer, admin, cast, settings, tmp_path, post):
    """A case with canaries in everything that people and systems put on it."""
    settings.DATA = tmp_path
    for person in cast.values():
        person.email, person.mails = f"{person.username}@desk.example", "all"
        person.save()
    for name in ("developer", "sre"):
        cases.join(case, cast[name], "helps", by=engineer)
    words = " and ".join(WORDS.values())
    body = "\n".join(LINES).encode() + b"\n"
    upload = vault.begin(case, f"dump-{WORDS['a key in words']}.log", len(body), by=engineer)
    vault.take(upload, 0, [body])
    vault.complete(upload)
    hooks.declare_mailbox(case.organisation, "support@desk.example", by=admin)
    cases.comment(case, f"We use {words}", by=customer)
    cases.record_fact(case, f"The log shows {words}", by=engineer)
    constrain(case, f"do not touch {words}", by=engineer)
    propose(case, Claim(f"the key {words} expired", "it fails", "try another"), by=engineer)
    record(case, Described("prod", f"token: {EVIDENCE['a token']}\nhost: db1\n", "yaml"), by=engineer)
    investigate(case, by=engineer)
    work()
    return Case.objects.select_related("organisation").get(id=case.id)


def work():
    while work_once("test"):
        pass


def found_in(text, canaries=EVIDENCE | WORDS):
    return [what for what, value in canaries.items() if value in text]


def arrived_by_mail(case, words):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "x@y.example",
        "support@desk.example",
        f"Broken {words}",
    )
    message.set_content(words)
    message.add_attachment("\n".join(LINES).encode(), maintype="text", subtype="plain", filename="a.log")
    kept = keeping.keep(case.organisation, [message.as_bytes()], 2**20)
    return taking.mail_arrived(case.organisation, kept, "x@y.example")


def addresses(case):
    """Every address of the API that only reads, filled with what is there."""
    filled = {"{key}": case.key, "{number}": "1", "{job}": "1", "{version}": "1", "{position}": "1"}
    for path, operations in api.get_openapi_schema()["paths"].items():
        if "get" not in operations:
            continue
        known = {**filled, "{artefact}": "A1" if "/diagnosis/" in path else str(case.artefacts.first().id)}
        for name, value in known.items():
            path = path.replace(name, value)
        if "{" not in path:
            yield path
    rows = f"/api/v1/cases/{case.key}/diagnosis/artefacts/A1"
    yield from (f"{rows}/rows?line=121", f"{rows}/rows?level=ERROR", f"{rows}/place?sort=line&at=122")
    yield from (f"{rows}/search?text=password", f"{rows}/search?text=refused")


PAGES = (
    "",
    "brief",
    "diagnosis",
    "hypotheses",
    "intake",
    "triage",
    "room",
    "mitigations",
    "updates",
    "clocks",
)


def test_nobody_sees_the_evidence_itself_without_a_grant(planted, cast, signed_in):
    pages = [f"/cases/{planted.key}/{page}" for page in PAGES] + ["/", "/hygiene/", "/status/ESC/"]
    asked = list(addresses(planted)) + pages
    answered = 0
    for role, person in cast.items():
        browser = signed_in(person)
        for address in asked:
            shown = browser.get(address)
            if shown.status_code == 200 and not shown.streaming:
                answered += 1
                assert found_in(shown.content.decode("utf-8", "replace"), EVIDENCE) == [], (role, address)
    assert answered > 300


def test_the_viewer_shows_the_derivative_line_by_line_and_one_value_as_one(planted, engineer, signed_in):
    rows = (
        signed_in(engineer).get("/api/v1/cases/ESC-1/diagnosis/artefacts/A1/rows?start=0&number=123").json()
    )
    assert rows["total"] == len(LINES)
    shown = [row["text"] for row in rows["rows"]]
    assert [text[:44] for text in shown] == [line[:44] for line in LINES]
    names = {match[0] for text in shown if (match := re.search(r"user-\w+@\S+", text))}
    assert len(names) == 1


def test_an_oracle_tells_nothing(planted, engineer, signed_in):
    browser = signed_in(engineer)
    for value in EVIDENCE.values():
        base = "/api/v1/cases/ESC-1/diagnosis/artefacts/A1"
        assert browser.get(f"{base}/search", {"text": value}).json()["lines"] == []
        assert browser.get(f"{base}/place", {"sort": "span", "at": value}).json()["cited"] is None


def test_a_grant_shows_it_to_its_person_and_to_nobody_else(planted, cast, signed_in):
    asked = grants.request(planted, grants.Wanted("raw", "the lines do not tell"), by=cast["engineer"])
    answer(planted.decisions.get(about=grants.about(asked)), True, by=cast["manager"])
    address = "/api/v1/cases/ESC-1/diagnosis/artefacts/A1/rows?line=122&raw=true"
    for role, person in cast.items():
        shown = signed_in(person).get(address).content.decode()
        assert bool(found_in(shown, EVIDENCE)) == (role == "engineer"), role


def test_configuration_read_from_the_evidence_is_the_derivative(planted, engineer):
    for name in ("A1", str(planted.artefacts.first().id)):
        assert found_in(environment_text(planted, name, by=engineer)[1]) == []


def test_no_mail_carries_a_canary_whoever_wrote_it(planted, cast, post, settings):
    engineer = cast["engineer"]
    words = " and ".join((EVIDENCE["a password"], WORDS["an address in words"], EVIDENCE["an IP"]))
    with transaction.atomic():
        for person in cast.values():
            notify(person, planted, f"{planted.key}: {words} {WORDS['a key in words']}", "canary")
    draft = updating.draft(planted, "customer", by=engineer)
    later = timezone.now() + timedelta(hours=2)
    said = updating.Draft(f"Search fails {EVIDENCE['a password']}", "7 of 31 fail.", "We read.", "", later)
    updating.write(draft, said, by=engineer)
    updating.send(draft, by=engineer)
    work()
    sent = list(post.texts())
    assert len(sent) > len(cast)
    for subject, text in sent:
        assert found_in(subject + text) == []
    assert any("[ESC-1 " in subject for subject, _ in sent)  # what is ours stays


def test_brief_custody_status_and_ledger_carry_no_canary(planted, cast, signed_in):
    browser, auditor = signed_in(cast["engineer"]), signed_in(cast["auditor"])
    artefact = planted.artefacts.first().id
    for address in (
        "/cases/ESC-1/brief",
        "/api/v1/cases/ESC-1/brief",
        "/api/v1/cases/ESC-1/brief.md",
        f"/api/v1/cases/ESC-1/evidence/{artefact}/custody",
    ):
        shown = browser.get(address)
        assert shown.status_code == 200, address
        assert found_in(shown.content.decode()) == [], address
    from holdfast.desk.audit.sequencing import log_what_happened

    log_what_happened()
    export = auditor.get("/api/v1/ledger/export")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(_all(export))))
    for name in packed.namelist():
        assert found_in(packed.read(name).decode("utf-8", "replace")) == [], name


def test_the_custody_report_to_print_carries_no_canary(planted, cast, signed_in):
    artefact = planted.artefacts.first()
    shown = signed_in(cast["engineer"]).get(f"/api/v1/cases/ESC-1/evidence/{artefact.id}/custody.pdf")
    texts = printed(shown.content)
    assert any(artefact.sha256 in text for text in texts)  # so they are read as they are printed
    assert any("received" in text for text in texts)
    assert [found_in(text) for text in texts if found_in(text)] == []


def test_a_ticket_exported_carries_no_canary(planted, cast, signed_in):
    secret = " and ".join((*EVIDENCE.values(), *WORDS.values()))
    draft = tickets.draft(planted, by=cast["engineer"])
    parts = {part: f"{part} {secret}" for part in ("expected", "actual", "risk")}
    tickets.write(draft, tickets.Said(parts=parts), by=cast["engineer"])
    shown = signed_in(cast["engineer"]).get("/api/v1/cases/ESC-1/tickets/1/document").json()
    assert "expected" in shown["markdown"]
    assert shown["document"]
    assert found_in(shown["markdown"] + json.dumps(shown["document"], ensure_ascii=False)) == []


def test_the_redacted_archive_carries_no_canary(planted, cast, signed_in):
    propose_mitigation(planted, Proposal("flag", f"swap {WORDS['a token in words']}"), by=cast["engineer"])
    tickets.draft(planted, by=cast["engineer"])
    sent = signed_in(cast["engineer"]).post(
        "/api/v1/cases/ESC-1/export", {"form": "redacted"}, content_type="application/json"
    )
    found = members(b"".join(_all(sent)))
    assert {"records/cases.entry.jsonl", "records/impact.constraint.jsonl", "derivatives/A1"} <= set(found)
    for name, data in found.items():
        assert found_in(data.decode("utf-8", "replace")) == [], name
    with zipfile.ZipFile(io.BytesIO(found["ledger.zip"])) as packed:
        for name in packed.namelist():
            assert found_in(packed.read(name).decode("utf-8", "replace")) == [], name


def test_the_redacted_bundle_has_every_artefact_but_those_it_says_why(planted, cast, signed_in):
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    upload = vault.begin(
        planted, f"screen {WORDS['an address in words']}.png", len(image), by=cast["engineer"]
    )
    vault.take(upload, 0, [image])
    vault.complete(upload)
    investigate(planted, by=cast["engineer"])
    work()
    for role, person in cast.items():
        sent = signed_in(person).get("/api/v1/cases/ESC-1/evidence/redacted.tar")
        assert (sent.status_code == 200) == (role in READS), role
        if sent.status_code != 200:
            continue
        found = members(b"".join(_all(sent)))
        for name, data in found.items():
            assert found_in(name + data.decode("utf-8", "replace")) == [], name
    coverage = json.loads(found.pop("coverage.json"))
    assert [one["file"] for one in coverage["files"]] == list(found)
    for one in coverage["files"]:
        assert hashlib.sha256(found[one["file"]]).hexdigest() == one["sha256"]
    assert [one["name"].endswith(".png") for one in coverage["withheld"]] == [True]
    assert all(one["why"] for one in coverage["withheld"])
    assert len(coverage["files"]) + len(coverage["withheld"]) == len(
        queries.newest(planted).report["artefacts"]
    )


def members(tarred):
    with tarfile.open(fileobj=io.BytesIO(tarred)) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}


def test_the_status_page_carries_no_canary(planted, cast, signed_in):
    engineer = cast["engineer"]
    draft = updating.draft(planted, "status", by=engineer)
    later = timezone.now() + timedelta(hours=2)
    said = updating.Draft(f"Search fails {EVIDENCE['a password']}", "7 of 31 fail.", "We read.", "", later)
    updating.write(draft, said, by=engineer)
    updating.request(draft, by=engineer)
    answer(planted.decisions.get(right="advisory"), True, by=cast["manager"])
    updating.send(draft, by=engineer)
    shown = signed_in(None).get("/status/ESC/")
    assert shown.status_code == 200
    assert "Search fails" in shown.content.decode()
    assert found_in(shown.content.decode()) == []


def _all(streamed):
    async def gather():
        return [piece async for piece in streamed.streaming_content]

    return asyncio.run(gather()) if streamed.is_async else list(streamed.streaming_content)


def test_what_arrives_lies_sealed_and_the_reading_leaves_nothing_open(planted, tmp_path):
    arrived_by_mail(planted, " ".join(EVIDENCE.values()))
    work()
    kept = queries.newest(planted)
    assert kept.report["withheld"] == {}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert found_in(path.read_bytes().decode("latin-1"), EVIDENCE) == [], path
