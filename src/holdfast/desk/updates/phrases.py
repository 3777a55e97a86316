"""The words rules go by, kept as data: families of words in `rules/families.yaml`, phrases in `rules/<name>.yaml`.

A phrase is a row of words and families: `{us} {will} ... {tell}`. `{name}` stands for one of a family, `...` for a few
words of the same clause; the rest is a regular expression, in which an apostrophe is a straight or a curly one. A gap
is bounded, so a sentence is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent / "rules"
_NAME = re.compile(r"\{([a-z_]+)\}")
CLAUSE_ENDS = re.compile(
    r"[,;()–—]|:(?!\d)| - |\b(?:and|but|while|though|although|(?<!not )(?<!n't )(?<!n’t )yet|so)\b(?! far)",
    re.I,
)
_NAMED, _SOMEBODY = "ꞏ", "ꟃ"
"""Stand in a text, as often as it is long, for a name the case knows, and for anybody; phrases call them {named} and
{somebody}. Who is meant is found once, and not by each phrase anew."""
_GAP = r"\b[^.;:!?]{0,60}?\b"


@cache
def _families() -> dict[str, str]:
    read: dict[str, list[str]] = yaml.safe_load((_FOLDER / "families.yaml").read_text("utf-8"))
    found: dict[str, str] = {}
    for name, words in read.items():  # a family may use those above it
        found[name] = f"(?:{'|'.join(_NAME.sub(lambda match: found[match[1]], word) for word in words)})"
    return found


def compiled(phrase: str) -> re.Pattern[str]:
    """Return a phrase as a pattern; matched without regard to case, and for whole words."""
    text = _NAME.sub(lambda match: _families()[match[1]], phrase).replace(" ... ", _GAP).replace("'", "['’]")
    return re.compile(rf"(?:(?<!\w)|(?=\W))(?:{text})(?:(?!\w)|(?<=\W))", re.I)


def phrases(rule: str) -> dict[str, list[re.Pattern[str]]]:
    """Return a rule's groups of phrases."""
    read: dict[str, list[str]] = yaml.safe_load((_FOLDER / f"{rule}.yaml").read_text("utf-8"))
    read.pop("plain", None)
    return {group: [compiled(line) for line in lines] for group, lines in read.items()}


@cache
def words(rule: str, group: str) -> list[str]:
    """Return a rule's list of plain words."""
    read: dict[str, list[str]] = yaml.safe_load((_FOLDER / f"{rule}.yaml").read_text("utf-8"))
    return read[group]


@lru_cache(maxsize=64)
def short(people: tuple[str, ...]) -> tuple[str, ...]:
    """Return what people are called for short: the first name, the first two, the last; no ordinary words."""
    given = words("internal_name", "given")
    found = dict.fromkeys(
        part
        for parts in map(str.split, people)
        if len(parts) > 1
        for part in (parts[0], parts[-1], " ".join(parts[:2]))
    )
    return tuple(part for part in found if part[:1].isupper() and part not in given)


def named(text: str, names: Iterable[str]) -> str:
    """Return the text with each name the case knows covered, at the same places."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _NAMED * len(name), text)
    return text


def found(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """Return where phrases match; those that ask for somebody look at the text with everybody covered."""
    for pattern in patterns:
        yield from pattern.finditer(_peopled(text) if _SOMEBODY in pattern.pattern else text)


@lru_cache(maxsize=64)
def _peopled(text: str) -> str:
    """Return the text with all who are spoken of covered, at the same places."""
    return _persons().sub(lambda match: _SOMEBODY * len(match.group()), text)


@cache
def _persons() -> re.Pattern[str]:
    return compiled("{persons}")
