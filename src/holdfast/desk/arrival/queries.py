"""Reading arrivals, always as somebody."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.utils import timezone

from holdfast.desk.arrival import keeping
from holdfast.desk.arrival.models import Arrival, Intake
from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

PAGE = 50
SHOWN = 64 * 1024
"""Bytes of an arrival a page shows."""


def arrivals(person: Person) -> QuerySet[Arrival]:
    """Return the arrivals of the organisations whose tray the person sorts."""
    mine = [m.organisation_id for m in person.standing if person.may(Deed.SORT_ARRIVALS, m.organisation_id)]
    if not mine:
        raise PermissionDenied("your role does not sort arrivals")
    found = Arrival.objects.filter(organisation_id__in=mine)
    return found.select_related("organisation", "case__organisation", "settled_by", "hook")


def arrival_of(person: Person, number: int) -> Arrival:
    """Return one arrival; DoesNotExist when it is another organisation's."""
    return arrivals(person).get(id=min(number, 2**62))


def numbers(person: Person) -> dict[str, int]:
    """Return how many arrivals are in each state."""
    rows = arrivals(person).select_related(None).order_by().values_list("state").annotate(Count("id"))
    return dict.fromkeys(Arrival.State.values, 0) | dict(rows)


def shown(arrival: Arrival) -> str:
    """Return the beginning of an arrival as it came, as text."""
    text = keeping.opened(arrival)[:SHOWN].decode("utf-8", "replace")
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text.replace("\r\n", "\n")
    )


WEEKS = 12


@dataclass(frozen=True, slots=True)
class Quality:
    """Intake quality of one source over the last weeks."""

    source: str
    filed_by: str
    number: int
    middle: float
    good: int
    weeks: list[float | None]
    """Median of each week, oldest first; None where nothing was scored."""


def quality(person: Person, now: datetime | None = None) -> list[Quality]:
    """Return the intake quality by source and by who filed, worst first; F16 by source and over time."""
    now = now or timezone.now()
    cases = Case.objects.visible_to(person).filter(reported_at__gt=now - timedelta(weeks=WEEKS))
    rows = (
        Intake.objects.filter(case__in=cases)
        .exclude(score=None)
        .values_list("case__source", "case__declared_by__username", "case__reported_at", "score")[:20_000]
    )
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for source, filed_by, reported, points in rows:
        week = WEEKS - 1 - (now - reported).days // 7
        found[source, filed_by].append((max(0, week), int(points or 0)))
    return sorted((_quality(*key, values) for key, values in found.items()), key=lambda one: one.middle)


def _quality(source: str, filed_by: str, values: list[tuple[int, int]]) -> Quality:
    points = [value for _, value in values]
    weeks = [[value for week, value in values if week == number] for number in range(WEEKS)]
    middles = [median(one) if one else None for one in weeks]
    return Quality(source, filed_by, len(points), median(points), sum(p >= 70 for p in points), middles)
