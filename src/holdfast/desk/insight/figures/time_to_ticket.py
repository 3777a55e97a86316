"""F12: how long until engineering has a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from holdfast.desk.clocks.story import Mark
from holdfast.desk.insight.figure import Figure, Told, Value


class TimeToTicket(Figure):
    """Escalation to ticket."""

    id = "F12"
    name = "time-to-ticket"
    title = "Escalation to engineering ticket"
    definition = (
        "From the report to the first ticket that its tracker took, was noted as filed elsewhere, or is shared with"
        " another case, even if it was withdrawn later. An open case whose ticket was begun, or whose clock of the"
        " ticket runs, counts with its time so far; a case in which nothing points to a defect says nothing."
    )
    version = 1
    events = ("ticketed", "ticket")
    targets: ClassVar[dict[int, float]] = {1: 2 * 3600, 2: 86_400}

    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the time to the first ticket, still running while one is due or begun."""
        first = case.story.first(Mark.TICKETED)
        if first is not None:
            return Value((first.at - case.reported_at).total_seconds(), running=False)
        due = any(clock.rule.name == "ticket" and clock.runs for clock in case.clocks)
        begun = any("ticket" in step.data for step in case.steps)
        if case.ended_at is not None or not (due or begun):
            return None
        return Value((now - case.reported_at).total_seconds(), running=True)
