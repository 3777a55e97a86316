"""The reproduction runs."""

from __future__ import annotations

import re

from holdfast.desk.engineering.models import Reproduction as Run
from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict

_COMMAND = re.compile(
    r"^(\$|>|#\s*\w|\d+[.)]\s|curl\b|kubectl\b|psql\b|grep\b|python\b|docker\b|http\b|[-*]\s)", re.M
)
_OFTEN = re.compile(r"\b\d+\s*(?:of|out of|/)\s*\d+\b|\b(?:every time|always)\b", re.IGNORECASE)


class Reproduction(Check):
    """Steps or commands to run, and how often they fail."""

    name = "reproduction"
    place = 2
    title = "Reproduction runs"
    why = "A fault nobody can see again is sent back, or guessed at."
    part = "steps"

    def look(self, subject: Subject) -> Looked:
        """Return whether there is something to run, and how often it fails; what the desk ran itself counts first."""
        run = subject.run
        if run is not None and run.outcome == Run.Outcome.REPRODUCED:
            return Looked(Verdict.MET, f"{run.line}: {run.told}"[:200])
        if run is not None:
            gap = f"{run.line} did not show the fault: {run.get_outcome_display().lower()}, {run.told}"
            return self.open("the last run did not show it", gap[:400])
        text, cited = subject.parts["steps"], subject.cited["steps"]
        if not text.strip():
            gap = "No steps. A test that shows the fault, in the ledger of hypotheses, fills them"
            known = "take the test that shows it" if subject.known["steps"] else ""
            return self.open("there is nothing to run", gap, repair=known)
        if not _COMMAND.search(text):
            gap = "Nothing to run: number the steps, or begin commands with $"
            return self.open("no step and no command", gap)
        tests = [one.said for one in cited if one.said.startswith("T") and one.address]
        often = _OFTEN.search(text)
        if not tests and not often:
            gap = "How often does it fail? Such as 5 of 5"
            return self.open("it is not said how often it fails", gap)
        return Looked(Verdict.MET, f"shown by {tests[0]}" if tests else often[0] if often else "")

    def repair(self, subject: Subject) -> dict[str, str]:
        """Take the test that shows the fault."""
        return {} if subject.parts["steps"].strip() else {"steps": subject.known["steps"]}
