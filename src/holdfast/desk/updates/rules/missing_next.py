"""No word on when the next word comes, or one that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence, sentences
from holdfast.desk.updates.phrases import CLAUSE_ENDS, phrases

_PHRASES = phrases("missing_next")
_COVER = "·"


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
        if _timed(sentence.text):
            return
        text = _without_other(sentence.text)
        for pattern in _PHRASES["telling"]:
            for match in pattern.finditer(text):
                yield self.hit(sentence, match.start(), match.end())


def _timed(text: str) -> bool:
    """Whether a time is named for the telling: in its clause, or in one that says nothing else."""
    return any(
        _any(clause, "times") and (_any(clause, "telling") or not _any(clause, "saying"))
        for clause in CLAUSE_ENDS.split(text)
    )


def _without_other(text: str) -> str:
    """Return the text with what only sounds like telling covered, at the same places."""
    for pattern in _PHRASES["other"]:
        text = pattern.sub(lambda match: _COVER * len(match.group()), text)
    return text


def _speaks(text: str) -> bool:
    return "update" in text.lower() or _any(text, "telling")


def _any(text: str, group: str) -> bool:
    return any(pattern.search(text) for pattern in _PHRASES[group])
