"""Checking an update before it is sent. A rule looks at sentences; each hit says the words, why, and a way out.

Rules are for English and go by wording, so they explain themselves; how often they are right is measured on sentences
written for it, some of them never looked at while the rules were made (`tests/desk/updates`).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import ClassVar

from holdfast.desk.updates.phrases import short
from holdfast.desk.updates.weighing import DOUBTFUL, SURE, weigh

MOST_CHARACTERS = 20_000
LONGEST = 1_000
"""Characters of a sentence that are read at once. A longer one is read in pieces, so that the work grows with the text
and no faster, whatever stands in it."""
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text, from start up to end, and what they are."""

    start: int
    end: int
    what: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the case knows, against which a text is held."""

    confirmed: tuple[str, ...] = ()
    """Claims of hypotheses that were confirmed."""
    internal: tuple[str, ...] = ()
    """Names of our components and people, and of other customers, that outsiders are not told."""
    people: tuple[str, ...] = ()
    """Names of ours and theirs who are on the case, for whoever points at them."""
    vendors: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    """Names they know: the customer's, the product's, the case's key."""
    next_at: datetime | None = None
    """When the next update comes, as the form says."""
    now: datetime | None = None
    secrets: Callable[[str], Iterable[Span]] = lambda _: ()
    personal: Callable[[str], Iterable[Span]] = lambda _: ()

    @property
    def of_wording(self) -> Facts:
        """What a sentence by itself is held against."""
        return Facts(self.confirmed, self.internal, self.people, self.vendors, self.public)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that should not be sent as it is."""

    rule: str
    start: int
    end: int
    words: str
    why: str
    fixes: tuple[str, ...] = ()
    """Ready replacements for the words."""
    blocks: bool = False
    """Whether it cannot be kept with a reason."""

    @property
    def said(self) -> str:
        """The words and why, in one sentence."""
        return f"“{self.words}”: {self.why}" if self.words else self.why


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it begins in the text."""

    start: int
    text: str


class Rule(ABC):
    """One rule. A subclass in `rules/` is registered by being there."""

    registry: ClassVar[dict[str, type[Rule]]] = {}
    name: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    """Why it matters, as the writer reads it."""
    blocks: ClassVar[bool] = False
    instead: ClassVar[str] = ""
    """Other words for a whole sentence."""

    def __init_subclass__(cls) -> None:
        if cls.name in Rule.registry:
            raise ValueError(f"two rules are called {cls.name}")
        Rule.registry[cls.name] = cls

    def excuses(self, sentence: Sentence, facts: Facts) -> bool:  # noqa: ARG002
        """Whether the case knows what makes a sentence right, however it is worded."""
        return False

    def look(self, text: str, facts: Facts) -> Iterator[Hit]:
        """Return the hits in a whole text."""
        for sentence in sentences(text):
            for hit in read_sentence(self, sentence.text, facts.of_wording):
                yield replace(hit, start=hit.start + sentence.start, end=hit.end + sentence.start)

    @abstractmethod
    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return the hits in one sentence."""

    def hit(
        self, sentence: Sentence, start: int, end: int, why: str = "", fixes: tuple[str, ...] = ()
    ) -> Hit:
        """Return a hit on characters of a sentence."""
        begun = sentence.start + start
        words = sentence.text[start:end]
        return Hit(self.name, begun, begun + end - start, words, why or self.why, fixes, self.blocks)

    def whole(self, sentence: Sentence, words: str, why: str, instead: str) -> Hit:
        """Return a hit on a whole sentence, for words that cannot be replaced without it."""
        return self.hit(sentence, *_bare(sentence.text), f"“{words}”: {why}", (instead,))

    def sounds(self, sentence: Sentence, words: str) -> Hit:
        """Return a hit on a sentence that says it in words of its own; those that weigh most are shown."""
        why = f"It sounds like it by “{words}”. {self.why}"
        return self.hit(sentence, *_bare(sentence.text), why, (self.instead,))


def _bare(text: str) -> tuple[int, int]:
    start = len(text) - len(text.lstrip())
    return start, max(start, len(text.rstrip(" .!?\t\r")))


@lru_cache(maxsize=1024)
def read_sentence(rule: Rule, text: str, facts: Facts) -> tuple[Hit, ...]:
    """Return a rule's hits in a sentence; while somebody writes, most of a text stays as it was checked before."""
    sentence = Sentence(0, text)
    hits = tuple(rule.read(sentence, facts))
    if rule.name not in SURE:
        return hits
    share, words = weigh(
        rule.name, text, (*facts.people, *short(facts.people), *facts.vendors, *facts.internal)
    )
    if hits:
        return hits if share > DOUBTFUL else ()
    if share > SURE[rule.name] and not rule.excuses(sentence, facts):
        return (rule.sounds(sentence, words),)
    return ()


def sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences; a line's end ends one too, and so does a length nobody reads."""
    found = (piece for match in _SENTENCE.finditer(text) for piece in _pieces(match.start(), match.group()))
    return [one for one in found if one.text.strip()]


def _pieces(start: int, text: str) -> Iterator[Sentence]:
    """Return a sentence, or what it is cut into at its blanks where it is too long."""
    at = 0
    while len(text) - at > LONGEST:
        blank = text.rfind(" ", at + 1, at + LONGEST)
        end = blank if blank > at else at + LONGEST
        yield Sentence(start + at, text[at:end])
        at = end
    yield Sentence(start + at, text[at:])


@cache
def all_rules() -> dict[str, Rule]:
    """Return one of each rule by its name, those that block first."""
    from holdfast.desk.updates import rules

    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    return {
        name: kind()
        for name, kind in sorted(Rule.registry.items(), key=lambda one: (not one[1].blocks, one[0]))
    }


def check(text: str, facts: Facts) -> list[Hit]:
    """Return what is wrong with a text, the gravest first; a text too long to check is cut and says so."""
    hits: list[Hit] = []
    for rule in all_rules().values():
        hits += rule.look(text[:MOST_CHARACTERS], facts)
    if len(text) > MOST_CHARACTERS:
        why = f"Only the first {MOST_CHARACTERS} characters are checked; an update this long is not read."
        hits.append(Hit("length", MOST_CHARACTERS, len(text), "", why, blocks=True))
    return sorted(_apart(hits, text), key=lambda hit: (not hit.blocks, hit.start))


def _apart(hits: list[Hit], text: str) -> list[Hit]:
    """Make one of hits of a rule that overlap; words that are not repeated stay so."""
    found: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (one.rule, one.start, -one.end)):
        last = found[-1] if found else None
        if last is None or last.rule != hit.rule or hit.start >= last.end or hit.end == hit.start:
            found.append(hit)
        elif hit.end > last.end:
            words = text[last.start : hit.end] if last.words else ""
            found[-1] = replace(last, end=hit.end, words=words)
    return found
