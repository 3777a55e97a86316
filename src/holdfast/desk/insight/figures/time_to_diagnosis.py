"""F2: how long until a validated hypothesis or fault domain."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.clocks.story import Mark
from holdfast.desk.insight.figure import Figure, Told, Value


class TimeToDiagnosis(Figure):
    """Time to initial diagnosis."""

    id = "F2"
    name = "time-to-diagnosis"
    title = "Time to initial diagnosis"
    definition = (
        "From the report to the first entry that names a validated hypothesis or fault domain, even if it was"
        " refuted later. A case resolved without one says nothing; an open one counts with its time so far."
    )
    version = 1
    events = ("diagnosed",)
    targets: ClassVar[dict[int, float]] = {1: 90 * 60, 2: 4 * 3600, 3: 48 * 3600}

    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the time to the first diagnosis, still running while there is none."""
        first = case.story.first(Mark.DIAGNOSED)
        if first is None and case.ended_at is not None:
            return None
        return Value(((first.at if first else now) - case.reported_at).total_seconds(), running=first is None)
