"""The impact is in numbers."""

from __future__ import annotations

import re

from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict

_NUMBER = re.compile(
    r"\b\d[\d\u202f,.]*\s*(?:of|out of|/)\s*\d|\b\d[\d\u202f,.]*\s*"
    r"(?:users?|requests?|customers?|tenants?|%|\u00a0?[A-Z]{3}\b)"
)
_MONEY = re.compile(
    r"revenue|\b\d[\d\u202f,.]*[\s\u00a0](?:EUR|USD|GBP|CHF|JPY|[A-Z]{3}) an hour|money", re.IGNORECASE
)


class Impact(Check):
    """How many of how many, whether there is a way round it, and for the severe what it costs."""

    name = "impact"
    place = 4
    title = "Impact in numbers"
    why = "Without a number it waits behind tickets that have one."
    part = "impact"

    def look(self, subject: Subject) -> Looked:
        """Return what is missing: a number, the workaround, the cost where it is severe."""
        text = subject.parts["impact"]
        gaps = []
        if not _NUMBER.search(text):
            gaps.append("How many, of how many: not given")
        if "workaround" not in text.lower():
            gaps.append("Workaround: not given")
        if subject.case.severity <= 2 and not _MONEY.search(text):
            gaps.append("Revenue at risk: not given")
        if not gaps:
            return Looked(
                Verdict.MET, "numbers, workaround" + (", cost" if subject.case.severity <= 2 else "")
            )
        return self.open(
            "; ".join(gaps), *gaps, repair="insert what the case knows" if self._more(subject) else ""
        )

    def repair(self, subject: Subject) -> dict[str, str]:
        """Add the lines of the case that are not there yet."""
        more = self._more(subject)
        return {"impact": "\n".join([*subject.lines("impact"), *more])} if more else {}

    def _more(self, subject: Subject) -> list[str]:
        here = subject.lines("impact")
        return [line for line in subject.known["impact"].splitlines() if line not in here]
