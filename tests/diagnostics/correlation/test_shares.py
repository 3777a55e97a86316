"""Differences of shares are claimed only as far as the counts carry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.correlation.shares import bounds, surely_more

counts = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: (min(pair), max(pair)))


def test_known_wilson_bounds() -> None:
    low, high = bounds(10, 20)
    assert float(low) == pytest.approx(0.2993, abs=1e-4)
    assert float(high) == pytest.approx(0.7007, abs=1e-4)


def test_nothing_counted_says_nothing() -> None:
    low, high = bounds(0, 0)
    assert (float(low), float(high)) == (0.0, 1.0)
    assert float(surely_more(5, 5, 0, 0)) == 0.0


def test_few_calls_prove_less_than_many() -> None:
    few, many = float(surely_more(3, 3, 0, 3)), float(surely_more(300, 300, 0, 300))
    assert few < 0.1
    assert many > 0.95


def test_many_shares_are_compared_at_once() -> None:
    more = surely_more(np.array([50, 0]), np.array([50, 50]), np.array([0, 50]), np.array([50, 50]))
    assert more.shape == (2,)
    assert more[0] > 0.8
    assert more[1] == 0.0


@given(counts, counts)
def test_never_more_than_the_difference_seen(one: tuple[int, int], other: tuple[int, int]) -> None:
    (k1, n1), (k0, n0) = one, other
    claimed = float(surely_more(k1, n1, k0, n0))
    assert 0.0 <= claimed <= 1.0
    if n1 and n0:
        assert claimed <= max(k1 / n1 - k0 / n0, 0.0) + 1e-9


@given(counts)
def test_equal_shares_never_differ(one: tuple[int, int]) -> None:
    k, n = one
    assert float(surely_more(k, n, k, n)) == 0.0
