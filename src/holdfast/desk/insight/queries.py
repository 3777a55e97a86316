"""Reading figures over the cases somebody may see, from what is kept of each case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case as CaseOf
from django.db.models import Count, Q, QuerySet, Sum, When
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.insight.figure import Figure, Summary, Value, summarise
from holdfast.desk.insight.models import Measure
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import REACH, Deed, Reach

WINDOW = timedelta(days=90)
MOST_CASES = 500
"""Newest cases whose durations are counted per severity; the page says so when there are more."""
_SEEN = {"id", "organisation", "number", "title", "severity", "reported_at"}
_UNSEEN = [f"case__{one.name}" for one in Case._meta.concrete_fields if one.name not in _SEEN]


@dataclass(frozen=True, slots=True)
class Counted:
    """One case behind a figure."""

    case: Case
    value: Value | None
    part: float
    whole: float
    target: float | None
    over: bool
    """Whether the target is missed for good."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure for one severity or source: a summary of durations, or a share."""

    figure: Figure
    group: str
    target: float | None
    summary: Summary | None
    part: float = 0
    whole: float = 0
    number: int = 0
    limited: bool = False

    @property
    def share(self) -> float | None:
        """Percent, or the mean score; None without any."""
        if not self.whole:
            return None
        return self.part / self.whole * (100 if self.figure.unit == "percent" else 1)

    @property
    def met(self) -> bool | None:
        """Whether a share keeps its target."""
        if self.share is None or self.target is None:
            return None
        return self.share > self.target if self.figure.above else self.share < self.target


def lines(figure: Figure, person: Person, now: datetime | None = None) -> list[Line]:
    """Return the figure by severity or source over the last 90 days."""
    now = now or timezone.now()
    if figure.unit == "seconds":
        return [_durations(figure, person, severity, now) for severity in sorted(figure.targets)]
    return _shares(figure, person, now)


def _durations(figure: Figure, person: Person, severity: int, now: datetime) -> Line:
    target = figure.targets[severity]
    rows = _measures(figure, person, now).filter(group=str(severity)).order_by("-reported_at")
    begun = When(running=True, then="reported_at")  # read where it counts only: times are slow to read
    kept = rows.values_list("part", "running", CaseOf(begun))[:MOST_CASES]
    values = [(_value(part, running, reported, now), target) for part, running, reported in kept]
    return Line(
        figure,
        str(severity),
        target,
        summarise(values),
        number=len(values),
        limited=len(values) >= MOST_CASES,
    )


def _value(part: float, running: bool, reported: datetime | None, now: datetime) -> Value:
    return Value(max(0.0, (now - reported).total_seconds()) if running and reported else part, running)


def _shares(figure: Figure, person: Person, now: datetime) -> list[Line]:
    rows = _measures(figure, person, now).order_by().values("group")
    if figure.older is not None:
        old = Q(reported_at__lt=now - figure.older)
        found = rows.annotate(n=Count("id"), p=Count("id", filter=old), w=Count("id"))
    else:
        found = rows.annotate(n=Count("id"), p=Sum("part"), w=Sum("whole"))
    by_group = {row["group"]: row for row in found}
    groups = sorted(by_group) if figure.by == "source" else [str(level) for level in sorted(figure.targets)]
    return [_share(figure, group, by_group.get(group)) for group in groups]


def _share(figure: Figure, group: str, row: Mapping[str, Any] | None) -> Line:
    target = (
        next(iter(figure.targets.values()), None) if figure.by == "source" else figure.targets[int(group)]
    )
    if row is None:
        return Line(figure, group, target, None)
    return Line(figure, group, target, None, row["p"], row["w"], int(row["n"]))


def _measures(figure: Figure, person: Person, now: datetime) -> QuerySet[Measure]:
    """Return what is kept of the figure. Figures are for who sees all cases of an organisation."""
    whole = [
        m.organisation_id
        for m in person.standing
        if REACH[m.role] == Reach.ALL and person.may(Deed.SEE_FIGURES, m.organisation_id)
    ]
    rule = Q(organisation_id=whole[0]) if len(whole) == 1 else Q(organisation_id__in=whole)
    rows = Measure.objects.filter(rule, figure=figure.name)
    if figure.older is None:
        rows = rows.filter(reported_at__gt=now - WINDOW)
    if figure.unit == "percent" and figure.older is None:
        rows = rows.filter(Q(counts_from=None) | Q(counts_from__lte=now))
    return rows


def behind(
    figure: Figure, person: Person, group: str, now: datetime | None = None, most: int = MOST_CASES
) -> list[Counted]:
    """Return the newest cases behind a line; of each case only what names it."""
    now = now or timezone.now()
    rows = _measures(figure, person, now).filter(group=group).select_related("case__organisation")
    rows = rows.defer(*_UNSEEN).order_by("-reported_at")
    return [_counted(figure, row, now) for row in rows[:most]]


def how_many(figure: Figure, person: Person, group: str) -> int:
    """Return how many cases are behind a line."""
    return _measures(figure, person, timezone.now()).filter(group=group).count()


def _counted(figure: Figure, row: Measure, now: datetime) -> Counted:
    target = figure.targets.get(row.case.severity, next(iter(figure.targets.values()), None))
    if figure.unit == "seconds":
        value = _value(row.part, row.running, row.reported_at, now)
        return Counted(
            row.case, value, row.part, row.whole, target, target is not None and value.seconds > target
        )
    part = float(row.reported_at < now - figure.older) if figure.older else row.part
    missed = part < row.whole if figure.above else part > 0
    if figure.unit != "percent":
        missed = target is not None and part < target
    return Counted(row.case, None, part, row.whole, target, missed)


def recounted(cases: Iterable[Case], now: datetime | None = None) -> list[str]:
    """Return what is kept otherwise than the timelines say; nothing when all of it holds."""
    from holdfast.desk.cases.clockwork import count, steps_of, story_of
    from holdfast.desk.cases.rulebook import rulebook
    from holdfast.desk.insight.figures import all_figures
    from holdfast.desk.insight.measuring import as_told, described

    now, wrong = now or timezone.now(), []
    for case in cases:
        steps = steps_of(case)
        clocks = count(case, rulebook(case.organisation), story_of(case, steps), now)
        told = as_told(case, steps, clocks)
        kept = {row.figure: row for row in Measure.objects.filter(case=case)}
        for figure in all_figures().values():
            found, row = figure.of(told, now), kept.get(figure.name)
            wanted = None if found is None else described(case, figure, found)
            if (row is None) != (wanted is None) or (row and wanted and _differs(row, wanted)):
                wrong.append(f"{case.key} {figure.name}")
    return wrong


def _differs(row: Measure, wanted: dict[str, object]) -> bool:
    return any(getattr(row, name) != value for name, value in wanted.items() if name != "case")
