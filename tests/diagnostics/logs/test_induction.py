"""Messages are grouped: words are counted in their own column of their own group."""

from __future__ import annotations

import numpy as np

from holdfast.diagnostics.logs.induction import rare_words
from holdfast.diagnostics.logs.memory import PRIME


def test_a_word_is_not_counted_with_that_of_the_next_column_of_another_group() -> None:
    word, other = np.uint64(77), np.uint64(78)
    # keys of groups that differ by one token only are as far apart as columns were once taken to be
    group = np.uint64(5) * PRIME
    groups = np.array([group, group, group + PRIME, group + PRIME], np.uint64)
    hashes = np.array([other, word, other, word, word, other, word, other], np.uint64)
    spans, bounds = np.zeros((8, 3), np.int64), np.arange(0, 9, 2)
    rare = rare_words(hashes, spans, bounds, groups)
    assert rare[[1, 3, 4, 6]].all()
