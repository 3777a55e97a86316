"""Nothing secret leaves."""

from __future__ import annotations

from collections import Counter

from holdfast.desk.engineering.quality import Check, Gap, Looked, Subject, Verdict
from holdfast.desk.vault.gate import find, is_secret, redacted


class Redaction(Check):
    """What the redaction's detectors find; whatever they find is replaced when it leaves."""

    name = "redacted"
    place = 7
    title = "Redacted"
    why = "Trackers are read by many. A secret is taken out and changed; names and addresses are replaced."
    part = "steps"

    def look(self, subject: Subject) -> Looked:
        """Return what will be replaced; a secret keeps the ticket."""
        found = find(subject.text, subject.case)
        secrets = sum(is_secret(one) for one in found)
        if secrets:
            gap = (
                f"{secrets} secret{'s' if secrets > 1 else ''} in the text: take it out, and have it changed"
            )
            where = next(
                (name for name, text in subject.parts.items() if self._has(subject, text)), self.part
            )
            return Looked(Verdict.OPEN, gap, (Gap(where, gap),), "replace it")
        kinds = Counter(one.kind.replace("_", " ") for one in found)
        told = ", ".join(
            f"{number} {kind}{'s' if number > 1 else ''}" for kind, number in kinds.most_common(4)
        )
        return Looked(Verdict.MET, f"{told} replaced when it leaves" if told else "nothing to replace")

    def _has(self, subject: Subject, text: str) -> bool:
        return any(is_secret(one) for one in find(text, subject.case))

    def repair(self, subject: Subject) -> dict[str, str]:
        """Replace what was found, in the draft too."""
        made = {name: redacted(text, subject.case) for name, text in subject.parts.items()}
        return {name: text for name, text in made.items() if text != subject.parts[name]}
