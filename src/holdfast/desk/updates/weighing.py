"""A second reader beside the phrases: how a sentence is worded, weighed against sentences that people labelled.

Phrases find what somebody thought of; a weight for each word, row of words and part of a word also knows what is like
it. The weights are data (`rules/weights.npy`), made by `python -m benchmarks.checker_weights` from the labelled
sentences of the tests. A linear model explains itself: the words that weigh most are shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

Array = np.ndarray[Any, Any]
WEIGHTS = Path(__file__).parent / "rules" / "weights.npy"
SURE = {"blame": 0.5, "overpromise": 0.65, "speculation": 0.6}
"""The rules whose ways to say it nobody lists, one row of the weights each, and the share above which a sentence is hit
though no phrase is in it; what stops has to be surer."""
RULES = tuple(SURE)
BUCKETS = 1 << 15
"""Features share this many weights by their hash; the last column after them is what a sentence weighs by itself."""
DOUBTFUL = 0.05
"""The share below which a phrase is not believed."""
_WORD = re.compile(r"\w[\w'’-]*|[^\w\s]")
_NUMBERS = (
    (re.compile(r"\d{1,2}:\d{2}"), "0:00"),
    (re.compile(r"\d+[.,]\d+"), "0.0"),
    (re.compile(r"\d+"), "0"),
)
_ROWS, _PARTS, _SHOWN = (1, 2, 3), (3, 4, 5), 3


def words_of(text: str, names: Sequence[str]) -> list[str]:
    """Return a sentence's words in small letters, names and numbers made alike."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "Xname", text)
    for pattern, alike in _NUMBERS:
        text = pattern.sub(alike, text)
    return ["^", *(word.lower().replace("’", "'") for word in _WORD.findall(text)), "$"]


@dataclass(frozen=True, slots=True)
class Features:
    """What of a sentence is weighed; of each feature its bucket, its value, and the words it is of."""

    words: list[str]
    buckets: Array
    values: Array
    first: Array
    last: Array


@lru_cache(maxsize=256)
def features(text: str, names: tuple[str, ...]) -> Features:
    """Return the features of a sentence: rows of words and parts of words, each sort of the same length in all."""
    words = words_of(text, names)
    rows = {" ".join(words[i : i + n]): (i, i + n) for n in _ROWS for i in range(len(words) - n + 1)}
    parts = {
        f" {word} "[k : k + n]: (at, at + 1)
        for at, word in enumerate(words)
        for n in _PARTS
        for k in range(len(word) + 3 - n)
    }
    found = [(f"w{row}", rows[row], len(rows)) for row in rows] + [
        (f"c{one}", parts[one], len(parts)) for one in parts
    ]
    places = np.array([place for _, place, _ in found])
    return Features(
        words,
        np.array([crc32(feature.encode()) % BUCKETS for feature, _, _ in found]),
        np.array([number**-0.5 for _, _, number in found]),
        places[:, 0],
        places[:, 1],
    )


def weigh(rule: str, text: str, names: tuple[str, ...]) -> tuple[float, str]:
    """Return the share of sentences worded like this that the rule should hit, and the words that weigh most."""
    weights, of = _weights()[RULES.index(rule)], features(text, names)
    each = weights[of.buckets] * of.values
    sums = np.zeros(len(of.words) + 1)  # what each word adds to the one before it
    np.add.at(sums, of.first, each / (of.last - of.first))
    np.add.at(sums, of.last, -each / (of.last - of.first))
    told = np.cumsum(sums[:-1])
    most = sorted(np.argsort(told)[-_SHOWN:].tolist())
    shown = " … ".join(of.words[at] for at in most if of.words[at] not in "^$" and told[at] > 0)
    return float(1 / (1 + np.exp(-each.sum() - weights[BUCKETS]))), shown


@cache
def _weights() -> Array:
    weights: Array = np.load(WEIGHTS, allow_pickle=False)
    return weights.astype(np.float64)
