"""The order of work, policy 1: severity, then who has heard nothing yet, then age.

Points grow by one a day for every case, so the order between two cases changes only when one of
them changes. That is what allows it to be one stored, indexed number: the moment at which the case
would have had no points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.cases.models import Case

POLICY = 1
SEVERITY_POINTS = {1: 60, 2: 40, 3: 20, 4: 5}
UNACKNOWLEDGED_POINTS = 25
NO_OWNER_POINTS = 5
_DAY = 86_400
ACKNOWLEDGE_WITHIN = {
    1: timedelta(minutes=15),
    2: timedelta(hours=1),
    3: timedelta(hours=4),
    4: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a case's points."""

    points: int
    text: str


def standing(case: Case) -> int:
    """Return the sort key: smaller is sooner."""
    fixed = sum(reason.points for reason in _fixed(case))
    return int(case.reported_at.timestamp()) - fixed * _DAY


def reasons(case: Case, now: datetime | None = None) -> list[Reason]:
    """Return what gives the case its place, the strongest first."""
    days = ((now or timezone.now()) - case.reported_at).days
    aging = [Reason(days, f"open for {days} d")] if days > 0 else []
    return sorted([*_fixed(case), *aging], key=lambda reason: -reason.points)


def _fixed(case: Case) -> list[Reason]:
    parts = [Reason(SEVERITY_POINTS[case.severity], f"Sev {case.severity}")]
    if case.acknowledged_at is None:
        parts.append(Reason(UNACKNOWLEDGED_POINTS, "not acknowledged"))
    if case.owner_id is None:
        parts.append(Reason(NO_OWNER_POINTS, "no owner"))
    return parts


@dataclass(frozen=True, slots=True)
class Clock:
    """Time left of a promise; a bar shows what is left."""

    name: str
    due: datetime
    left: timedelta
    share: float
    """What is left of the whole, 0..1."""

    @property
    def tone(self) -> str:
        """`over`, `low` under 30 % left, or nothing."""
        if self.left < timedelta(0):
            return "over"
        return "low" if self.share < 0.3 else ""


def clock(case: Case, now: datetime | None = None) -> Clock | None:
    """Return the next clock to break, None when none runs."""
    if case.acknowledged_at is not None or not case.open:
        return None
    whole = ACKNOWLEDGE_WITHIN[case.severity]
    due = case.reported_at + whole
    left = due - (now or timezone.now())
    return Clock("acknowledge", due, left, max(0.0, min(1.0, left / whole)))
