"""F5: how much of the backlog is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class BacklogAge(Figure):
    """Backlog age."""

    id = "F5"
    name = "backlog-age"
    title = "Backlog older than 14 days"
    definition = "Of the cases that are open now, the share reported more than 14 days ago."
    unit = "percent"
    version = 1
    events = ("state",)
    targets: ClassVar[dict[int, float]] = {1: 10, 2: 10, 3: 10, 4: 10}
    older = timedelta(days=14)

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return that the case is in the backlog while it is open; its age is that of the moment one looks."""
        return Share(0, 1) if case.ended_at is None else None
