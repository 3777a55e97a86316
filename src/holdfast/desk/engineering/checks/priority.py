"""Priority and regression risk are argued."""

from __future__ import annotations

import re

from holdfast.desk.engineering.quality import Check, Gap, Looked, Subject, Verdict

_RISK = re.compile(r"\b(?:low|medium|high|none)\b", re.IGNORECASE)


class Priority(Check):
    """Why now, and what could break."""

    name = "priority"
    place = 11
    title = "Priority and risk are argued"
    why = "An owner weighs it against other work, and has to know what to test besides."
    part = "risk"

    def look(self, subject: Subject) -> Looked:
        """Return whether both have a reason."""
        gaps = []
        if "because" not in subject.parts["priority"].lower():
            gaps.append(Gap("priority", "No reason; write P1 because …"))
        if not _RISK.search(subject.parts["risk"]):
            gaps.append(Gap("risk", "Not judged; say low, medium or high, and where"))
        if not gaps:
            return Looked(Verdict.MET, f"P{subject.ticket.priority} with reasons")
        said = "; ".join(f"{gap.part}: {gap.says[0].lower()}{gap.says[1:]}" for gap in gaps)
        repair = "argue the priority" if gaps[0].part == "priority" else ""
        return Looked(Verdict.OPEN, said, tuple(gaps), repair)

    def repair(self, subject: Subject) -> dict[str, str]:
        """Argue the priority from the case; the risk is for a person to judge."""
        if "because" in subject.parts["priority"].lower():
            return {}
        return {"priority": subject.known["priority"]}
