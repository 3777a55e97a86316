"""F11: what customers say it was like."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class Satisfaction(Figure):
    """Satisfaction after escalation."""

    id = "F11"
    name = "satisfaction"
    title = "Satisfaction after escalation"
    definition = "The mean of the scores that customers gave in the survey after closing, 1 to 5."
    unit = "of 5"
    version = 1
    events = ("satisfaction",)
    targets: ClassVar[dict[int, float]] = {1: 4.2, 2: 4.2, 3: 4.2}
    above = True

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return the sum of the case's scores and how many there are."""
        scores = [step.data["satisfaction"] for step in case.steps if "satisfaction" in step.data]
        return Share(float(sum(scores)), float(len(scores))) if scores else None
