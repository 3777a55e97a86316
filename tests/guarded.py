"""How each guarded deed is tried: the scene, the doors, and how to see that it was done.

A room that adds a guarded deed adds a trial here; a test names those that have none. `tests/desk/decisions/
test_doors.py` then tries it with every role through every door.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client

Stage = dict[str, Any]
Door = Callable[[Any, Stage], None]
"""Told who tries, and the stage."""


@dataclass(frozen=True)
class Trial:
    prepare: Callable[[Stage], None]
    """Sets the scene; what it puts on the stage the doors find there. `right` must be among it."""
    doors: Mapping[str, Door]
    done: Callable[[Stage], bool]


def web(address: str, form: dict[str, Any]) -> Door:
    def enter(person: Any, stage: Stage) -> None:
        browser = Client()
        browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        browser.post(address.format(**stage), form)

    return enter


def api(address: str, body: dict[str, Any]) -> Door:
    def enter(person: Any, stage: Stage) -> None:
        from holdfast.desk.people.commands import issue_token

        _, token = issue_token(person, "door", "write")
        Client().post(
            f"/api/v1{address.format(**stage)}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return enter


def cli(*arguments: str) -> Door:
    """Run the command line against the desk of the test; its client has been led there."""

    def enter(person: Any, stage: Stage) -> None:
        from typer.testing import CliRunner

        from holdfast.cli.application import app
        from holdfast.desk.people.commands import issue_token

        _, token = issue_token(person, "door", "write")
        filled = [one.format(**stage) for one in arguments]
        CliRunner().invoke(app, filled, env={"HOLDFAST_TOKEN": token, "HOLDFAST_URL": "http://testserver"})

    return enter


def line(text: str) -> Door:
    return web("/cases/ESC-1/note", {"text": text})


def mail(text: str) -> Door:
    """Answer one of the desk's mails with words that name the deed."""

    def enter(person: Any, stage: Stage) -> None:
        from holdfast.desk.arrival import commands, keeping

        kept = keeping.keep(stage["case"].organisation, [text.encode()], 10_000)
        arrival, _ = keeping.receive(stage["case"].organisation, "mail", f"<{person.id}@x>", kept)
        commands.take_as_reply(arrival, stage["case"], text, by=person)

    return enter


def _dispute(stage: Stage) -> None:
    from holdfast.desk.decisions.rights import Right
    from holdfast.desk.triage.commands import dispute

    dispute(stage["case"], 1, by=stage["team_mate"], reason="the region is down")
    stage["right"] = Right.SEVERITY


def _settled(stage: Stage) -> bool:
    from holdfast.desk.cases.models import Case

    return not Case.objects.get(id=stage["case"].id).disputed


def _proposed(pattern: str) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        from holdfast.desk.response.mitigations import Proposal, propose, right_of

        made = propose(stage["case"], Proposal(pattern, "as planned"), by=stage["engineer"])
        stage["right"], stage["mitigation"] = right_of(made), made.id

    return prepare


def _started(stage: Stage) -> bool:
    from holdfast.desk.response.models import Mitigation

    return Mitigation.objects.get(id=stage["mitigation"]).started_at is not None


def job(kind: str, **payload: Any) -> Door:
    """Have a worker do a job somebody slipped in."""

    def enter(person: Any, stage: Stage) -> None:
        from django.db import transaction

        from holdfast.desk.outbox.commands import enqueue
        from holdfast.desk.outbox.worker import work_once

        with transaction.atomic():
            enqueue(kind, payload | {"mitigation": stage["mitigation"]}, case_id=stage["case"].id)
        while work_once("door"):
            pass

    return enter


_START: dict[str, Door] = {
    "web": web("/cases/ESC-1/mitigations/1/start", {}),
    "web, another deed": web("/cases/ESC-1/mitigations/1/judge", {"held": "yes", "observed": "it is well"}),
    "api": api("/cases/ESC-1/mitigations/1/start", {}),
    "cli": cli("case", "mitigation", "ESC-1", "M-1", "start"),
    "line": line("/mitigate start M-1"),
    "mail": mail("/mitigate start M-1"),
    "job": job("probe-mitigation", purpose="verify"),
}


def _drafted(audience: str, right: str, **more: Any) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        from datetime import timedelta

        from django.utils import timezone

        from holdfast.desk.decisions.rights import Right
        from holdfast.desk.updates import commands

        draft = commands.draft(stage["case"], audience, by=stage["engineer"])
        at = timezone.now() + timedelta(hours=2)
        said = commands.Draft("Search fails", "7 of 31 fail.", "", "", at, **more)
        commands.write(draft, said, by=stage["engineer"])
        stage["right"] = Right(right)

    return prepare


def _sent(stage: Stage) -> bool:
    from holdfast.desk.updates.models import Update

    return Update.objects.filter(case=stage["case"].id, state="sent").exists()


def _to_be_told(stage: Stage) -> None:
    from holdfast.desk.decisions.rights import Right

    stage["right"] = Right.UPDATE


def _promised(stage: Stage) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from holdfast.desk.decisions.rights import Right
    from holdfast.desk.updates.models import Promise

    due = timezone.now() + timedelta(hours=2)
    Promise.objects.create(
        case=stage["case"], number=1, about="fix", text="a fix", due_at=due, made_by=stage["lead"]
    )
    stage["right"] = Right.COMMITMENT


def _moved(stage: Stage) -> bool:
    from holdfast.desk.updates.models import Promise

    return Promise.objects.filter(case=stage["case"].id, state="moved").exists()


_LATER = "2099-01-01T10:00:00Z"
_FORM = {"headline": "Search fails", "known": "7 of 31 fail.", "next_at": _LATER, "act": "send"}
_FIX = {"about": "fix", "text": "a build", "due": _LATER}
_MONEY = {"about": "compensation", "text": "a month free", "due": _LATER}
_SEND: dict[str, Door] = {
    "web": web("/cases/ESC-1/updates/1/write", _FORM),
    "api": api("/cases/ESC-1/drafts/1/send", {}),
    "cli": cli("case", "update", "ESC-1", "U-1", "send"),
    "mail": mail("/send U-1"),
}
_WORDS = "We rolled the release back."
_TELL: dict[str, Door] = {
    "web": line(f"/update {_WORDS}"),
    "web, the room's line": web("/cases/ESC-1/room/say", {"text": f"/update {_WORDS}"}),
    "web, the request of intake": web("/cases/ESC-1/intake/request", {"text": _WORDS}),
    "api": api("/cases/ESC-1/updates", {"text": _WORDS}),
    "api, the room's line": api("/cases/ESC-1/room/line", {"text": f"/update {_WORDS}"}),
    "api, the request of intake": api("/cases/ESC-1/intake/request", {"text": _WORDS}),
    "cli": cli("case", "tell", "ESC-1", _WORDS),
    "mail": mail(f"/update {_WORDS}"),
}
_MOVE: dict[str, Door] = {
    "web": web("/cases/ESC-1/promises/1", {"said": "it slips", "due": _LATER}),
    "api": api("/cases/ESC-1/promises/1", {"said": "it slips", "due": _LATER}),
    "cli": cli("case", "promise", "ESC-1", "P-1", "it slips", "--due", _LATER),
    "mail": mail("/promise P-1 later"),
}


def _ticketed(*, whole: bool) -> Callable[[Stage], None]:
    """A draft; whole where every check of the gate is met."""

    def prepare(stage: Stage) -> None:
        from holdfast.desk.decisions.rights import Right
        from holdfast.desk.engineering import commands, quality

        commands.draft(stage["case"], by=stage["engineer"])
        stage["right"] = Right.COURSE if whole else Right.OPEN_GATE
        if whole:
            for check in quality.all_checks():
                stage["patch"].setattr(
                    type(check), "look", lambda *_: quality.Looked(quality.Verdict.MET, "met")
                )

    return prepare


def _filed(stage: Stage) -> bool:
    from holdfast.desk.engineering.models import Ticket

    return Ticket.objects.exclude(state="draft").exists()


_FILE: dict[str, Door] = {
    "web": web("/cases/ESC-1/tickets/1/file", {"despite": "on"}),
    "web, without a word on open checks": web("/cases/ESC-1/tickets/1/file", {}),
    "api": api("/cases/ESC-1/tickets/1/file", {"despite": True}),
    "cli": cli("case", "ticket", "file", "ESC-1", "T-1", "--despite"),
    "line": line("/ticket file T-1"),
    "mail": mail("/ticket file T-1"),
}


def _wanted(stage: Stage) -> None:
    from holdfast.desk.decisions.rights import Right
    from holdfast.desk.vault.grants import Wanted, request

    request(stage["case"], Wanted("raw", "the redacted lines do not tell"), by=stage["engineer"])
    stage["right"] = Right.ACCESS


def _opened(stage: Stage) -> bool:
    from holdfast.desk.vault.models import Grant

    return Grant.objects.filter(case=stage["case"].id, state="open").exists()


def _unwanted(stage: Stage) -> None:
    from holdfast.desk.decisions.rights import Right
    from holdfast.desk.vault import commands, letting_go

    upload = commands.begin(stage["case"], "a.log", 3, by=stage["engineer"])
    commands.take(upload, 0, [b"abc"])
    commands.complete(upload)
    letting_go.request(stage["case"], "the customer asks for it", by=stage["lead"])
    stage["right"] = Right.PROCESS


def _gone(stage: Stage) -> bool:
    from holdfast.desk.vault.models import Deletion

    return Deletion.objects.filter(case=stage["case"].id).exists()


def _leaving(stage: Stage) -> None:
    from datetime import timedelta

    from django.conf import settings
    from django.utils import timezone

    from holdfast.desk.decisions.rights import Right
    from holdfast.desk.people.models import Person
    from holdfast.desk.portable import exporting
    from holdfast.desk.portable.importing import receiver
    from holdfast.desk.vault.models import Grant

    for number, person in enumerate(Person.objects.all(), 1):
        Grant.objects.create(
            case=stage["case"],
            number=number,
            person=person,
            asked_by=person,
            what="raw",
            why="a",
            hours=8,
            state="open",
            until=timezone.now() + timedelta(hours=8),
        )
    exporting.request(stage["case"], receiver(), "they go on with it", by=stage["lead"])
    stage |= {"right": Right.ACCESS, "to": str(receiver()), "out": str(settings.DATA / "left")}


def _left(stage: Stage) -> bool:
    return bool(stage["case"].entries.filter(text__contains="exported with its evidence").exists())


TRIALS: dict[str, Trial] = {
    "export a case with its evidence": Trial(
        _leaving,
        {
            "web": web("/cases/ESC-1/export/sealed", {"passphrase": "correct horse battery"}),
            "web, for a desk": web("/cases/ESC-1/export/sealed", {"to": "{to}"}),
            "api": api("/cases/ESC-1/export", {"form": "sealed", "passphrase": "correct horse battery"}),
            "cli": cli("case", "export", "ESC-1", "--sealed-for", "{to}", "-o", "{out}"),
            "line": line("/export sealed"),
            "mail": mail("/export sealed"),
        },
        _left,
    ),
    "delete the evidence of a case": Trial(
        _unwanted,
        {
            "web": web("/cases/ESC-1/access/delete", {"why": "they ask"}),
            "api": api("/cases/ESC-1/evidence/deletion", {"why": "they ask"}),
            "cli": cli("evidence", "delete", "ESC-1", "they ask"),
            "line": line("/delete evidence"),
            "mail": mail("/delete evidence"),
        },
        _gone,
    ),
    "open a grant": Trial(
        _wanted,
        {
            "web": web("/cases/ESC-1/access/1/open", {}),
            "api": api("/cases/ESC-1/grants/1/open", {}),
            "cli": cli("grant", "open", "ESC-1", "G-1"),
            "line": line("/grant open G-1"),
            "mail": mail("/grant open G-1"),
        },
        _opened,
    ),
    "file a ticket, every check met": Trial(_ticketed(whole=True), _FILE, _filed),
    "file a ticket, with open checks": Trial(_ticketed(whole=False), _FILE, _filed),
    "start a mitigation, low risk": Trial(_proposed("flag"), _START, _started),
    "start a mitigation, medium risk": Trial(_proposed("restart"), _START, _started),
    "start a mitigation, high risk": Trial(_proposed("rollback"), _START, _started),
    "send an update, to the customer": Trial(_drafted("customer", "update"), _SEND, _sent),
    "send an update, in a few words": Trial(_to_be_told, _TELL, _sent),
    "send an update, to the status page": Trial(_drafted("status", "advisory"), _SEND, _sent),
    "send an update, with a promise": Trial(
        _drafted("customer", "commitment", commitments=(_FIX,)),
        _SEND
        | {
            "web": web(
                "/cases/ESC-1/updates/1/write", _FORM | {"about": "fix", "promise": "b", "due": _LATER}
            )
        },
        _sent,
    ),
    "send an update, with money": Trial(
        _drafted("customer", "compensation", commitments=(_MONEY,)),
        _SEND
        | {
            "web": web(
                "/cases/ESC-1/updates/1/write",
                _FORM | {"about": "compensation", "promise": "a month free", "due": _LATER},
            )
        },
        _sent,
    ),
    "move a promise": Trial(_promised, _MOVE, _moved),
    "settle a disputed severity": Trial(
        _dispute,
        {
            "web": web("/cases/ESC-1/triage/settle", {"to": "1", "reason": "two regions"}),
            "web, other page": web("/cases/ESC-1/severity", {"to": "1", "reason": "two regions"}),
            "web, third page": web("/cases/ESC-1/triage/severity", {"to": "1", "reason": "two regions"}),
            "web, the decision": web("/cases/ESC-1/decisions/1/answer", {"answer": "approve"}),
            "api": api("/cases/ESC-1/severity/settle", {"to": 1, "reason": "two regions"}),
            "api, the decision": api("/cases/ESC-1/decisions/1/answer", {"approve": True}),
            "cli, the decision": cli("case", "decide", "ESC-1", "D-1", "approve"),
            "line": line("/decide Sev 1"),
            "mail": mail("/decide D-1 approve"),
        },
        _settled,
    ),
}
