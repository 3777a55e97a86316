"""The clocks of a case: counted from its timeline, and what of them is kept beside the case for the queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.rulebook import Rulebook, rulebook
from holdfast.desk.clocks.ledger import Clock, passes, reckon
from holdfast.desk.clocks.story import Step, Story, tell

TELLING = (Kind.STATE, Kind.DECISION, Kind.UPDATE)
CUSTOMER = "customer"
"""Value of `side` in an entry's data when a customer wrote it."""


def steps_of(case: Case) -> list[Step]:
    """Return the entries that clocks and figures are counted from."""
    told = Entry.objects.filter(Q(kind__in=TELLING) | Q(kind=Kind.COMMENT, shared=True), case=case)
    rows = told.order_by("position").values_list("kind", "happened_at", "data", "position")
    return [step(*row) for row in rows]


def step(kind: str, happened_at: datetime, data: dict[str, object], position: int) -> Step:
    """Return an entry as a step."""
    return Step(kind, happened_at, data, position, from_customer=data.get("side") == CUSTOMER)


def story_of(case: Case, steps: Sequence[Step] | None = None) -> Story:
    """Return what the case's timeline says about time."""
    return tell(case.reported_at, case.severity, steps_of(case) if steps is None else steps)


def clocks_of(
    case: Case, now: datetime | None = None, *, version: int | None = None, story: Story | None = None
) -> list[Clock]:
    """Return every clock of the case, those that repeat once for each time, as they stand now."""
    book = rulebook(case.organisation, version)
    return count(case, book, story or story_of(case), now or timezone.now())


def count(case: Case, book: Rulebook, story: Story, now: datetime) -> list[Clock]:
    """Return the clocks of a case under a rulebook."""
    customer = case.customer.name if case.customer else ""
    return [clock for rule in book.rules(customer) for clock in reckon(rule, story, now)]


def wind(case: Case, book: Rulebook, steps: Sequence[Step], now: datetime) -> list[Clock]:
    """Set what the case keeps of its clocks: the next to break, how far the furthest is, when to look again."""
    clocks = count(case, book, story_of(case, steps), now)
    running = [clock for clock in clocks if clock.runs]
    dated = [(clock.due, clock) for clock in running if clock.due is not None]
    due, first = min(dated, key=lambda pair: pair[0], default=(None, None))
    case.next_due_at = due
    case.next_clock = first.rule.name if first else ""
    case.next_clock_from = first.started_at if first else None
    used = max((clock.used / clock.target for clock in running if clock.target), default=0.0)
    case.clock_percent = max((p for p in book.thresholds if p <= used * 100), default=0)
    case.attention_at = _attention(case, book, running, steps, now)
    return clocks


def _attention(
    case: Case, book: Rulebook, running: Sequence[Clock], steps: Sequence[Step], now: datetime
) -> datetime | None:
    """Return when something about the case changes by itself."""
    if not case.open and not running:
        return None
    told = recorded(steps)
    rungs = {rung.at for rung in book.clocks.value.path}
    moments = []
    for clock in running:
        for percent in book.thresholds:
            at = passes(clock, percent, now)
            if at is not None and (at > now or (percent in rungs and mark_of(clock, percent) not in told)):
                moments.append(at)
    if case.open:
        silent = (case.touched_at + timedelta(days=days) for days in book.queue.value.untouched)
        moments += [at for at in silent if at > now]
    return min(moments, default=None)


def mark_of(clock: Clock, percent: int) -> tuple[str, str, int]:
    """Return what tells one passing of a threshold from every other of the case."""
    return clock.rule.name, clock.started_at.isoformat(), percent


def recorded(steps: Sequence[Step]) -> set[tuple[str, str, int]]:
    """Return the thresholds the timeline already tells of."""
    found = (step.data for step in steps if step.data.get("clock"))
    return {(data["clock"], data["started"], data["percent"]) for data in found}
