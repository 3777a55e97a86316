"""The evidence is cited."""

from __future__ import annotations

from holdfast.desk.engineering.quality import Check, Gap, Looked, Subject, Verdict

LEAST = 2


class Evidence(Check):
    """Places an owner can open, and none that leads nowhere."""

    name = "evidence"
    place = 6
    title = "Evidence is cited"
    why = "A claim without its place is believed or not, never checked."
    part = "evidence"

    def look(self, subject: Subject) -> Looked:
        """Return how many places are named, and which lead nowhere."""
        cited = [one for found in subject.cited.values() for one in found]
        broken = sorted({one.said for one in cited if not one.address})
        good = {one.said for one in cited if one.evidence}
        if broken:
            gaps = [
                Gap(name, f"{one.said} leads nowhere")
                for name, places in subject.cited.items()
                for one in places
                if not one.address
            ]
            return Looked(Verdict.OPEN, f"leads nowhere: {', '.join(broken)}", tuple(gaps))
        if len(good) < LEAST:
            gap = (
                f"{len(good) or 'No'} place{'' if len(good) == 1 else 's'} in the evidence, at least {LEAST}"
            )
            return self.open(gap, gap, repair="cite the findings" if subject.known["evidence"] else "")
        return Looked(Verdict.MET, f"{len(good)} places, all open")

    def repair(self, subject: Subject) -> dict[str, str]:
        """Add the findings of the case."""
        lines = [*subject.lines("evidence"), *subject.known["evidence"].splitlines()]
        return {"evidence": "\n".join(dict.fromkeys(lines))}
