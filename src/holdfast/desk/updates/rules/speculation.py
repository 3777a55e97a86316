"""Causes nobody has confirmed, told as guesses or as facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import CLAUSE_ENDS, found, named, phrases, short, words

_PHRASES = phrases("speculation")
_COVER = "·"
_AFTERTHOUGHT = re.compile(r"\s*(?:we|i) (?:think|believe|guess|assume|suspect|reckon|suppose)\W*$", re.I)
"""Is part of the clause it follows: “two hours more, we think”."""
_WORD = re.compile(r"[a-z][a-z0-9-]{3,}", re.I)
_PLAIN = frozenset(words("speculation", "plain"))
"""Words that say nothing about which cause it is."""


class Speculation(Rule):
    """A cause nobody has confirmed."""

    name = "speculation"
    title = "Speculation"
    why = "No confirmed hypothesis of the case says this. Say what was seen, or wait until it is confirmed."

    instead = "The cause is under investigation"

    def excuses(self, sentence: Sentence, facts: Facts) -> bool:
        """Whether a confirmed hypothesis speaks of it."""
        return _known(sentence.text, facts)

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return guesses, and causes told as facts that no confirmed hypothesis speaks of."""
        if self.excuses(sentence, facts):
            return
        text = named(sentence.text, facts.people + short(facts.people) + facts.vendors)
        clauses = _clauses(text)
        for match in _found(text, "guesses"):
            if not any(_any(clauses(match.start()), group) for group in ("unknown", "effects", "matters")):
                yield self.hit(sentence, match.start(), match.end())
        if _any(text, "ordinary"):
            return
        text = _without_unnamed(text)
        told = [match for match in _found(text, "cause") if _says(match)]
        for match in [*told, *_found(text, "told")]:
            if not any(_any(clauses(match.start()), group) for group in ("unknown", "looking")):
                why = "This is told as the cause, and no confirmed hypothesis of the case speaks of it."
                yield self.whole(sentence, sentence.text[slice(*match.span())], why, self.instead)
                return


def _clauses(text: str) -> Callable[[int], str]:
    """Return what gives the clause at a place: what one of them leaves open, another may still claim."""
    ends = (match.end() for match in CLAUSE_ENDS.finditer(text))
    cuts = [0, *(end for end in ends if not _AFTERTHOUGHT.match(text, end)), len(text)]
    return lambda place: next(
        (text[start:end] for start, end in pairwise(cuts) if start <= place < end), text
    )


def _without_unnamed(text: str) -> str:
    """Return the text with causes that are only said to be known covered, at the same places."""
    for pattern in _PHRASES["unnamed"]:
        text = pattern.sub(lambda match: _COVER * len(match.group()), text)
    return text


def _says(match: re.Match[str]) -> bool:
    """Whether a cause is named, and not only spoken of."""
    told = [text for text in match.groupdict().values() if text is not None]
    return not told or any(_WORD.search(text) or not text.isascii() for text in told)


def _found(text: str, group: str) -> Iterator[re.Match[str]]:
    return found(_PHRASES[group], text)


def _any(text: str, group: str) -> bool:
    return any(pattern.search(text) for pattern in _PHRASES[group])


def _known(text: str, facts: Facts) -> bool:
    """Whether a confirmed claim shares at least two telling words with the sentence, or all it has."""
    mine = _telling(text)
    return any(len(mine & _telling(claim)) >= min(2, len(_telling(claim))) > 0 for claim in facts.confirmed)


def _telling(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _PLAIN
