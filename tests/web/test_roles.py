"""One table says what each role may do on every page and API operation, and every cell is tried."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from cast import TRACES
from holdfast.desk.cases import commands
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.states import State
from holdfast.desk.closure.commands import learn
from holdfast.desk.decisions.models import Decision, Voice
from holdfast.desk.engineering.models import Ticket
from holdfast.desk.links import merging
from holdfast.desk.outbox.models import Letter
from holdfast.desk.response.handing import items as items_now
from holdfast.desk.response.models import Action, HandOver, Mitigation, Post, Question, Room, Written
from holdfast.desk.triage.commands import dispute
from holdfast.desk.updates.models import Promise, Update
from holdfast.desk.vault.letting_go import hold
from holdfast.desk.vault.models import Grant
from holdfast.web.api import api
from role_stage import *  # noqa: F403
from role_table import CAST, OPERATIONS, PAGES


def disputed(stage: dict[str, Any]) -> None:
    dispute(
        Case.objects.select_related("organisation").get(number=1),
        1,
        by=stage["engineer"],
        reason="more customers",
    )


def at(state: str) -> Any:
    def moved(stage: dict[str, Any]) -> None:
        case = Case.objects.get(number=1)
        if case.state != state:
            open_again = "diagnosing" if case.state == "closed" else state
            commands.change_state(case, open_again, by=stage["lead"])
        if state == State.RESOLVED:
            for item in ("cause", "article", "ticket"):
                learn(case, item, "none", by=stage["engineer"], needed=False)
            if Case.objects.get(number=1).state != state:
                commands.change_state(case, state, by=stage["lead"])

    return moved


def merged(case: int, into: int) -> Any:
    def prepared(stage: dict[str, Any]) -> None:
        cases = {one.number: one for one in Case.objects.select_related("organisation")}
        if cases[case].state != State.MERGED:
            merging.merge(cases[case], cases[into], by=stage["lead"], reason="one cause")

    return prepared


def decision(state: str) -> Any:
    def prepared(_: dict[str, Any]) -> None:
        changes = {"state": state, "broken_at": None, "reviewed_at": None}
        if state == "broken":
            changes |= {"broken_at": timezone.now(), "broken_by": Decision.objects.get().asked_by}
        Voice.objects.all().delete()
        Decision.objects.update(**changes)

    return prepared


def on_hold(stage: dict[str, Any]) -> None:
    hold(Case.objects.select_related("organisation").get(number=1), "court", by=stage["lead"])


def grant_asked(_: dict[str, Any]) -> None:
    Grant.objects.filter(number=1).update(state="asked")


def mitigation(state: str) -> Any:
    def prepared(_: dict[str, Any]) -> None:
        now = timezone.now()
        Mitigation.objects.filter(number=1).update(state=state, expires_at=now + timedelta(hours=1))

    return prepared


def room(stage: dict[str, Any]) -> None:
    Action.objects.update(state="done")
    Room.objects.update(closed_at=None)
    Post.objects.all().delete()


def acting(_: dict[str, Any]) -> None:
    Action.objects.update(state="running")


def handing(items: bool) -> Any:
    """An open hand-over from the engineer to the team mate; with one item to read, or with all read."""

    def prepared(stage: dict[str, Any]) -> None:
        Case.objects.filter(number=1).update(owner=stage["engineer"])
        hand = HandOver.objects.get()
        HandOver.objects.update(state="open", ended_at=None)
        hand.acknowledged.all().delete()
        hand.written.all().delete()
        Written.objects.create(id=1, hand_over=hand, title="Do not", text="no")
        Question.objects.all().delete()
        Question.objects.create(id=1, hand_over=hand, person=stage["team_mate"], text="why")
        if not items:
            for one in items_now(hand, Case.objects.get(number=1)):
                hand.acknowledged.create(key=one.key, text=one.text)

    return prepared


def nothing_handed(stage: dict[str, Any]) -> None:
    Case.objects.filter(number=1).update(owner=stage["engineer"])
    HandOver.objects.update(state="withdrawn")


def ticket(state: str) -> Any:
    def prepared(_: dict[str, Any]) -> None:
        Ticket.objects.filter(case__number=1, number=1).update(state=state, parts={}, tracker="desk")

    return prepared


def nothing_runs(stage):
    from holdfast.desk.engineering.models import Reproduction

    ticket("draft")(stage)
    Reproduction.objects.all().delete()


PREPARE = {
    "/cases/{key}/tickets/{number}": ticket("draft"),
    "/cases/{key}/tickets/{number}/reproduce": nothing_runs,
    "/cases/{key}/tickets/{number}/refill": ticket("draft"),
    "/cases/{key}/tickets/{number}/repair": ticket("draft"),
    "/cases/{key}/tickets/{number}/ask": ticket("draft"),
    "/cases/{key}/tickets/{number}/file": ticket("draft"),
    "/cases/{key}/tickets/{number}/drop": ticket("draft"),
    "/cases/{key}/tickets/{number}/same": ticket("draft"),
    "/cases/{key}/tickets/{number}/answer": ticket("sent_back"),
    "/cases/{key}/tickets/{number}/withdraw": ticket("filed"),
    "/tickets/{key}/{number}": ticket("filed"),
    "/tickets/{key}/{number}/outcome": ticket("filed"),
    "/tickets/{key}/{number}/fixes": ticket("filed"),
    "/tickets/{key}/{number}/customers": ticket("filed"),
    "/tickets/{key}/{number}/customers/{row}": ticket("filed"),
    "/tickets/{key}/{number}/share": ticket("filed"),
    "/cases/{key}/drafts/{number}/keep": lambda _: Update.objects.filter(number=1).update(kept={}) and None,
    "/cases/{key}/drafts/{number}/send": lambda _: (
        Update.objects.filter(number=1).update(state="draft", known="7 of 31 fail.") and None
    ),
    "/cases/{key}/promises/{number}": lambda _: (
        Promise.objects.filter(number=1).update(state="open") and None
    ),
    "/cases/{key}/room/close": room,
    "/cases/{key}/room/duty": room,
    "/cases/{key}/actions/{number}/end": acting,
    "/cases/{key}/hand-overs": nothing_handed,
    "/cases/{key}/hand-overs/{number}/items": handing(items=True),
    "/cases/{key}/hand-overs/{number}/read": handing(items=True),
    "/cases/{key}/hand-overs/{number}/answers": handing(items=True),
    "/cases/{key}/hand-overs/{number}/take-over": handing(items=False),
    "/cases/{key}/hand-overs/{number}/withdraw": handing(items=True),
    "/cases/{key}/mitigations/{number}/probe": mitigation("proposed"),
    "/cases/{key}/mitigations/{number}/start": mitigation("proposed"),
    "/cases/{key}/mitigations/{number}/verify": mitigation("started"),
    "/cases/{key}/mitigations/{number}/judge": mitigation("started"),
    "/cases/{key}/mitigations/{number}/roll-back": mitigation("started"),
    "/cases/{key}/mitigations/{number}/extend": mitigation("started"),
    "/cases/{key}/mitigations/{number}/replace": mitigation("started"),
    "/cases/{key}/unmerge": merged(1, 2),
    "/cases/{key}/duplicates/tell": merged(2, 1),
    "/cases/{key}/grants/{number}/end": grant_asked,
    "/cases/{key}/evidence/hold/lift": on_hold,
    "/cases/{key}/decisions/{number}/answer": decision("waiting"),
    "/cases/{key}/decisions/{number}/withdraw": decision("waiting"),
    "/cases/{key}/decisions/{number}/break-glass": decision("waiting"),
    "/cases/{key}/decisions/{number}/review": decision("broken"),
    "/cases/{key}/severity/settle": disputed,
    "/cases/{key}/close": at("resolved"),
    "/cases/{key}/reopen": at("resolved"),
    "/cases/{key}/judge": at("resolved"),
}
"""What has to be so before each of the cast tries."""


def named(patterns: list[Any]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace != "api":
            found |= named(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            found.add(str(pattern.name))
    return found


def operations() -> set[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        for method in methods
    }


def test_every_page_is_in_the_table():
    assert named(get_resolver().url_patterns) == set(PAGES)


def test_every_operation_is_in_the_table():
    assert operations() == set(OPERATIONS)


def status(client: Any, method: str, address: str, data: Any, **options: Any) -> int:
    answer = getattr(client, method.lower())(address, data, **options)
    return int(answer.status_code)


def let_in(client: Any, method: str, address: str, data: dict[str, Any]) -> bool:
    answer = getattr(client, method.lower())(address, data)
    to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/")
    return answer.status_code < 400 and not to_sign_in


# A stream lets go of its connection, which a test's transaction does not survive: see test_live.
@pytest.mark.parametrize("page", sorted(set(PAGES) - {"live", "room_stream"}))
def test_who_may_enter_a_page(page, stage, signed_in):
    method, address, allowed, data = PAGES[page]
    address = re.sub(r"{(\w+)}", lambda match: str(stage[match[1]]), address)
    if data.get("question"):
        data = data | {"question": stage["question"]}
    entered = {name for name in CAST if let_in(signed_in(stage[name]), method, address, data)}
    assert entered == allowed


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_who_may_call_an_operation(method, path, stage, signed_in):
    allowed, body = OPERATIONS[method, path]
    values = {
        "key": "ESC-1",
        "prefix": "ESC",
        "artefact": "A1" if "diagnosis" in path else str(stage["artefact"]),
        "job": str(stage["job"]),
        "name": "default"
        if "policies" in path
        else "start-up"
        if "profiles" in path
        else "no-owner"
        if "hygiene" in path
        else "time-to-acknowledge",
        "kind": "business-calendar",
        "id": "1",
        "trace": TRACES["traces"][0]["trace"],
        "link": str(stage["outside"]),
        "other": "1",
        "row": str(stage["row"]),
        "arrival": str(stage["arrival"]),
        "number": str(
            stage["delegation"] if "delegations" in path else stage["said"] if "messages" in path else 1
        ),
        "upload": "00000000-0000-0000-0000-000000000000",
    }
    address = "/api/v1" + re.sub(r"{(\w+)}", lambda match: values[match[1]], path)
    options = {} if method == "GET" else {"content_type": "application/json"}
    headers = {"headers": {"Upload-Offset": "0"}} if method == "PATCH" else {}
    prepare = PREPARE.get(path, lambda _: None)
    called = {
        name
        for name in CAST
        if not prepare(stage)
        and status(signed_in(stage[name]), method, address, body, **options, **headers) < 400
    }
    assert called == allowed


# --- what the customer reads


MARK = "kestrel-vault never fails again: password=hunter2secretX9"
"""What no check lets pass."""
READS_OUTSIDE = (
    "/cases/",
    "/cases/ESC-1/",
    "/cases/ESC-1/brief",
    "/api/v1/cases",
    "/api/v1/cases/ESC-1/timeline",
    "/status/ESC/",
)


class Undone(Exception):
    """Ends what was tried."""


def tries() -> list[tuple[str, str, dict[str, Any]]]:
    """Every deed of every page and operation, with one after the other of its words replaced by the mark."""
    deeds = [(path, path, body) for method, path, _, body in PAGES.values() if method == "POST"]
    deeds += [
        (f"/api/v1{path}", path, body)
        for (method, path), (_, body) in OPERATIONS.items()
        if method in ("POST", "PUT") and "{key}" in path
    ]
    return [
        (address, path, body | {name: MARK})
        for address, path, body in deeds
        for name, value in body.items()
        if isinstance(value, str)
    ]


@pytest.mark.parametrize("name", ["lead", "developer"])
def test_no_word_of_the_team_reaches_the_customer_but_as_an_update(
    name: str, stage: Any, signed_in: Any, settings: Any
) -> None:
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    outside, inside = signed_in(stage["customer"]), signed_in(stage[name])
    stage["customer"].email = "ops@northline.example"
    stage["customer"].save()
    values = {"key": "ESC-1", "number": "1", "link": str(stage["outside"]), "arrival": str(stage["arrival"])}
    done, leaks = 0, []
    for address, path, body in tries():
        at = re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], stage.get(match[1], "1"))), address)
        put = OPERATIONS.get(("PUT", path)) is not None and address.startswith("/api/")
        options = {"content_type": "application/json"} if address.startswith("/api/") else {}
        try:
            with transaction.atomic():
                PREPARE.get(path, lambda _: None)(stage)
                answer = (inside.put if put else inside.post)(at, body, **options)
                done += answer.status_code < 400
                shown = "".join(outside.get(one).content.decode() for one in READS_OUTSIDE)
                shown += "".join(
                    Letter.objects.filter(to=stage["customer"].email).values_list("text", flat=True)
                )
                if "kestrel" in shown:
                    leaks.append((at, body))
                raise Undone
        except Undone:
            continue
    assert leaks == []
    assert done > (120 if name == "lead" else 60)  # else hardly anything was tried
