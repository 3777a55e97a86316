"""Drafting an update, having it decided, and sending it."""

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
from holdfast.desk.cases.timeline import append
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.updates.delivering import deliver
from holdfast.desk.updates.filling import fill, text_of
from holdfast.desk.updates.holding import hits
from holdfast.desk.updates.models import Audience, Promise, Update
from holdfast.desk.updates.promising import moment, register, right_of
from holdfast.desk.vault.gate import redacted

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
    """Keep what was written. `edits` is the state the writer started from; what another wrote since refuses theirs."""
    _, update = _held(update, by)
    if edits is not None and edits != update.edits and update.author_id != by.id:
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
    due = moment(one.get("due", ""))
    if due <= timezone.now():
        raise Conflict("a promise is due in the future")
    return {
        "about": one["about"],
        "text": words(one.get("text", ""))[:400],
        "due": f"{due:%Y-%m-%d %H:%M} UTC",
    }


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
    return list(dict.fromkeys([first, *(right_of(one["about"]) for one in update.commitments)]))


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


@guarded("send an update", Right.COURSE, Right.UPDATE, Right.ADVISORY, Right.COMMITMENT, Right.COMPENSATION)
def send(update: Update, *, by: Person) -> Update:
    """Send an update: checked, decided, without secrets, delivered, on the timeline, its promises registered."""
    case, update = _held(update, by)
    if found := hits(update):
        raise Conflict(f"{len(found)} to look at before it is sent; first {found[0].said}")
    decided = [
        require(case, right, by=by, about=about(update), details=details(update))
        for right in rights_of(update)
    ]
    update.headline, text = redacted(update.headline, case), redacted(text_of(update), case)
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
        register(case, update, by)
    return update


def _held(update: Update, by: Person) -> tuple[Case, Update]:
    case = allowed(update.case, by, Deed.RECORD)
    fresh = Update.objects.select_for_update(of=("self",)).get(id=update.id)
    fresh.case = case
    if fresh.state != Update.State.DRAFT:
        raise Conflict(f"{fresh} is {fresh.state}; begin a new one")
    return case, fresh
