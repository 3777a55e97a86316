"""A case with something of every room, and the desk that takes it in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.commands import answer
from holdfast.desk.decisions.models import Decision
from holdfast.desk.engineering import commands as ticketing
from holdfast.desk.engineering.models import Affected, Exchange, Fix, Reproduction, Ticket
from holdfast.desk.environments.commands import Described, record
from holdfast.desk.impact.commands import Counted, constrain, count
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, plan_test, propose, weigh_evidence
from holdfast.desk.links.commands import link, link_outside
from holdfast.desk.people.commands import admit, found
from holdfast.desk.people.rights import Role
from holdfast.desk.portable import exporting, importing
from holdfast.desk.response.handing import hand_over
from holdfast.desk.response.mitigations import Proposal
from holdfast.desk.response.mitigations import propose as propose_mitigation
from holdfast.desk.response.room import act
from holdfast.desk.updates import commands as updating
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault import grants

SECRET = "ghp_9fKq2LmZx81TbVnR4sWcY7uJ3dHgA0PeoXi5"
LINES = b"".join(
    b"2023-01-29 10:%02d:%02d.000 ERROR sync - Authorization: token %s\n" % (n // 60, n % 60, SECRET.encode())
    for n in range(200)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def lived(case, engineer, lead, manager, team_mate, customer, declare, diagnosis, folder):
    """A case that has been through every room."""
    upload = vault.begin(case, "app.log", len(LINES), by=engineer)
    vault.take(upload, 0, [LINES])
    vault.complete(upload)
    read(case, folder, diagnosis)
    cases.acknowledge(case, by=engineer)
    cases.comment(case, f"we use {SECRET}", by=customer)
    made = propose(case, Claim("sync lost its token", "it fails", "another token"), by=engineer)
    plan_test(made, Plan("swap the token", "it works"), by=engineer)
    weigh_evidence(made, "-", "seat works", by=engineer)
    propose_mitigation(
        case, Proposal("flag", "off", probe={"kind": "http", "url": "http://x.example/"}), by=engineer
    )
    case = cases.assign(case, engineer, by=engineer)
    act(case, engineer, "read the dump", 15, by=engineer)
    hand_over(case, team_mate, None, by=engineer)
    updated(case, engineer)
    ticketed(case, engineer)
    record(case, Described("prod", "a: 1"), by=engineer)
    count(case, Counted("users", 7, source="customer"), by=engineer)
    constrain(case, "no restart before 18:00", by=engineer)
    link(case, "caused_by", declare("Another"), by=engineer)
    link_outside(case, "change", "CHG-9", by=engineer)
    return Case.objects.select_related("organisation").get(id=case.id)


def read(case, folder, diagnosis):
    """Keep a reading, as a worker leaves one."""
    kept = folder / "readings" / f"{case.id}-1-1"
    kept.mkdir(parents=True)
    (kept / "A1.data").write_bytes(LINES)
    (kept / "A1.redacted").write_bytes(LINES.replace(SECRET.encode(), b"token-1"))
    keep(case, diagnosis, artefacts=[], folder=kept.name)


def updated(case, engineer):
    draft = updating.draft(case, "customer", by=engineer)
    until = timezone.now() + timedelta(hours=2)
    updating.write(draft, updating.Draft("Search fails", "7 of 31 fail.", "We read.", "", until), by=engineer)
    updating.send(draft, by=engineer)


def ticketed(case, engineer):
    ticket = ticketing.draft(case, by=engineer)
    Ticket.objects.filter(id=ticket.id).update(state="queued", tracker="jira", reference="ENG-1", owner="ENG")
    Exchange.objects.create(ticket=ticket, word="filed", text="here", author="engineer", person=engineer)
    Fix.objects.create(ticket=ticket, version="1.0.2", by=engineer)
    ran = {
        "arguments": ["seven"],
        "codes": [1, None],
        "hits": 1,
        "output": "no line 53",
        "outcome": "reproduced",
    }
    Reproduction.objects.create(ticket=ticket, command="check", person=engineer, **ran)
    Affected.objects.create(ticket=ticket, case=case, name="Acme")


@pytest.fixture
def house(db):
    """The organisation that takes it in."""
    return found("Seaward Support", "SEA")


@pytest.fixture
def receiver(house):
    return admit(house, "receiver", Role.LEAD)


@pytest.fixture
def exported(lived, engineer):
    blocks, _ = exporting.export_redacted(lived, by=engineer)
    return b"".join(blocks)


@pytest.fixture
def sealed(lived, engineer, manager):
    """Return a way to export it with its evidence."""

    def made(to):
        asked = grants.request(lived, grants.Wanted("raw", "they need it", 8), by=engineer)
        answer(lived.decisions.get(about=grants.about(asked)), True, by=manager)
        exporting.request(
            lived, to if isinstance(to, importing.Recipient) else None, "they go on", by=engineer
        )
        answer(Decision.objects.get(case=lived, about=exporting.ABOUT), True, by=manager)
        blocks, _ = exporting.export_sealed(lived, to, by=engineer)
        return b"".join(blocks)

    return made


@pytest.fixture
def take(house, receiver):
    """Return a way to take an archive in."""

    def taken(archive, **asked):
        pieces = [archive[at : at + 100_000] for at in range(0, len(archive), 100_000)]
        return importing.import_case(house, pieces, importing.Asked(**asked), by=receiver)

    return taken
