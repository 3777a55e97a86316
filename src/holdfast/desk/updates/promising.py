"""What updates promise, and what becomes of a promise: kept, broken, moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.commands import Question, ask, when_decided
from holdfast.desk.decisions.guarding import NeedsApproval, guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.models import State as Asked
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people import moments
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.updates.models import Promise, Update

_RUNNING = (Promise.State.OPEN, Promise.State.BROKEN)


def right_of(about: str) -> Right:
    """Return whose decision a promise takes: the next update is part of telling, money is a thing of its own."""
    known = {Promise.About.UPDATE: Right.UPDATE, Promise.About.COMPENSATION: Right.COMPENSATION}
    return known.get(Promise.About(about), Right.COMMITMENT)


def moment(text: str) -> datetime:
    """Return a time that was written with its zone."""
    try:
        return moments.read(text.strip().replace(" UTC", "+00:00"))
    except ValueError as error:
        raise Conflict(str(error)) from error


def register(case: Case, update: Update, by: Person) -> None:
    """Enter what a sent update promises; the promise of the next update is kept by the update."""
    mine = Promise.objects.filter(case=case, state=Promise.State.OPEN, about=Promise.About.UPDATE)
    mine.update(state=Promise.State.KEPT, settled_at=update.sent_at, said=f"{update}")
    if update.next_at is not None:
        _make(case, Promise.About.UPDATE, "Next update", update.next_at, by, update)
    for one in update.commitments:
        _make(case, one["about"], one["text"], moment(one["due"]), by, update)


def _make(case: Case, what: str, text: str, due: datetime, by: Person, update: Update | None) -> Promise:
    number = (case.promises.aggregate(most=Max("number"))["most"] or 0) + 1
    return Promise.objects.create(
        case=case, number=number, update=update, about=what, text=text[:400], due_at=due, made_by=by
    )


def promise_of(case: Case, number: int) -> Promise:
    """Return P-1, P-2, ... of a case."""
    return Promise.objects.select_related("case__organisation", "update").get(
        case_id=case.id, number=min(number, 2**31 - 1)
    )


@transaction.atomic
def keep_promise(promise: Promise, said: str, *, by: Person) -> Promise:
    """Say how a promise was kept."""
    case, promise = _open(promise, by)
    return _settled(case, promise, Promise.State.KEPT, words(said), by)


def move_promise(promise: Promise, due: datetime, why: str, *, by: Person) -> Promise:
    """Promise another time. Who may not decide it alone asks by trying, and it moves when that is approved."""
    try:
        return _move(promise, due, why, by=by)
    except NeedsApproval as missing:
        asked, whose = _ask(promise, due, why, by), str(missing).partition(";")[0]
        said = f"{whose}; {asked} asks for it, and {promise} moves when it is approved"
        raise NeedsApproval(said, missing.right, asked.number) from missing


@guarded("move a promise", Right.COMMITMENT, Right.UPDATE, Right.COMPENSATION)
def _move(promise: Promise, due: datetime, why: str, *, by: Person) -> Promise:
    case, promise = _open(promise, by)
    if due <= timezone.now():
        raise Conflict("the new time is in the past")
    require(case, right_of(promise.about), by=by, about=_about(promise), details=_details(promise, due, why))
    new = _make(case, promise.about, promise.text, due, by, promise.update)
    promise.instead = new
    _settled(case, promise, Promise.State.MOVED, f"to {due:%d %b %H:%M} UTC as {new}: {words(why)}", by)
    return new


def _about(promise: Promise) -> str:
    return f"promise/{promise.number}"


def _details(promise: Promise, due: datetime, why: str) -> dict[str, Any]:
    return {"promise": promise.number, "due": due.astimezone(UTC).isoformat(), "why": words(why)[:400]}


@transaction.atomic
def _ask(promise: Promise, due: datetime, why: str, by: Person) -> Decision:
    case, promise = _open(promise, by)
    what = f"{promise}, {promise.text}: {due:%d %b %H:%M} UTC instead of {promise.due_at:%d %b %H:%M} UTC"
    details = _details(promise, due, why)
    question = Question(
        right_of(promise.about), what, about=_about(promise), reason=words(why), details=details
    )
    return ask(case, question, by=by)


@when_decided
def move_by_decision(case: Case, decision: Decision, by: Person) -> None:  # noqa: ARG001
    """Move a promise when the decision that was asked for is given."""
    if decision.state != Asked.APPROVED or not decision.about.startswith("promise/"):
        return
    said = decision.details
    found = Promise.objects.filter(case=case, number=said.get("promise"), state__in=_RUNNING).first()
    if found is None or "why" not in said or moment(said["due"]) <= timezone.now():
        return
    _move(found, moment(said["due"]), said["why"], by=decision.asked_by)


@transaction.atomic
def note_broken(promise_id: int) -> None:
    """Note once that a promise's time passed unkept, and tell who owns the case."""
    found = Promise.objects.select_for_update(of=("self",)).select_related("case").get(id=promise_id)
    if found.state != Promise.State.OPEN or found.due_at > timezone.now():
        return
    case = lock(found.case_id)
    _settled(case, found, Promise.State.BROKEN, "its time passed", None)
    for person in {case.owner, found.made_by} - {None}:
        if person is not None and person.is_active:
            notify(
                person,
                case,
                f"{found} of {case.key} is broken: {found.text}. Tell the customer.",
                f"broken/{found.number}",
            )


def _settled(case: Case, promise: Promise, state: str, said: str, by: Person | None) -> Promise:
    before, promise.state = promise.state, state
    promise.settled_at, promise.said = timezone.now(), said[:400]
    promise.save()
    data = change(case, str(promise), before, state) | {"promise": promise.number, "promise_state": state}
    append(
        case, Kind.FACT, f"{promise} {state}, {promise.text}: {said}", by=by, event="case.promise", data=data
    )
    return promise


def _open(promise: Promise, by: Person) -> tuple[Case, Promise]:
    case = allowed(promise.case, by, Deed.RECORD)
    fresh = Promise.objects.select_for_update(of=("self",)).get(id=promise.id)
    fresh.case = case
    if fresh.state not in _RUNNING:
        raise Conflict(f"{fresh} is {fresh.state}")
    return case, fresh
