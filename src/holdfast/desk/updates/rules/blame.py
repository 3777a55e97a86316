"""Fingers pointed at the customer, a colleague, a team or a vendor."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import found, named, phrases, short

_PHRASES = phrases("blame")


class Blame(Rule):
    """A finger pointed at somebody."""

    name = "blame"
    title = "Blame"
    why = "It points at somebody. Say what happened and what changes, without who."

    instead = "We know what has to change, and are working on it"

    def excuses(self, sentence: Sentence, facts: Facts) -> bool:
        """Whether it is our own side that is blamed, by us, or nobody."""
        text = _named(sentence, facts)
        return any(pattern.search(text) for pattern in _PHRASES["ours"])

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return words that blame; our own side may be blamed by us."""
        if self.excuses(sentence, facts):
            return
        text = _named(sentence, facts)
        for match in found(_PHRASES["pointed"], text):
            yield self.hit(sentence, match.start(), match.end())


def _named(sentence: Sentence, facts: Facts) -> str:
    return named(sentence.text, facts.people + short(facts.people) + facts.vendors)
