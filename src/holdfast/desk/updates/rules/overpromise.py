"""What nobody can promise: that it never happens again, that a fix is there at an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import phrases

_PHRASES = phrases("overpromise")
_DENIED = re.compile(
    r"\b(?:not able to|unable to|no one can|nobody can|cannot|can't|hard to|impossible to|too early to|do not|don't|"
    r"won't|will not)\b[^.,;]{0,40}$|\b(?:no|not|never)\s+(?:\w+\s+){0,2}$|\bwithout (?:a )?$",
    re.I,
)
_HEDGED = re.compile(
    r"\b(?:plan|aim|intend|expect (?!every)|hope|target|try|trying|estimate|whether|if|once|after)\b", re.I
)
_REPORT = re.compile(
    r"\b(?:updates?|inform(?:ed)?|report|write|let you know|news|call you|contact|share (?:findings|results))\b",
    re.I,
)


class Overpromise(Rule):
    """What nobody can promise."""

    name = "overpromise"
    title = "Overpromise"
    why = "Nobody can know this. Say what is being done, and when you will say more."
    blocks = True

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return promises that are not denied; a time for an update is a promise that can be kept."""
        for group, patterns in _PHRASES.items():
            for pattern in patterns:
                for match in pattern.finditer(sentence.text):
                    if not self._passes(sentence.text, match, dated=group == "dated"):
                        yield self.hit(sentence, match.start(), match.end(), fixes=(_INSTEAD[group],))

    def _passes(self, text: str, match: re.Match[str], *, dated: bool) -> bool:
        if _DENIED.search(text[: match.start()]):
            return True
        return dated and bool(_HEDGED.search(text[: match.end()]) or _REPORT.search(match.group()))


_INSTEAD = {
    "sure": "we are watching it closely",
    "dated": "we are working on it, and will report what we find",
}
