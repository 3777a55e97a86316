"""The critical path: whatever was waited for, and its sum is the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.traces.shape import critical


def path(*spans: tuple[int, int, int]) -> list[int]:
    """The time each (parent, start, end) holds on the path."""
    columns = (np.array(column, np.int64) for column in zip(*spans, strict=True))
    return [int(held) for held in critical(*columns)]


def test_what_was_waited_for_in_turn_all_counts() -> None:
    assert path((-1, 0, 100), (0, 10, 40), (0, 50, 90)) == [30, 30, 40]


def test_of_two_at_once_the_longer_counts() -> None:
    assert path((-1, 0, 100), (0, 10, 40), (0, 10, 90)) == [20, 0, 80]


def test_a_call_within_a_call() -> None:
    assert path((-1, 0, 100), (0, 10, 90), (1, 20, 80)) == [20, 20, 60]


def test_what_goes_on_after_its_caller_counts_until_then() -> None:
    assert path((-1, 0, 100), (0, 60, 300)) == [60, 40]


def test_a_cycle_ends() -> None:
    assert len(path((1, 0, 10), (0, 0, 10))) == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 50), st.integers(0, 50)), max_size=9))
def test_the_path_is_as_long_as_the_request(rest: list[tuple[int, int, int]]) -> None:
    spans = [(-1, 0, 40)] + [
        (min(above, at), begun, begun + long) for at, (above, begun, long) in enumerate(rest)
    ]
    held = path(*spans)
    assert sum(held) == 40
    assert min(held) >= 0
