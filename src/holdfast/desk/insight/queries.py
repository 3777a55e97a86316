"""Counting figures over the cases somebody may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.cases.models import Case, CaseQuerySet, Entry, Kind
from holdfast.desk.insight.figure import Figure, Step, Summary, Told, Value, summarise
from holdfast.desk.people.models import Organisation, Person

WINDOW = timedelta(days=90)
MOST_CASES = 500
"""Newest cases counted per severity; the page says so when there are more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One case behind a figure."""

    case: Told
    value: Value
    target: float

    @property
    def over(self) -> bool:
        """Whether the target is missed for good."""
        return self.value.seconds > self.target


@dataclass(frozen=True, slots=True)
class Line:
    """A figure for one severity."""

    figure: Figure
    severity: int
    target: float
    summary: Summary
    limited: bool


def lines(figure: Figure, person: Person, now: datetime | None = None) -> list[Line]:
    """Return the figure by severity over the last 90 days."""
    now = now or timezone.now()
    return [_line(figure, person, severity, now) for severity in sorted(figure.targets)]


def _line(figure: Figure, person: Person, severity: int, now: datetime) -> Line:
    found = behind(figure, person, severity, now)
    summary = summarise([(one.value, one.target) for one in found])
    return Line(figure, severity, figure.targets[severity], summary, len(found) >= MOST_CASES)


def behind(figure: Figure, person: Person, severity: int, now: datetime | None = None) -> list[Counted]:
    """Return the cases behind a line, newest first."""
    now = now or timezone.now()
    cases = Case.objects.visible_to(person).filter(severity=severity, reported_at__gt=now - WINDOW)
    target = figure.targets[severity]
    values = ((told, figure.of(told, now)) for told in _told(cases.order_by("-reported_at")[:MOST_CASES]))
    return [Counted(told, value, target) for told, value in values if value is not None]


def _told(cases: CaseQuerySet) -> Iterator[Told]:
    prefixes = dict(Organisation.objects.values_list("id", "prefix"))
    found = list(
        cases.values_list("id", "organisation_id", "number", "title", "severity", "reported_at", "closed_at")
    )
    steps = _steps(row[0] for row in found)
    for case, organisation, number, title, severity, reported, closed in found:
        key = f"{prefixes[organisation]}-{number}"
        yield Told(key, title, severity, reported, closed, steps[case])


def _steps(ids: Iterable[int]) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = defaultdict(list)
    rows = Entry.objects.filter(case__in=list(ids), kind__in=[Kind.STATE, Kind.DECISION])
    for case, kind, happened, data in rows.order_by("case", "position").values_list(
        "case_id", "kind", "happened_at", "data"
    ):
        steps[case].append(Step(kind, happened, data))
    return steps
