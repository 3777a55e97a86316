"""F7: whether what is filed with engineering can be worked on as it is."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.insight.figure import Figure, Share, Told

TAKEN, RETURNED = {"accepted", "fixed"}, {"sent_back", "disputed"}


class FirstPass(Figure):
    """Tickets accepted at first pass."""

    id = "F7"
    name = "ticket-first-pass"
    title = "Tickets accepted at first pass"
    definition = (
        "Of the tickets filed from a case and judged by their owner, the share accepted or fixed that was never sent"
        " back and never disputed, also not after it was accepted. A ticket nobody has judged yet does not count, nor"
        " does one that was withdrawn before, nor one that a case only shares."
    )
    unit = "percent"
    version = 1
    events = ("ticket", "outcome")
    targets: ClassVar[dict[int, float]] = {1: 80, 2: 80, 3: 80, 4: 80}
    above = True

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return how many of the judged tickets passed at first."""
        said: dict[int, set[str]] = {}
        for step in case.steps:
            if "ticket" in step.data and "outcome" in step.data:
                said.setdefault(step.data["ticket"], set()).add(step.data["outcome"])
        judged = [words for words in said.values() if words & (TAKEN | RETURNED)]
        passed = sum(not words & RETURNED for words in judged)
        return Share(passed, len(judged)) if judged else None
