"""The stage on which each row of the role table is tried: set once, and for every row as it was set."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from cast import TRACES
from holdfast.desk.arrival import hooks, keeping
from holdfast.desk.cases import commands
from holdfast.desk.cases.models import Case
from holdfast.desk.closure.commands import address_of
from holdfast.desk.closure.models import Survey
from holdfast.desk.decisions.commands import Question as Asked
from holdfast.desk.decisions.commands import ask, delegate
from holdfast.desk.decisions.rights import Right
from holdfast.desk.engineering import commands as ticketing
from holdfast.desk.engineering.models import Affected, Fix, Ticket
from holdfast.desk.environments.commands import Described, record
from holdfast.desk.impact.commands import constrain
from holdfast.desk.investigation.commands import investigate, keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, plan_test, propose
from holdfast.desk.links import commands as linking
from holdfast.desk.people import directory
from holdfast.desk.people.commands import issue_provisioning
from holdfast.desk.response.handing import hand_over, question
from holdfast.desk.response.mitigations import Proposal
from holdfast.desk.response.mitigations import propose as propose_mitigation
from holdfast.desk.response.room import act
from holdfast.desk.updates import commands as updating
from holdfast.desk.updates.models import Promise, Subscriber, Update
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault.models import Grant
from role_table import CAST, CLAIM, HTTP


@pytest.fixture(scope="module")
def theatre(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """A transaction around all rows, for setting the stage takes longer than trying one; nothing of it stays."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield {}
        transaction.set_rollback(True)


@pytest.fixture
def db(theatre: dict[str, Any]) -> None:
    """The database within that transaction, for whoever of the cast asks for one."""


@pytest.fixture
def stage(
    request: Any, theatre: dict[str, Any], db: None, settings: Any, tmp_path: Path, tmp_path_factory: Any
) -> Iterator[dict[str, Any]]:
    """Return who somebody is; what is done on the stage is undone."""
    if not theatre:
        settings.DATA = tmp_path_factory.mktemp("theatre")
        theatre |= {"people": _set(request, settings.DATA), "data": settings.DATA}
    settings.DATA = tmp_path / "data"
    settings.PROBE_COMMANDS = str(settings.DATA)
    shutil.copytree(theatre["data"], settings.DATA)
    with transaction.atomic():
        yield copy.deepcopy(theatre["people"])
        transaction.set_rollback(True)


def _set(request: Any, data: Path) -> dict[str, Any]:
    """The whole cast, a case with evidence, a diagnosis and a reading."""
    case, engineer, diagnosis = (request.getfixturevalue(name) for name in ("case", "engineer", "diagnosis"))
    (data / "check").write_text("#!/bin/sh\nexit 1\n")
    (data / "check").chmod(0o755)
    people = {name: request.getfixturevalue(name) for name in CAST[1:]} | {"nobody": None}
    commands.join(case, people["developer"], "reads the change", by=engineer)
    commands.join(case, people["sre"], "watches the rollout", by=engineer)
    upload = vault.begin(case, "a.log", 3, by=engineer)
    vault.take(upload, 0, [b"abc"])
    people["artefact"] = vault.complete(upload).id
    folder = data / "readings" / "kept"
    folder.mkdir(parents=True)
    for form in ("data", "redacted"):
        (folder / f"A1.{form}").write_bytes(b"line one\nline two\n")
    (folder / "exemplars.redacted.json").write_text(json.dumps(TRACES))
    keep(case, diagnosis, artefacts=[], folder="kept")
    plan_test(propose(case, Claim(**CLAIM), by=engineer), Plan("off", "back"), by=engineer)
    ends = timezone.now() + timedelta(days=1)
    people["survey"] = address_of(Survey.objects.create(case=case, expires_at=ends))
    ask(case, Asked(Right.RISKY_CHANGE, "switch it off", about="flag"), by=engineer)
    propose_mitigation(case, Proposal("flag", "off", probe=HTTP), by=engineer)
    case = commands.assign(case, engineer, by=engineer)
    act(case, engineer, "read the dump", 15, by=engineer)
    people["said"] = commands.comment(case, "it broke", by=engineer).position
    hand = hand_over(case, people["team_mate"], None, by=engineer)
    people["question"] = question(hand, "state", "why", by=people["team_mate"]).id
    handed = delegate(
        case.organisation,
        Right.RISKY_CHANGE,
        people["team_mate"],
        by=people["lead"],
        starts=timezone.now() + timedelta(days=1),
        ends=timezone.now() + timedelta(days=2),
    )
    people["delegation"] = handed.id
    people["job"] = investigate(case, by=engineer).id
    people["person"] = people["tier2"].id
    kept = keeping.keep(case.organisation, [b"help"], 100)
    people["arrival"] = keeping.receive(case.organisation, "mail", "<1@x>", kept, subject="Help")[0].id
    made, _ = hooks.make_hook(
        case.organisation, "tracker", mapping="default", person=engineer, by=people["admin"]
    )
    people["hook"] = made.id
    people["token"] = issue_provisioning(case.organisation, by=people["admin"])[0].id
    people["group"] = directory.group(case.organisation, "L3").id
    record(case, Described("prod", "a: 1"), by=engineer)
    constrain(case, "no restart before 18:00", by=engineer)
    granted(case, engineer, people["team_mate"])
    published(case, engineer)
    ticketed(case, people)
    people["follower"] = Subscriber.objects.create(organisation=case.organisation, email="a@b.example").token
    other = request.getfixturevalue("declare")("Checkout fails")
    filed = {"state": "filed", "owner": "ENG", "author": engineer, "organisation": other.organisation}
    Ticket.objects.create(case=other, number=1, reference="ENG-2", **filed)
    people["link"] = linking.link(case, "caused_by", other, by=engineer).id
    people["outside"] = linking.link_outside(case, "change", "CHG-1", by=engineer).id
    return people


def granted(case: Case, engineer: Any, team_mate: Any) -> None:
    """A grant asked for, one open for the engineer, and one of the map for the team mate."""
    said = {"case": case, "asked_by": engineer, "why": "a", "hours": 8}
    opened = {"state": "open", "until": timezone.now() + timedelta(hours=8)}
    Grant.objects.create(number=1, person=engineer, what="raw", **said)
    Grant.objects.create(number=2, person=engineer, what="raw", **said, **opened)
    Grant.objects.create(number=3, person=team_mate, what="map", **said, **opened)


def published(case: Case, engineer: Any) -> None:
    """A draft with a word to look at, a promise, and something on the status page."""
    draft = updating.draft(case, "customer", by=engineer)
    said = updating.Draft("a", "It is probably fine.", "", "", timezone.now() + timedelta(days=1))
    updating.write(draft, said, by=engineer)
    Promise.objects.create(
        case=case, number=1, about="fix", text="a fix", due_at=said.next_at, made_by=engineer
    )
    shown = {
        "audience": "status",
        "state": "sent",
        "headline": "a",
        "sent_text": "a",
        "sent_at": timezone.now(),
    }
    Update.objects.create(case=case, number=2, author=engineer, **shown)


def ticketed(case: Case, people: dict[str, Any]) -> None:
    """A draft, a filed ticket with a fix and a customer, and a filed one of another case."""
    ticketing.draft(case, by=people["engineer"])
    filed = {"state": "filed", "owner": "ENG", "author": people["engineer"], "tracker": "desk"}
    filed |= {"organisation": case.organisation, "filed_at": timezone.now()}
    there = Ticket.objects.create(case=case, number=2, reference="ENG-1", **filed)
    people["affected"] = Affected.objects.create(ticket=there, case=case, name="Acme").id
    row = Affected.objects.create(ticket=Ticket.objects.get(number=1), case=case, name="Rail")
    people["row"] = row.id
    Fix.objects.create(ticket=there, version="1.0.2")
