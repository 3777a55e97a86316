"""Messages are grouped: words are counted in their own column of their own group."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np

from holdfast.diagnostics.logs import read_log
from holdfast.diagnostics.logs.induction import LARGE, RARE, by_group, counted, rare_words
from holdfast.diagnostics.logs.matching import Ints, Words
from holdfast.diagnostics.logs.tokens import F_SEPARATOR, VARIABLE

SERVERS = (
    "atlas",
    "borea",
    "castor",
    "delphi",
    "erebus",
    "faunus",
    "gaia",
    "hesper",
    "icarus",
    "juno",
    "leto",
)


def test_a_word_is_rare_by_its_own_column_of_its_own_group() -> None:
    rng = np.random.default_rng(4)
    groups = rng.choice(np.array([7, 8, 9], np.uint64), LARGE * 9)
    bounds: Ints = np.arange(0, len(groups) * 4 + 1, 4)
    hashes: Words = np.where(
        rng.random(len(groups) * 4) < 0.7, 77, rng.integers(1, 60, len(groups) * 4)
    ).astype(np.uint64)
    flags = np.zeros(len(hashes), np.uint8)
    flags[2::4] = F_SEPARATOR
    first, sizes = counted(groups)
    rare = rare_words(hashes, flags, bounds, by_group(first, sizes), sizes)
    cells = list(
        zip(
            np.repeat(groups, 4).tolist(),
            np.tile(np.arange(4), len(groups)).tolist(),
            hashes.tolist(),
            strict=True,
        )
    )
    times = Counter(cells)
    expected = [
        column != 2 and word != VARIABLE and times[cell] <= RARE
        for cell in cells
        for _, column, word in [cell]
    ]
    assert rare.tolist() == expected
    assert 0 < sum(expected) < len(expected) // 2


def test_messages_of_different_lengths_are_never_one_group(tmp_path: Path) -> None:
    # once a mark further ahead in a shorter message counted like one further back in a longer one
    path = tmp_path / "pairs.log"
    path.write_text(
        "".join(
            f"2026-03-01 10:00:00,000 INFO {text}\n"
            for one, other in product(SERVERS, SERVERS)
            for text in (f"{one} : {other} finished copying", f"linked {one} : {other}")
        )
    )
    table = read_log(path)
    assert {(template.text, template.count) for template in table.templates} == {
        ("<*> : <*> finished copying", 121),
        ("linked <*> : <*>", 121),
    }
