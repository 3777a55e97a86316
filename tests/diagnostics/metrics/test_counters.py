"""A counter speaks by its pace; what only looks like one stays as it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from holdfast.diagnostics.metrics.counters import PER_SECOND, paced
from holdfast.diagnostics.signals import Signal
from small_system import NOON, SECOND


def series(name: str, values: list[float], step: int = 10) -> Signal:
    times = NOON + np.arange(len(values)) * step * SECOND
    return Signal("a", name, times, np.array(values), "M1", samples=tuple(range(1, len(values) + 1)))


def test_a_counter_becomes_what_it_grew_by_a_second() -> None:
    made = paced(series("container_cpu_usage_seconds_total", [100, 105, 115, 115]))
    np.testing.assert_allclose(made.values, [np.nan, 0.5, 1.0, 0.0])
    assert made.unit == PER_SECOND
    assert made.samples == (1, 2, 3, 4)


def test_a_counter_that_starts_anew_loses_nothing() -> None:
    before, since = [900 + 50 * n for n in range(9)], [20, 70]
    made = paced(series("http_requests_total", [*before, *since]))
    np.testing.assert_allclose(made.values, [np.nan, *[5.0] * 8, 2.0, 5.0])


def test_a_gap_is_bridged() -> None:
    made = paced(series("http_requests_total", [10, float("nan"), 50]))
    np.testing.assert_allclose(made.values, [np.nan, np.nan, 2.0])


def test_a_gauge_named_like_a_counter_stays() -> None:
    gauge = series("jvm_threads_count", [20, 22, 19, 21])
    assert paced(gauge) is gauge


def test_two_samples_of_one_moment_tell_no_pace() -> None:
    same = series("http_requests_total", [10, 20, 30], step=0)
    assert not np.isfinite(paced(same).values).any()


@given(arrays.arrays(np.float64, st.integers(0, 30), elements=st.floats()))
def test_any_numbers_at_all_are_taken(values: np.ndarray) -> None:  # type: ignore[type-arg]
    one = series("things_total", list(values))
    made = paced(one)
    assert len(made.values) == len(one.values)
    if not (values < 0).any():
        assert not (made.values < 0).any()
