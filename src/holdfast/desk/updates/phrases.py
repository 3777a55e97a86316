"""The words rules go by, kept as data: families of words in `rules/families.yaml`, phrases in `rules/<name>.yaml`.

A phrase is a row of words and families: `{us} {will} ... {tell}`. `{name}` stands for one of a family, `...` for a few
words of the same clause; the rest is a regular expression, in which an apostrophe is a straight or a curly one. A gap
is bounded, so a sentence is read in linear time.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent / "rules"
_NAME = re.compile(r"\{([a-z_]+)\}")
CLAUSE_ENDS = re.compile(r"[,;()–—]|:(?!\d)| - |\b(?:and|but|while|though|although|yet|so)\b(?! far)", re.I)
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


def words(rule: str, group: str) -> list[str]:
    """Return a rule's list of plain words."""
    read: dict[str, list[str]] = yaml.safe_load((_FOLDER / f"{rule}.yaml").read_text("utf-8"))
    return read[group]
