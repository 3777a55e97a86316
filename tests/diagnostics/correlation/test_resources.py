"""A metric speaks against a component only where it moved as the same metric elsewhere did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from holdfast.diagnostics.correlation.resources import Shift, shifts
from holdfast.diagnostics.metrics.counters import paced
from holdfast.diagnostics.signals import Signal
from small_system import NOON, SECOND

NAMES = ("a", "b", "c", "d", "e", "f")


def series(name: str, of: str, before: float, after: float, seed: int = 1, spread: float = 1.0) -> Signal:
    noise = np.random.default_rng([seed, ord(of)]).normal(0, spread, 40)
    values = np.concatenate([np.full(20, before), np.full(20, after)]) + noise
    return Signal(of, name, NOON + np.arange(40) * 5 * SECOND, values, "M1", samples=tuple(range(1, 41)))


def found(signals: list[Signal], after: int = 20) -> list[Shift]:
    middle = NOON + after * 5 * SECOND
    return shifts([], signals, middle, middle + 3600 * SECOND)


def test_a_processor_that_fills_up_is_seen() -> None:
    signals = [series("cpu_percent", of, 20, 99 if of == "c" else 21) for of in NAMES]
    moved = [shift for shift in found(signals) if shift.score > 0]
    assert [shift.signal.component for shift in moved] == ["c"]
    assert moved[0].effect > 0.5
    assert abs(moved[0].before - 20) < 2
    assert moved[0].signal.times[moved[0].at] >= NOON + 100 * SECOND


def test_load_that_moves_all_moves_nobody() -> None:
    assert found([series("cpu_percent", of, 20, 60) for of in NAMES]) == []


def test_noise_is_not_a_shift() -> None:
    assert found([series("memory_bytes", of, 5e8, 5e8, spread=2e7) for of in NAMES]) == []


def test_what_is_suffered_and_not_used_up_is_not_looked_at() -> None:
    signals = [
        series("http_request_duration_seconds", of, 1, 9 if of == "c" else 1, spread=0.01) for of in NAMES
    ]
    assert found(signals) == []


def test_a_queue_that_fills_weighs_less_than_a_processor() -> None:
    queue = found([series("queue_depth", of, 20, 99 if of == "c" else 21) for of in NAMES])
    processor = found([series("cpu_percent", of, 20, 99 if of == "c" else 21) for of in NAMES])
    assert 0 < queue[0].effect < processor[0].effect


def growing(of: str, before: float, after: float) -> Signal:
    """A series that grows by `before` a sample, and by `after` from the ninth on."""
    one = series("disk_used_bytes", of, 0, 0)
    one.values[:] = 5.0 + np.cumsum(np.concatenate([np.full(8, before), np.full(32, after)]))
    return one


def test_what_goes_on_growing_as_it_did_has_not_shifted() -> None:
    pace = {of: 4.0 if of == "c" else 0.01 for of in NAMES}
    assert found([growing(of, pace[of], pace[of]) for of in NAMES], after=8) == []


def test_what_begins_to_grow_has() -> None:
    moved = found([growing(of, 0.01, 40.0 if of == "c" else 0.01) for of in NAMES], after=8)
    assert [shift.signal.component for shift in moved] == ["c"]


def counting(name: str, before: float, after: float, of: str) -> Signal:
    """A counter that has run for long and grows by so much a sample, and by another from the middle on."""
    one = series(name, of, before, after, spread=0.02)
    return paced(replace(one, values=1e6 + np.cumsum(np.abs(one.values))))


def test_a_counter_that_grows_faster_has_shifted() -> None:
    signals = [counting("container_cpu_usage_seconds_total", 1, 5 if of == "c" else 1, of) for of in NAMES]
    moved = [shift for shift in found(signals) if shift.score > 0]
    assert [shift.signal.component for shift in moved] == ["c"]
    assert 0.9 < moved[0].after < 1.1  # five seconds of processor in five seconds
    assert moved[0].effect > 0.5


def restarts(of: str, at: tuple[int, ...]) -> Signal:
    one = series("kube_pod_container_status_restarts_total", of, 0, 0, spread=0)
    return paced(replace(one, values=3.0 + np.isin(np.arange(40), at).cumsum()))


def test_restarts_are_seen_and_one_by_chance_is_not() -> None:
    again = [restarts(of, tuple(range(21, 40, 3)) if of == "c" else ()) for of in NAMES]
    assert [shift.signal.component for shift in found(again)] == ["c"]
    assert found([restarts(of, (25,) if of == "c" else ()) for of in NAMES]) == []


def test_gaps_and_short_series_are_no_trouble() -> None:
    gone = series("cpu_percent", "a", 20, 90)
    gone.values[:] = np.nan
    short = Signal("b", "cpu_percent", gone.times[:1], np.array([3.0]), "M1")
    assert found([gone, short]) == []


def yes(of: str, values: np.ndarray) -> Signal:  # type: ignore[type-arg]
    one = series("up", of, 0, 0)
    one.values[:] = values
    return one


def test_who_no_longer_answers_its_collector_is_seen_and_who_begins_to_is_not() -> None:
    always, stops = np.ones(40), np.repeat([1.0, 0.0], 20)
    signals = [yes(of, {"c": stops, "d": 1 - stops}.get(of, always)) for of in NAMES]
    moved = [shift for shift in found(signals) if shift.score > 0]
    assert [shift.signal.component for shift in moved] == ["c"]
    assert moved[0].effect > 0.5


def test_who_is_started_again_and_again_is_seen_though_it_answers_mostly() -> None:
    often = np.concatenate([np.ones(20), np.tile([0.0, 1.0, 1.0, 0.0], 5)])
    moved = [x for x in found([yes(of, often if of == "c" else np.ones(40)) for of in NAMES]) if x.score > 0]
    assert [shift.signal.component for shift in moved] == ["c"]


def test_a_series_that_rises_and_falls_by_itself_has_not_shifted_where_little_came_before() -> None:
    def saw(of: str) -> Signal:
        one = series("disk_used_bytes", of, 0, 0)
        one.values[:] = (np.arange(40) % 14) * (1e4 if of == "c" else 1.0) + 5.0
        return one

    assert found([saw(of) for of in NAMES], after=4) == []
