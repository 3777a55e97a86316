"""F6: whether customers hear in time."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class UpdateCadence(Figure):
    """Update cadence kept."""

    id = "F6"
    name = "update-cadence"
    title = "Update cadence kept"
    definition = (
        "Of the moments at which an update to the customer was due and that have passed, the share kept: met due"
        " points of the clock of the next update over all met and missed ones. Pauses of the clock are not due time."
    )
    unit = "percent"
    version = 1
    events = ("update",)
    targets: ClassVar[dict[int, float]] = {1: 95, 2: 95, 3: 95, 4: 95}
    above = True

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return met of judged due points."""
        due = [clock for clock in case.clocks if clock.rule.repeats]
        met = sum(clock.status == "met" for clock in due)
        missed = sum(clock.broke_at is not None for clock in due)
        return Share(met, met + missed) if met + missed else None
