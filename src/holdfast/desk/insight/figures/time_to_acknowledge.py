"""F1: how long until an engineer says they have it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Told, Value


class TimeToAcknowledge(Figure):
    """Time to acknowledge."""

    id = "F1"
    name = "time-to-acknowledge"
    title = "Time to acknowledge"
    definition = (
        "From the moment the case was reported to the first entry by which an engineer acknowledged it."
        " Cases nobody has acknowledged count with the time they have waited so far."
    )
    version = 1
    events = ("acknowledged",)
    targets: ClassVar[dict[int, float]] = {1: 15 * 60, 2: 3600, 3: 4 * 3600, 4: 24 * 3600}

    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the time waited, still running while nobody acknowledged."""
        first = next((step.happened_at for step in case.steps if step.data.get("acknowledged")), None)
        if first is None and case.ended_at is not None:
            return None
        waited = (first or now) - case.reported_at
        return Value(max(0.0, waited.total_seconds()), running=first is None)
