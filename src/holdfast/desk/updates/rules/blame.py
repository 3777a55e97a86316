"""Fingers pointed at the customer, a colleague, a team or a vendor."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import phrases

_PHRASES = phrases("blame")["phrases"]


class Blame(Rule):
    """A finger pointed at somebody."""

    name = "blame"
    title = "Blame"
    why = "It points at somebody. Say what happened and what changes, without who."

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return words that blame."""
        for pattern in _PHRASES:
            for match in pattern.finditer(sentence.text):
                yield self.hit(sentence, match.start(), match.end())
