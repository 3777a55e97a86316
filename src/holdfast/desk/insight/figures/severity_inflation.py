"""A4: who asks for more severity than is confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told


class SeverityInflation(Figure):
    """Severity inflation."""

    id = "A4"
    name = "severity-inflation"
    title = "Severity inflation, by source"
    definition = (
        "Of the cases whose severity a person confirmed, the share for which the source had asked for a worse one"
        " than the newest decision says. By the source the case came from."
    )
    unit = "percent"
    version = 1
    events = ("severity",)
    targets: ClassVar[dict[int, float]] = {1: 20}
    by = "source"

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return whether the source asked for more than was confirmed."""
        decided = [step.data["to"] for step in case.steps if step.data.get("field") == "severity"]
        asked = next(
            (s.data["severity"] for s in case.steps if isinstance(s.data.get("severity"), int)), None
        )
        if not decided or asked is None:
            return None
        return Share(float(asked < decided[-1]), 1)
