"""Expected and actual are two observations."""

from __future__ import annotations

from holdfast.desk.engineering.quality import Check, Gap, Looked, Subject, Verdict


class Observations(Check):
    """Two things that were seen, each with its place; what should be so by somebody's opinion is a debate."""

    name = "observations"
    place = 1
    title = "Expected and actual are two observations"
    why = "An owner compares what was seen before with what is seen now, and opens both."
    part = "actual"

    def look(self, subject: Subject) -> Looked:
        """Return whether both are there, and both name a place in the evidence."""
        gaps = [Gap(name, self._lacks(subject, name)) for name in ("expected", "actual")]
        gaps = [gap for gap in gaps if gap.says]
        if not gaps:
            return Looked(Verdict.MET, "both have a place")
        said = "; ".join(f"{gap.part}: {gap.says[0].lower()}{gap.says[1:]}" for gap in gaps)
        known = subject.known["expected"] and subject.known["actual"]
        return Looked(Verdict.OPEN, said, tuple(gaps), "take both from the diagnosis" if known else "")

    def _lacks(self, subject: Subject, name: str) -> str:
        if not subject.parts[name].strip():
            return "Nothing was observed" if name == "actual" else "Nothing to compare with"
        if any(one.evidence for one in subject.cited[name]):
            return ""
        return "No place in the evidence: name a finding or a line, such as F-03 or route.log:54"

    def repair(self, subject: Subject) -> dict[str, str]:
        """Put what the diagnosis shows before what was written."""
        return {
            name: "\n".join(dict.fromkeys([*subject.known[name].splitlines(), *subject.lines(name)]))
            for name in ("expected", "actual")
            if not any(one.evidence for one in subject.cited[name])
        }
