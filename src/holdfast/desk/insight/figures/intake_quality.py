"""F16: how good what was filed was, by source."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class IntakeQuality(Figure):
    """Intake quality."""

    id = "F16"
    name = "intake-quality"
    title = "Intake quality, by source"
    definition = (
        "Points of 100 by the intake rubric for what was there when an engineer acknowledged, the mean over the"
        " cases scored. By the source the case came from; a case not acknowledged does not count yet."
    )
    unit = "percent"
    version = 1
    events = ("intake_score",)
    targets: ClassVar[dict[int, float]] = {1: 70}
    above = True
    by = "source"

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return the points as a share of 100; the first score counts."""
        points = next((step.data["intake_score"] for step in case.steps if "intake_score" in step.data), None)
        return None if points is None else Share(points / 100, 1)
