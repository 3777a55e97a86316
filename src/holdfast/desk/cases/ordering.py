"""The order of work: points of a versioned policy, kept as one indexed number.

Points grow by the same amount a day for every case, so the order between two cases changes only when
one of them changes or a threshold passes. That is what allows it to be one stored number: the moment at
which the case would have had no points. Thresholds that pass by themselves (a clock, days of silence)
are looked after by the round in `watching`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.cases.policy import QueueOrderValue

_DAY = 86_400
CLOCK_TITLES = {
    "acknowledge": "acknowledge", "diagnose": "initial diagnosis", "mitigate": "mitigation",
    "resolve": "resolution", "update": "customer update", "ticket": "engineering ticket", "review": "review",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a case's points."""

    points: int
    text: str


def place(case: Case, policy: QueueOrderValue, now: datetime) -> None:
    """Set the case's points without age, and its sort key: smaller is sooner."""
    case.points = sum(reason.points for reason in fixed(case, policy, now))
    case.standing = int(case.reported_at.timestamp()) - case.points * _DAY // policy.aging


def reasons(case: Case, policy: QueueOrderValue, now: datetime | None = None) -> list[Reason]:
    """Return what gives the case its place, the strongest first."""
    now = now or timezone.now()
    days = (now - case.reported_at).days
    aging = [Reason(days * policy.aging, f"open for {days} d")] if days > 0 else []
    return sorted([*fixed(case, policy, now), *aging], key=lambda reason: -reason.points)


def fixed(case: Case, policy: QueueOrderValue, now: datetime) -> list[Reason]:
    """Return the parts that do not grow with age."""
    parts = [Reason(policy.severity[case.severity], f"Sev {case.severity}")]
    if case.acknowledged_at is None:
        parts.append(Reason(policy.not_acknowledged, "not acknowledged"))
    if case.owner_id is None:
        parts.append(Reason(policy.no_owner, "no owner"))
    if case.disputed:
        parts.append(Reason(policy.disputed, "severity disputed"))
    parts += [
        _clock(case, policy),
        _blast(case, policy.blast),
        *_impact(case, policy),
        _silence(case, policy, now),
    ]
    return [part for part in parts if part.points]


def _clock(case: Case, policy: QueueOrderValue) -> Reason:
    percent = case.clock_percent
    name = CLOCK_TITLES.get(case.next_clock, case.next_clock) or "a clock"
    text = f"{name} over its time" if percent >= 100 else f"{name} {percent} % used"
    return Reason(_step(policy.clock, percent), text)


def _blast(case: Case, blast: object) -> Reason:
    numbers = {name: len(case.scope.get(name, ())) for name in ("customers", "tenants", "regions")}
    points = sum(getattr(blast, name) * (number - 1) for name, number in numbers.items() if number > 1)
    told = ", ".join(f"{number} {name}" for name, number in numbers.items() if number > 1)
    return Reason(min(points, getattr(blast, "most")), told)  # noqa: B009


def _impact(case: Case, policy: QueueOrderValue) -> list[Reason]:
    answers = case.criteria
    revenue = answers.get("revenue_at_risk")
    revenue = revenue if isinstance(revenue, int) else 0
    return [
        Reason(_step(policy.revenue, revenue), f"revenue at risk {revenue:,} a month".replace(",", "\u202f")),
        Reason(policy.security if answers.get("security") else 0, "security"),
        Reason(policy.regulation if answers.get("regulation") else 0, "regulation"),
    ]


def _silence(case: Case, policy: QueueOrderValue, now: datetime) -> Reason:
    days = (now - case.touched_at) // timedelta(days=1)
    return Reason(_step(policy.untouched, days), f"untouched for {days} d")


def _step(steps: Mapping[int, int], value: int) -> int:
    return max((points for least, points in steps.items() if value >= least), default=0)


@dataclass(frozen=True, slots=True)
class NextClock:
    """The clock that breaks next, as the queue shows it: read from the case, no timeline needed."""

    name: str
    due: datetime
    left: timedelta
    share: float
    """What is left of the whole, 0..1, by the wall clock."""

    @property
    def tone(self) -> str:
        """`over`, `low` under 30 % left, or nothing."""
        if self.left < timedelta(0):
            return "over"
        return "low" if self.share < 0.3 else ""


def clock(case: Case, now: datetime | None = None) -> NextClock | None:
    """Return the next clock to break, None when none runs."""
    if case.next_due_at is None or case.next_clock_from is None:
        return None
    whole = case.next_due_at - case.next_clock_from
    left = case.next_due_at - (now or timezone.now())
    name = CLOCK_TITLES.get(case.next_clock, case.next_clock)
    return NextClock(name, case.next_due_at, left, max(0.0, min(1.0, left / whole)) if whole else 0.0)
