"""F8: what comes back after it was resolved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from holdfast.desk.clocks.story import DONE
from holdfast.desk.insight.figure import Figure, Share, Told

WITHIN = timedelta(days=14)


class Reopened(Figure):
    """Reopened."""

    id = "F8"
    name = "reopened"
    title = "Reopened"
    definition = (
        "Of the cases first resolved at least 14 days ago, the share that was open again within 14 days of it."
        " Younger ones do not count yet: they would look good by construction."
    )
    unit = "percent"
    version = 1
    events = ("state",)
    targets: ClassVar[dict[int, float]] = {1: 8, 2: 8, 3: 8, 4: 8}

    def of(self, case: Told, now: datetime) -> Share | None:  # noqa: ARG002
        """Return whether it came back, counting from when its time is over."""
        states = case.story.states
        first = next((place for place, state in enumerate(states) if state.value in DONE), None)
        if first is None:
            return None
        again = next((state for state in states[first + 1 :] if state.value not in DONE), None)
        back = again is not None and again.at <= states[first].at + WITHIN
        return Share(float(back), 1, states[first].at + WITHIN)
