"""The rows of the queue as HTML. A team looks at the same cases all day, so a row is drawn once for what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils import timezone

from holdfast.desk.cases.ordering import Reason
from holdfast.desk.queue.queries import Row

KEPT = 4096
"""Rows kept drawn in each process, some 1.5 kB each."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a row shows, and so all that its HTML depends on."""

    place: int
    key: str
    title: str
    severity: int
    state: str
    waits: bool
    of: str
    """Whose case it is: the customer, else the organisation."""
    area: str
    component: str
    reasons: tuple[Reason, ...]
    points: int
    lifted: bool
    clock: str
    due: str
    """ISO 8601; empty when no clock runs."""
    left: timedelta
    share: float
    tone: str
    blocked_on: str
    blocked: timedelta
    """Since how long."""
    next_step: str
    owner: str
    initials: str
    age: timedelta
    inside: bool
    """For somebody of the team."""
    may_assign: bool


def drawn(rows: Sequence[Row], *, inside: bool, may_assign: bool) -> list[str]:
    """Return each row's HTML for somebody with these rights."""
    return [_drawn(_shown(row, inside=inside, may_assign=may_assign)) for row in rows]


@lru_cache(KEPT)
def _drawn(shown: Shown) -> str:
    return render_to_string("queue/_row.html", {"row": shown})


def _shown(row: Row, *, inside: bool, may_assign: bool) -> Shown:
    case, clock, now = row.case, row.clock, timezone.now()
    return Shown(
        place=row.place,
        key=case.key,
        title=case.title,
        severity=case.severity,
        state=case.get_state_display(),
        waits=case.state == "waiting",
        of=case.customer.name if case.customer else case.organisation.name,
        area=case.area,
        component=case.component,
        reasons=tuple(row.reasons),
        points=row.points,
        lifted=row.lifted,
        clock=clock.name if clock else "",
        due=clock.due.isoformat() if clock else "",
        left=_as_shown(clock.left) if clock else timedelta(),
        share=round(clock.share, 3) if clock else 0,
        tone=clock.tone if clock else "",
        blocked_on=case.blocked_on,
        blocked=_as_shown(now - case.blocked_at) if case.blocked_at else timedelta(),
        next_step=case.next_step,
        owner=case.owner.title if case.owner else "",
        initials=case.owner.initials if case.owner else "",
        age=_as_shown(now - case.reported_at),
        inside=inside,
        may_assign=may_assign,
    )


def _as_shown(length: timedelta) -> timedelta:
    """Cut what nobody is shown: seconds within an hour, else minutes."""
    part = timedelta(seconds=1) if abs(length) < timedelta(hours=1) else timedelta(minutes=1)
    return length // part * part if length >= timedelta() else -(-length // part * part)
