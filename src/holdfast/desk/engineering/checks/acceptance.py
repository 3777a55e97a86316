"""The acceptance criteria can be tested."""

from __future__ import annotations

import re

from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict

_TESTABLE = re.compile(r"\d|[`$“\"']\S|\b(?:no|none|every|each|all|zero|never)\b", re.IGNORECASE)


class Acceptance(Check):
    """Each line can be found true or false by somebody else."""

    name = "acceptance"
    place = 5
    title = "Acceptance can be tested"
    why = "What is done is what both sides can see; else it comes back."
    part = "acceptance"

    def look(self, subject: Subject) -> Looked:
        """Return which criteria have no number, no command and no quoted result."""
        lines = subject.lines("acceptance")
        if not lines:
            repair = "suggest from what changed" if subject.known["acceptance"] else ""
            return self.open("there is no criterion", "No criterion: when is it done?", repair=repair)
        vague = [place for place, line in enumerate(lines, 1) if not _TESTABLE.search(line)]
        if vague:
            gaps = tuple(f"Criterion {place} has no number, command or quoted result" for place in vague)
            more = [line for line in subject.known["acceptance"].splitlines() if line not in lines]
            return self.open("; ".join(gaps), *gaps, repair="suggest from what changed" if more else "")
        return Looked(Verdict.MET, f"{len(lines)} criteri{'a' if len(lines) > 1 else 'on'}")

    def repair(self, subject: Subject) -> dict[str, str]:
        """Put what the case suggests in the place of vague criteria."""
        kept = [line for line in subject.lines("acceptance") if _TESTABLE.search(line)]
        return {"acceptance": "\n".join(dict.fromkeys([*kept, *subject.known["acceptance"].splitlines()]))}
