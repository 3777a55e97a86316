"""Merging a duplicate into the case that goes on, and taking that back.

A merge is a link and a state, nothing is copied: the duplicate keeps its timeline, its people and its
evidence. Its clocks stand still from the merge until it is taken back, which their intervals show.
Its customer goes on writing on it; what they write is told to whoever answers for the survivor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, require_right, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.states import OPEN, State
from holdfast.desk.cases.timeline import append, change, when_told
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.clocks.story import Step
from holdfast.desk.links.commands import both, link
from holdfast.desk.links.models import Link, Relation
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed, Role

TOLD = (
    "We found that this has the same cause as another case and work on both together."
    " You need do nothing: write here as before, and the answer comes here."
)
"""What the customer of a merged case reads."""


@transaction.atomic
def merge(case: Case, into: Case, *, by: Person, reason: str) -> Link:
    """Merge an open duplicate into the case that goes on. Its own clocks stop; twice is once."""
    why = words(reason)
    made = link(case, Relation.DUPLICATE, into, by=by)
    case, into = both(case, into, by, Deed.CHANGE_STATE)
    if case.state == State.MERGED:
        return made
    if case.state not in OPEN:
        raise Conflict(f"{case.key} is {case.state}; only an open case is merged, a link says enough here")
    if case.region != into.region:
        where = [one.region or "the desk's own store" for one in (case, into)]
        raise Conflict(
            f"evidence of {case.key} lies in {where[0]}, of {into.key} in {where[1]}; link them instead"
        )
    if into.state == State.MERGED:
        raise Conflict(f"{into.key} is merged itself; merge into the case that goes on for it")
    made.merges = True
    made.save(update_fields=["merges"])
    before, now = case.state, timezone.now()
    case.state, case.state_at, case.closed_at, case.came_back = State.MERGED, now, now, False
    data = change(case, "state", before, State.MERGED) | {"link": made.id}
    append(case, Kind.STATE, TOLD, by=by, event="case.moved", data=data, shared=True)
    append(case, Kind.DECISION, f"Merged: {why}", by=by, event="case.linked", data={"link": made.id})
    text = f"A duplicate was merged into this case: {why}"
    append(into, Kind.DECISION, text, by=by, event="case.linked", data={"link": made.id})
    return made


@transaction.atomic
def unmerge(case: Case, *, by: Person, reason: str) -> Link:
    """Take a merge back: the case is in its old state again, and its clocks go on where they stood."""
    require_right(case, by, Deed.CHANGE_STATE)
    why = words(reason)
    made = survivor_link(case)
    if made is None or made.other is None:
        raise Conflict(f"{case.key} is not merged")
    case, into = both(case, made.other, by, Deed.CHANGE_STATE)
    if case.state != State.MERGED:
        raise Conflict(f"{case.key} is not merged any more")
    told = case.entries.filter(kind=Kind.STATE, data__field="state", data__to=State.MERGED)
    before = told.order_by("-position").values_list("data", flat=True)[0]["from"]
    made.merges, made.ended_at, made.ended_by = False, timezone.now(), by
    made.save(update_fields=["merges", "ended_at", "ended_by"])
    case.state, case.state_at, case.closed_at = State(before), made.ended_at, None
    data = change(case, "state", State.MERGED, before) | {"link": made.id}
    text = "We look at this on its own again; the other case turned out to be a different one."
    append(case, Kind.STATE, text, by=by, event="case.moved", data=data, shared=True)
    append(
        case, Kind.DECISION, f"Merge taken back: {why}", by=by, event="case.linked", data={"link": made.id}
    )
    text = f"A duplicate is no longer merged into this case: {why}"
    append(into, Kind.DECISION, text, by=by, event="case.linked", data={"link": made.id})
    return made


def survivor_link(case: Case) -> Link | None:
    """Return the link by which a case is merged into another."""
    held = Link.objects.filter(case=case, merges=True, ended_at=None)
    return held.select_related("other__organisation", "other__owner").first()


def duplicates(case: Case) -> list[Case]:
    """Return the cases merged into this one, those merged into them included."""
    found: dict[int, Case] = {}
    at = [case.id]
    while at:
        rows = Link.objects.filter(other_id__in=at, merges=True, ended_at=None)
        merged = [row.case for row in rows.select_related("case__organisation", "case__customer")]
        at = [one.id for one in merged if one.id not in found]
        found |= {one.id: one for one in merged}
    return list(found.values())


@when_told
def pass_on(case: Case, steps: Sequence[Step], _: Sequence[Clock], now: datetime) -> None:  # noqa: ARG001
    """Tell who answers for the survivor that the customer of a merged case wrote."""
    last = steps[-1] if steps else None
    if case.state != State.MERGED or last is None or not last.from_customer:
        return
    made = survivor_link(case) if last.position == case.entries_count else None
    while made is not None and made.other is not None and made.other.state == State.MERGED:
        made = survivor_link(made.other)
    if made is None or made.other is None:
        return
    for person in _answering(made.other):
        text = f"The customer of {case.key}, merged into {made.other.key}, wrote. Answer them on {case.key}."
        notify(person, case, text, f"merged/{last.position}")


def _answering(case: Case) -> list[Person]:
    if case.owner is not None:
        return [case.owner]
    leads = {"memberships__organisation": case.organisation_id, "memberships__role": Role.LEAD}
    return list(Person.objects.filter(is_active=True, **leads).distinct())
