"""No word on when the next word comes, or one that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence, sentences
from holdfast.desk.updates.phrases import phrases

_PHRASES = phrases("missing_next")


class MissingNext(Rule):
    """Nobody is told when the next update comes."""

    name = "missing_next"
    title = "Next update"
    why = "The reader cannot tell when to expect more. Name the time, with its zone."
    blocks = True

    def look(self, text: str, facts: Facts) -> Iterator[Hit]:
        """Return empty words, and the end of a text that names no time at all."""
        yield from super().look(text, facts)
        if facts.next_at is not None:
            if facts.now is not None and facts.next_at <= facts.now:
                yield Hit(
                    self.name, len(text), len(text), "", "The next update would be in the past.", blocks=True
                )
            return
        if not any(_speaks(one.text) and _any(one.text, "times") for one in sentences(text)):
            yield Hit(
                self.name, len(text), len(text), "", f"No time of the next update. {self.why}", blocks=True
            )

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return words that promise news at no time."""
        if _any(sentence.text, "times") or _any(sentence.text, "other"):
            return
        for pattern in _PHRASES["telling"]:
            for match in pattern.finditer(sentence.text):
                yield self.hit(sentence, match.start(), match.end())


def _speaks(text: str) -> bool:
    return "update" in text.lower() or _any(text, "telling")


def _any(text: str, group: str) -> bool:
    return any(pattern.search(text) for pattern in _PHRASES[group])
