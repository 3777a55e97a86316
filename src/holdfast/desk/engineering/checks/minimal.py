"""The reproduction is minimal."""

from __future__ import annotations

import re

from holdfast.desk.engineering.models import Reproduction
from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict

MOST = 8
_RUN = re.compile(r"^(\$|>|\d+[.)]\s|[-*]\s)")


class Minimal(Check):
    """Few enough steps that an owner runs them at once."""

    name = "minimal"
    place = 3
    title = "Reproduction is minimal"
    why = "Every step that could be dropped is one more thing that could be the cause."
    part = "steps"

    def look(self, subject: Subject) -> Looked:
        """Return whether there are at most eight steps or commands."""
        if not subject.parts["steps"].strip():
            if subject.run is not None and subject.run.outcome == Reproduction.Outcome.REPRODUCED:
                return Looked(Verdict.MET, "one command")
            return self.open("there are no steps yet")
        steps = [line for line in subject.lines("steps") if _RUN.match(line)] or subject.lines("steps")
        if len(steps) > MOST:
            gap = (
                f"{len(steps)} steps: drop those without which it still fails, until {MOST} or fewer are left"
            )
            return self.open(f"{len(steps)} steps, at most {MOST}", gap)
        return Looked(Verdict.MET, f"{len(steps)} step{'s' if len(steps) > 1 else ''}")
