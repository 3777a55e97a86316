"""F3: how long until the first mitigation that held."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.clocks.story import Mark
from holdfast.desk.insight.figure import Figure, Told, Value


class TimeToMitigation(Figure):
    """Time to mitigation."""

    id = "F3"
    name = "time-to-mitigation"
    title = "Time to mitigation"
    definition = (
        "From the report to the first mitigation that held, even if it was rolled back later. A case that was"
        " mitigated or resolved in another way counts up to that; an open one without either counts with its"
        " time so far. It is the moment at which the clock to mitigate stops for the first time."
    )
    version = 1
    events = ("mitigated", "resolved")
    targets: ClassVar[dict[int, float]] = {1: 4 * 3600, 2: 8 * 3600, 3: 5 * 86_400}

    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the time to the first mitigation, still running while there is none."""
        first = case.story.first(Mark.MITIGATED)
        if first is None and case.ended_at is not None:
            return None
        return Value(((first.at if first else now) - case.reported_at).total_seconds(), running=first is None)
