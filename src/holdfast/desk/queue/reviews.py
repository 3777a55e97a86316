"""The daily stand-up and the weekly review, made from the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from holdfast.desk.cases.models import Case, CaseQuerySet, Entry
from holdfast.desk.people.models import Person
from holdfast.desk.queue.queries import Load, Waiting, loads, waits

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOST = 20
EACH = 8
"""Cases of one person that a stand-up has time for."""
_LEVELS = (1, 2, 3, 4)
_AGES = ((2, "0–2 d"), (7, "3–7 d"), (14, "8–14 d"), (30, "15–30 d"), (100_000, "over 30 d"))


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's turn at the stand-up."""

    load: Load
    cases: list[Case]
    moved: int
    """Entries they wrote in a day."""


@dataclass(frozen=True, slots=True)
class StandUp:
    """What a team looks at in the morning."""

    since: datetime
    turns: list[Turn]
    first: list[Case]
    unowned: list[Case]
    due: list[Case]
    stepless: list[Case]
    waits: list[Waiting]


def stand_up(person: Person, now: datetime | None = None) -> StandUp:
    """Return the day's stand-up: who works on what, what is due, what nobody has, what waits."""
    now = now or timezone.now()
    mine = _open(person)
    owned = _first_of_each(mine)
    wrote = _written(owned, now - DAY)
    turns = [
        Turn(load, owned.get(load.person.id, []), wrote.get(load.person.id, 0)) for load in loads(person)
    ]
    return StandUp(
        now - DAY,
        [turn for turn in turns if turn.cases or turn.moved],
        list(mine.filter(severity=1).in_order().listed()[:MOST]),
        list(mine.filter(owner=None).in_order().listed()[:MOST]),
        list(mine.filter(next_due_at__lt=now + DAY).order_by("next_due_at").listed()[:MOST]),
        list(mine.filter(next_step="", severity__lte=3).in_order().listed()[:MOST]),
        waits(person)[:MOST],
    )


def _first_of_each(cases: CaseQuerySet) -> dict[int, list[Case]]:
    """Return of everybody's cases the first, in the order of work, by the owner's id."""
    place = Window(RowNumber(), partition_by="owner", order_by=["standing", "id"])
    first = cases.exclude(owner=None).annotate(place=place).filter(place__lte=EACH).values("id")
    owned: dict[int, list[Case]] = {}
    for case in Case.objects.filter(id__in=first).in_order().listed():
        owned.setdefault(case.owner_id or 0, []).append(case)
    return owned


def _written(owned: dict[int, list[Case]], since: datetime) -> dict[int, int]:
    ids = [case.id for cases in owned.values() for case in cases if case.touched_at >= since]
    rows = Entry.objects.filter(case__in=ids, recorded_at__gte=since, person__isnull=False)
    return dict(rows.order_by().values_list("person").annotate(n=Count("id")))


@dataclass(frozen=True, slots=True)
class Weekly:
    """What a team looks back on."""

    since: datetime
    opened: int
    resolved: int
    open_now: int
    by_severity: list[tuple[int, int, int, int]]
    """Severity; opened, resolved, open now."""
    ages: list[tuple[str, int]]
    over: list[Case]
    oldest: list[Case]
    silent: list[Case]
    disputed: list[Case]
    waits: list[Waiting]


def weekly(person: Person, now: datetime | None = None) -> Weekly:
    """Return the week's escalation review."""
    now = now or timezone.now()
    since, seen, mine = now - WEEK, Case.objects.visible_to(person), _open(person)
    opened = _levels(seen.filter(reported_at__gte=since))
    resolved = _levels(seen.filter(closed_at__gte=since))
    running = _levels(mine)
    return Weekly(
        since,
        sum(opened.values()),
        sum(resolved.values()),
        sum(running.values()),
        [(level, opened[level], resolved[level], running[level]) for level in _LEVELS],
        _ages(mine, now),
        list(mine.filter(next_due_at__lt=now).in_order().listed()[:MOST]),
        list(mine.order_by("reported_at").listed()[:MOST]),
        list(mine.filter(touched_at__lt=since).order_by("touched_at").listed()[:MOST]),
        list(mine.filter(disputed=True).in_order().listed()[:MOST]),
        waits(person)[:MOST],
    )


def _open(person: Person) -> CaseQuerySet:
    return Case.objects.visible_to(person).open()


def _levels(cases: CaseQuerySet) -> dict[int, int]:
    # Four sums and no grouping: to group, SQLite would read all cases in the order of an index by severity.
    counted = cases.aggregate(**{f"n{level}": Count("id", filter=Q(severity=level)) for level in _LEVELS})
    return {level: counted[f"n{level}"] for level in _LEVELS}


def _ages(cases: CaseQuerySet, now: datetime) -> list[tuple[str, int]]:
    parts, least = {}, -1
    for place, (days, _) in enumerate(_AGES):
        older, younger = now - timedelta(days=days + 1), now - timedelta(days=least + 1)
        parts[f"n{place}"] = Count("id", filter=Q(reported_at__gt=older, reported_at__lte=younger))
        least = days
    counted = cases.aggregate(**parts)
    return [(name, counted[f"n{place}"]) for place, (_, name) in enumerate(_AGES)]
