"""Times and shares told more exactly than anybody knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import phrases

_PHRASES = phrases("false_precision")
_AHEAD = _PHRASES["ahead"][0]
_PAST = re.compile(r"\b(?:since|began|started|took|lasted|was|were|at the time|between|from)\b[^,;]*$", re.I)
_NEAR = 25
"""Characters within which a word that looks ahead may follow its figure."""
_ROUND, _SMALL = 5, 12
"""What a figure ahead is a multiple of; small spans are told as they are."""


class FalsePrecision(Rule):
    """Told more exactly than known."""

    name = "false_precision"
    title = "False precision"
    why = "It sounds more certain than it is. Round it to what you would bet on."

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return exact figures; of what lies ahead also times that are not round."""
        for pattern in _PHRASES["always"]:
            for match in pattern.finditer(sentence.text):
                yield self.hit(sentence, match.start(), match.end())
        agreed = any(pattern.search(sentence.text) for pattern in _PHRASES["agreed"])
        for pattern in () if agreed else _PHRASES["shares"]:
            for match in pattern.finditer(sentence.text):
                yield self.hit(sentence, match.start(), match.end())
        if not _AHEAD.search(sentence.text):
            return
        for pattern in _PHRASES["future"]:
            for match in pattern.finditer(sentence.text):
                if _odd(match) and _lies_ahead(sentence.text, match.start()):
                    yield self.hit(sentence, match.start(), match.end(), fixes=(_rounded(match),))


def _odd(match: re.Match[str]) -> bool:
    number = int(match["number"])
    of_the_clock = ":" in match.group() or "h" in match.group().lower()
    return number % _ROUND > 0 and (number > _SMALL or of_the_clock)


def _lies_ahead(text: str, start: int) -> bool:
    """Whether the figure stands by a word that looks ahead, and not in a clause about what was."""
    after = _AHEAD.search(text[start:])
    near = bool(_AHEAD.search(text[:start])) or (after is not None and after.start() < _NEAR)
    return near and not _PAST.search(text[:start])


def _rounded(match: re.Match[str]) -> str:
    near = str(_ROUND * round(int(match["number"]) / _ROUND)).rjust(len(match["number"]), "0")
    start, end = (place - match.start() for place in match.span("number"))
    return f"about {match.group()[:start]}{near}{match.group()[end:]}"
