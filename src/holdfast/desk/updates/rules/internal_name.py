"""Names outsiders are not told: components, hosts, people, tickets, channels, places in code.

A component may be called by an ordinary word (`ordinary` in the data). Such a name counts only where it is used as one:
quoted or written as code, or beside a word for what it is, as in “the orders service”.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence
from holdfast.desk.updates.phrases import short

_READ = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
_SHAPES = [
    (
        re.compile(one["pattern"], re.I if one.get("any_case") else re.NOFLAG),
        re.compile(one.get("unless", r"(?!)"), re.I),
        one["is"],
    )
    for one in _READ["shapes"]
]
_VALUES = [re.compile(line, re.I) for line in _READ["values"]]
_COVER = "·"
_NEVER = frozenset(_READ["never"])
_ORDINARY = frozenset(_READ["ordinary"])
_KINDS = "|".join(_READ["kinds"])
_FIRST = frozenset(_READ["first"])
_DOES = "|".join(_READ["does"])
_SHORTEST = 3


class InternalName(Rule):
    """A name outsiders are not told."""

    name = "internal_name"
    title = "Internal name"
    why = "Outsiders do not know this name, and need not. Say what it does for them."

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return names of the case's components and people, and what has the shape of one."""
        known = {name.lower() for name in facts.public}
        text = sentence.text
        lowered = text.lower()
        for name in (*facts.internal, *_parts(facts.people, facts.internal)):
            if name.lower() not in lowered or name.lower() in known or len(name) < _SHORTEST:
                continue
            for match in _used(name, exactly=name not in facts.internal).finditer(text):
                yield self.hit(sentence, *match.span(), f"`{name}` is a name of ours. {self.why}")
        for name in _given(facts.people, facts.internal):
            for match in _doing(name).finditer(text):
                yield self.hit(
                    sentence, match.start(), match.start() + len(name), f"`{name}` works here. {self.why}"
                )
        text = _without_values(text)
        for pattern, unless, what in _SHAPES:
            for match in pattern.finditer(text):
                words = match.group()
                if words.upper() in _NEVER or words.lower() in known or unless.search(text[: match.start()]):
                    continue
                yield self.hit(sentence, *match.span(), f"This is {what}. {self.why}")


def _without_values(text: str) -> str:
    """Return the text with the values of secrets covered, at the same places."""
    for pattern in _VALUES:
        for match in pattern.finditer(text):
            start, end = match.span("value")
            text = text[:start] + _COVER * (end - start) + text[end:]
    return text


@lru_cache(maxsize=4096)
def _used(name: str, *, exactly: bool) -> re.Pattern[str]:
    """Return where a name stands as one."""
    word = re.escape(name)
    if name.lower() in _ORDINARY or name.lower().removesuffix("s") in _ORDINARY:
        beside = rf"\b{word}[- ](?:{_KINDS})s?\b|\b(?:{_KINDS})s?(?: called| named|:)? {word}(?![\w-])"
        return re.compile(rf"[`\"“']{word}[`\"”']|{beside}", re.I)
    return re.compile(rf"(?<![\w-]){word}(?![\w-])", re.NOFLAG if exactly else re.I)


@lru_cache(maxsize=4096)
def _doing(name: str) -> re.Pattern[str]:
    """Return where a first name that is a word too does something, as only somebody does."""
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?= (?:{_DOES})\b)")


def _given(people: tuple[str, ...], internal: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first names of ours that are words too."""
    return tuple(
        first for first in (name.split()[0] for name in people if name in internal) if first in _FIRST
    )


def _parts(people: tuple[str, ...], internal: tuple[str, ...]) -> tuple[str, ...]:
    known = frozenset(internal)
    return tuple(part for part in short(tuple(name for name in people if name in known)) if part not in known)
