"""Fingers pointed at the customer, a colleague, a team or a vendor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import phrases

_PHRASES = phrases("blame")
_NAMED = "ꞏ"
"""Stands in a text, as often as it is long, for a name the case knows; phrases call it {named}."""


class Blame(Rule):
    """A finger pointed at somebody."""

    name = "blame"
    title = "Blame"
    why = "It points at somebody. Say what happened and what changes, without who."

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return words that blame; our own side may be blamed by us."""
        text = _named(sentence.text, facts.people + facts.vendors)
        if any(pattern.search(text) for pattern in _PHRASES["ours"]):
            return
        for pattern in _PHRASES["pointed"]:
            for match in pattern.finditer(text):
                yield self.hit(sentence, match.start(), match.end())


def _named(text: str, names: tuple[str, ...]) -> str:
    """Return the text with each name the case knows covered, at the same places."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _NAMED * len(name), text)
    return text
