"""What nobody can promise: that it never happens again, that a fix is there at an hour; and money."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import CLAUSE_ENDS, phrases

_PHRASES = phrases("overpromise")
_INSTEAD = {
    "vouched": "We are watching it closely",
    "sure": "We are watching it closely",
    "dated": "We are working on it, and will report what we find",
    "money": "Your account manager will talk to you about it",
}
"""The groups of phrases that promise, with other words for each; the other groups let one pass."""


class Overpromise(Rule):
    """What nobody can promise."""

    name = "overpromise"
    title = "Overpromise"
    why = "Nobody can know this. Say what is being done, and when you will say more."
    blocks = True
    instead = "We are working on it, and will report what we find"

    def excuses(self, sentence: Sentence, facts: Facts) -> bool:  # noqa: ARG002
        """Whether it promises, and takes that back."""
        return any(_taken_back(sentence.text, match) for _, match in _promises(sentence.text))

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return promises that are not denied; a time for an update is a promise that can be kept."""
        for group, match in _promises(sentence.text):
            if not _passes(sentence.text, match, group):
                yield self.whole(sentence, match.group(), self.why, _INSTEAD[group])
                return


def _promises(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for group in _INSTEAD:
        for pattern in _PHRASES[group]:
            for match in pattern.finditer(text):
                yield group, match


def _taken_back(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()].rstrip()
    begun = max((end.end() for end in CLAUSE_ENDS.finditer(before)), default=0)
    if _any("disclaimed", text[begun : match.end()]):
        return True
    return _any("asked", text) or _any("denied", before) or _any("doubted", before[begun:])


def _passes(text: str, match: re.Match[str], group: str) -> bool:
    words = match.group()
    if _taken_back(text, match):
        return True
    if _any("firm", words) and _any("report", text):
        return True
    if group == "sure":
        return _any("observed", text) and not _any("will", text)
    if group == "money":
        return _any("perhaps", text)
    if group != "dated":
        return False
    upto, after = text[: match.end()], text[match.end() :]
    clause = CLAUSE_ENDS.split(upto)[-1]
    past = clause if _any("present", clause) else upto  # “was cut at ten and repaired at noon”
    told = _any("past", past) and not _any("will", past)
    return told or _any("hedged", upto) or _any("trailing", after) or _any("report", words)


def _any(group: str, text: str) -> bool:
    return any(pattern.search(text) for pattern in _PHRASES[group])
