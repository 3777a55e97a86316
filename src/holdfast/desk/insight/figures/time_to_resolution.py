"""F4: how long until a resolution that the customer confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.clocks.story import Mark
from holdfast.desk.insight.figure import Figure, Told, Value


class TimeToResolution(Figure):
    """Time to resolution."""

    id = "F4"
    name = "time-to-resolution"
    title = "Time to resolution, confirmed by the customer"
    definition = (
        "From the report to the resolution that the customer confirmed. Until they do, or after it was reopened,"
        " the case counts with its time so far. Cases closed without the customer's word have another ending and"
        " are not counted, nor are cases merged into another, which is counted for them."
    )
    version = 2
    events = ("state", "confirmation", "resolution")
    targets: ClassVar[dict[int, float]] = {1: 2 * 86_400, 2: 5 * 86_400, 3: 14 * 86_400, 4: 30 * 86_400}

    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the time to the confirmed resolution, still running while there is none."""
        story = case.story
        if story.merged:
            return None
        held = story.reached(Mark.RESOLVED)
        after = [step for step in case.steps if held is not None and step.position > held.position]
        endings = [step.data["confirmation"] for step in after if "confirmation" in step.data]
        word = "customer" in endings or any(step.data.get("resolution") == "confirmed" for step in after)
        if held is None or not (word or endings):
            return Value((now - case.reported_at).total_seconds(), running=True)
        return Value((held.at - case.reported_at).total_seconds(), running=False) if word else None
