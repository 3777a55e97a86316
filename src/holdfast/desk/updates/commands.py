"""Drafting, sending, promising, and saying what became of a promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.marks import Overtaken
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.updates.delivering import deliver
from holdfast.desk.updates.filling import fill, text_of
from holdfast.desk.updates.gate import redacted
from holdfast.desk.updates.holding import hits
from holdfast.desk.updates.models import Audience, Promise, Update

EVENT = "case.update"
MOST_COMMITMENTS = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer says; the parts as the reader gets them."""

    headline: str
    known: str
    doing: str
    next_step: str
    next_at: datetime | None
    commitments: tuple[dict[str, str], ...] = ()
    """`{"about", "text", "due"}`; due is ISO 8601 with a zone."""


def update_of(case: Case, number: int) -> Update:
    """Return U-1, U-2, ... of a case."""
    found = Update.objects.select_related("case__organisation", "case__customer", "author")
    return found.get(case_id=case.id, number=min(number, 2**31 - 1))


@transaction.atomic
def draft(case: Case, audience: str, *, by: Person) -> Update:
    """Begin an update, filled from what the case holds; an open draft for the audience is gone on with."""
    case = allowed(case, by, Deed.RECORD)
    if audience not in Audience.values:
        raise Conflict(f"an update is for {', '.join(Audience.values)}, not {audience[:20]}")
    known = case.updates.filter(audience=audience, state=Update.State.DRAFT).first()
    if known is not None:
        return known
    filled = fill(case, Audience(audience))
    return Update.objects.create(
        case=case,
        number=next_number(case),
        audience=audience,
        headline=filled.headline,
        known=filled.known,
        doing=filled.doing,
        next_step=filled.next_step,
        next_at=filled.next_at,
        filled_at=case.entries_count,
        author=by,
    )


def next_number(case: Case) -> int:
    """Return the number of a locked case's next update."""
    return (case.updates.aggregate(most=Max("number"))["most"] or 0) + 1


@transaction.atomic
def write(update: Update, said: Draft, *, by: Person, edits: int | None = None) -> Update:
    """Keep what was written. `edits` is the state the writer started from; a newer one refuses theirs."""
    _, update = _held(update, by)
    if edits is not None and edits != update.edits:
        raise Overtaken(f"{update} was changed while you wrote; yours was “{said.known.strip()[:2000]}”")
    if said.next_at is not None and said.next_at <= timezone.now():
        raise Conflict("the next update would be in the past; name a time that is ahead")
    update.headline = words(said.headline)[:200]
    update.known, update.doing, update.next_step = (
        said.known.strip(),
        said.doing.strip(),
        said.next_step.strip(),
    )
    update.next_at, update.commitments = said.next_at, [_commitment(one) for one in said.commitments]
    update.edits, update.changed_at, update.author = update.edits + 1, timezone.now(), by
    if len(update.commitments) > MOST_COMMITMENTS:
        raise Conflict(f"more than {MOST_COMMITMENTS} promises in one update are kept by nobody")
    update.save()
    return update


def _commitment(one: dict[str, str]) -> dict[str, str]:
    if one.get("about") not in Promise.About.values:
        raise Conflict(f"a promise is about {', '.join(Promise.About.values)}")
    due = _moment(one.get("due", ""))
    if due <= timezone.now():
        raise Conflict("a promise is due in the future")
    return {
        "about": one["about"],
        "text": words(one.get("text", ""))[:400],
        "due": f"{due:%Y-%m-%d %H:%M} UTC",
    }


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError as error:
        raise Conflict(f"{text[:40]!r} is no time; write it like 2026-03-01T10:00:00Z") from error
    if at.tzinfo is None:
        raise Conflict(f"{text[:40]!r} has no zone; write it like 2026-03-01T10:00:00Z")
    return at


@transaction.atomic
def refill(update: Update, *, by: Person) -> Update:
    """Write the draft anew from what the case holds now."""
    case, update = _held(update, by)
    filled = fill(case, Audience(update.audience))
    update.known, update.doing, update.filled_at = filled.known, filled.doing, case.entries_count
    update.edits += 1
    update.save()
    return update


@transaction.atomic
def keep(update: Update, said: str, reason: str, *, by: Person) -> Update:
    """Keep words the checker warns of, with the reason. What blocks cannot be kept."""
    _, update = _held(update, by)
    found = [hit for hit in hits(update) if hit.words == said]
    if not found or any(hit.blocks for hit in found):
        raise Conflict("only words that the checker warns of can be kept")
    update.kept = update.kept | {said: words(reason)[:400]}
    update.save(update_fields=["kept"])
    return update


@transaction.atomic
def drop(update: Update, *, by: Person) -> None:
    """Give a draft up; its text stays in the list."""
    _, update = _held(update, by)
    update.state = Update.State.DROPPED
    update.save(update_fields=["state"])


def rights_of(update: Update) -> list[Right]:
    """Return whose decisions sending takes."""
    if update.audience == Audience.INTERNAL:
        return [Right.COURSE]
    first = Right.ADVISORY if update.audience == Audience.STATUS else Right.UPDATE
    return [first, Right.COMMITMENT] if update.commitments else [first]


def about(update: Update) -> str:
    """Return what its decisions call it."""
    return f"update/{update.number}"


def details(update: Update) -> dict[str, Any]:
    """Return what exactly an approval is of: the words, and who reads them."""
    return {"audience": update.audience, "text": text_of(update)}


@transaction.atomic
def request(update: Update, *, by: Person) -> list[str]:
    """Ask for the decisions that sending takes and the person cannot take alone."""
    case, update = _held(update, by)
    asked = []
    for right in rights_of(update):
        if not alone(case, right, by):
            what = f"Send {update} to {update.get_audience_display().lower()}: {update.headline}"
            asked.append(
                str(ask(case, Question(right, what, about=about(update), details=details(update)), by=by))
            )
    return asked


@guarded("send an update", Right.COURSE, Right.UPDATE, Right.ADVISORY, Right.COMMITMENT)
def send(update: Update, *, by: Person) -> Update:
    """Send an update: checked, decided, without secrets, delivered, on the timeline, its promises registered."""
    case, update = _held(update, by)
    if found := hits(update):
        raise Conflict(f"{len(found)} to look at before it is sent; first {found[0].said}")
    decided = [
        require(case, right, by=by, about=about(update), details=details(update))
        for right in rights_of(update)
    ]
    text = redacted(text_of(update), case)
    update.delivered = deliver(update, text)
    update.state, update.sent_at, update.sent_by, update.sent_text = (
        Update.State.SENT,
        timezone.now(),
        by,
        text,
    )
    update.save()
    outside = update.audience in (Audience.CUSTOMER, Audience.STATUS)
    data: dict[str, Any] = {"update": update.number, "audience": update.audience, **decided[-1].data}
    data |= update.data
    if update.next_at:
        data["next"] = update.next_at.isoformat()
    kind = Kind.UPDATE if update.audience == Audience.CUSTOMER else Kind.FACT
    told = (
        text.rstrip()
        if outside
        else f"{update} sent to {update.get_audience_display().lower()}: {update.headline}"
    )
    append(case, kind, told, by=by, event=EVENT, data=data, shared=outside)
    if update.audience == Audience.CUSTOMER:
        _settle_updates(case, update)
        _register(case, update, by)
    return update


def _settle_updates(case: Case, update: Update) -> None:
    """The promise of an update is kept by the update."""
    mine = Promise.objects.filter(case=case, state=Promise.State.OPEN, about=Promise.About.UPDATE)
    mine.update(state=Promise.State.KEPT, settled_at=update.sent_at, said=f"{update}")


def _register(case: Case, update: Update, by: Person) -> None:
    if update.next_at is not None:
        _make(case, Promise.About.UPDATE, "Next update", update.next_at, by, update)
    for one in update.commitments:
        _make(case, one["about"], one["text"], _moment(one["due"]), by, update)


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


@guarded("move a promise", Right.COMMITMENT, Right.UPDATE)
def move_promise(promise: Promise, due: datetime, why: str, *, by: Person) -> Promise:
    """Promise another time instead; for anything but an update that is a commitment, and needs its decision."""
    case, promise = _open(promise, by)
    if due <= timezone.now():
        raise Conflict("the new time is in the past")
    right = Right.UPDATE if promise.about == Promise.About.UPDATE else Right.COMMITMENT
    detail = {"promise": promise.number, "due": due.isoformat()}
    require(case, right, by=by, about=f"promise/{promise.number}", details=detail)
    new = _make(case, promise.about, promise.text, due, by, promise.update)
    promise.instead = new
    _settled(case, promise, Promise.State.MOVED, f"to {due:%d %b %H:%M} UTC as {new}: {words(why)}", by)
    return new


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


def _held(update: Update, by: Person) -> tuple[Case, Update]:
    case = allowed(update.case, by, Deed.RECORD)
    fresh = Update.objects.select_for_update(of=("self",)).get(id=update.id)
    fresh.case = case
    if fresh.state != Update.State.DRAFT:
        raise Conflict(f"{fresh} is {fresh.state}; begin a new one")
    return case, fresh


def _open(promise: Promise, by: Person) -> tuple[Case, Promise]:
    case = allowed(promise.case, by, Deed.RECORD)
    fresh = Promise.objects.select_for_update(of=("self",)).get(id=promise.id)
    if fresh.state not in (Promise.State.OPEN, Promise.State.BROKEN):
        raise Conflict(f"{fresh} is {fresh.state}")
    return case, fresh
