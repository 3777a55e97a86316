"""Version and environment are named."""

from __future__ import annotations

import re

from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict

_VERSION = re.compile(
    r"\bv?\d+(?:\.\d+)+\b|\b(?:version|image|build|tag|commit|release)\b\W{0,3}\S*\d", re.IGNORECASE
)


class Environment(Check):
    """Which version runs where, with the settings that matter."""

    name = "environment"
    place = 8
    title = "Version and environment"
    why = "The first thing an owner does is to check out that version."
    part = "environment"

    def look(self, subject: Subject) -> Looked:
        """Return whether a version is named."""
        text = subject.parts["environment"]
        found = _VERSION.search(text)
        if found:
            return Looked(Verdict.MET, found[0][:60])
        gap = "Version: not given" if text.strip() else "No environment: record one on the page Environments"
        known = subject.known["environment"]
        more = known and known not in text
        return self.open(gap, gap, repair="insert the recorded one" if more else "")

    def repair(self, subject: Subject) -> dict[str, str]:
        """Add the recorded environments."""
        lines = [*subject.lines("environment"), *subject.known["environment"].splitlines()]
        return {"environment": "\n".join(dict.fromkeys(lines))}
