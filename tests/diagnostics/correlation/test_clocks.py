"""Clocks that are off are set right by what must lie within what, and only those."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.visits import visits
from holdfast.diagnostics.traces.spans import CONSUMER, PRODUCER, SpanBuilder, join
from small_system import MS, NOON, SECOND, SmallSystem, healthy


def shifted(evidence: Evidence, instance: str, by: int) -> Evidence:
    off = pl.when(pl.col("instance") == instance).then(by).otherwise(0)
    return replace(
        evidence,
        spans=evidence.spans.with_columns(pl.col("start") + off, pl.col("end") + off),
        records=evidence.records.with_columns(pl.col("time") + off),
    )


def starts(evidence: Evidence) -> dict[str, int]:
    return dict(zip(evidence.spans["span"], evidence.spans["start"], strict=True))


def test_good_clocks_are_left_alone() -> None:
    evidence = healthy()
    right, offsets = corrected(evidence)
    assert offsets == {}
    assert right.spans.select("start", "end").equals(evidence.spans.select("start", "end"))
    assert right.records.equals(evidence.records)


def test_a_clock_that_runs_ahead_is_found_and_set_back() -> None:
    right, offsets = corrected(shifted(healthy(), "stock-0", 90 * SECOND))
    assert set(offsets) == {"stock-0"}
    assert abs(offsets["stock-0"] + 90 * SECOND) < SECOND
    true = starts(healthy())
    assert max(abs(time - true[span]) for span, time in starts(right).items()) < SECOND


def test_a_clock_that_runs_behind_too() -> None:
    _, offsets = corrected(shifted(healthy(), "users-0", -40 * SECOND))
    assert abs(offsets["users-0"] - 40 * SECOND) < SECOND


def test_time_on_the_network_is_not_mistaken_for_a_clock() -> None:
    slow = SmallSystem(fault="slow_ways", since=0.0).evidence()
    assert corrected(slow)[1] == {}


def test_a_log_in_another_zone_is_set_against_the_spans_of_the_same_traces() -> None:
    evidence = healthy()
    local = pl.when(pl.col("component") == "orders").then(8 * 3600 * SECOND).otherwise(0)
    right, _ = corrected(replace(evidence, records=evidence.records.with_columns(pl.col("time") + local)))
    moved = (
        right.records.filter(pl.col("component") == "orders")["time"]
        - evidence.records.filter(pl.col("component") == "orders")["time"]
    )
    assert moved.abs().max() < SECOND  # type: ignore[operator]


def test_nothing_is_corrected_where_there_is_nothing() -> None:
    assert corrected(Evidence())[1] == {}


def test_one_clock_is_right_in_all_traces_though_most_instances_of_some_share_another() -> None:
    ahead = healthy()
    for instance in ("gateway-0", "orders-0", "stock-0"):
        ahead = shifted(ahead, instance, 90 * SECOND)
    true, right = starts(healthy()), starts(corrected(ahead)[0])
    assert max(abs(time - true[span]) for span, time in right.items()) < SECOND


def test_a_log_without_trace_ids_has_the_clock_of_the_spans_of_its_instance() -> None:
    ahead = shifted(healthy(), "stock-0", 90 * SECOND)
    of_stock = pl.col("component") == "stock"
    untraced = ahead.records.with_columns(
        pl.when(of_stock).then(pl.lit("")).otherwise("trace").alias("trace")
    )
    right, _ = corrected(replace(ahead, records=untraced))
    apart = right.records.filter(of_stock)["time"] - healthy().records.filter(of_stock)["time"]
    assert apart.abs().max() < SECOND  # type: ignore[operator]


def test_a_log_that_another_clock_stamps_is_left_alone() -> None:
    ahead = shifted(healthy(), "stock-0", 90 * SECOND)
    right, _ = corrected(replace(ahead, records=healthy().records))
    apart = right.records["time"] - healthy().records["time"]
    assert apart.abs().max() < SECOND  # type: ignore[operator]


def messages(lag: list[int], parked: int = 0) -> Evidence:
    """Return traces of a message each, taken so many milliseconds later by somebody `parked` ns ahead."""
    spans = SpanBuilder()
    for number, late in enumerate(lag):
        at, trace = NOON + number * SECOND, f"{number:032x}"
        begun = at + late * MS + parked
        spans.add(trace, "a", "", "hub", "post", at, at + MS, kind=PRODUCER, instance="hub-0")
        spans.add(trace, "b", "a", "mill", "take", begun, begun + MS, kind=CONSUMER, instance="mill-0")
    return Evidence(spans=join([("A1", spans.table())]).frame)


def test_messages_that_are_all_equally_late_are_a_clock_and_a_backlog_is_none() -> None:
    assert set(corrected(messages([3, 9, 4, 5, 3, 7, 2, 8], 90 * SECOND))[1]) == {"mill-0"}
    assert corrected(messages([n * 5000 for n in range(1, 9)]))[1] == {}


def test_a_clock_that_is_off_in_the_baseline_too_accuses_nobody() -> None:
    before, now = (
        shifted(side, "orders-0", 90 * SECOND) for side in (healthy(), SmallSystem(seed=3).evidence())
    )
    assert corrected(now)[0].spans.filter("wrong_clock")["component"].unique().to_list() == ["orders"]
    assert _wrong(corrected(before)[0], corrected(now)[0]) == set()


def test_a_clock_that_is_off_only_now_is_told() -> None:
    before, now = (
        shifted(side, "search-0", 90 * SECOND) for side in (healthy(), SmallSystem(seed=3).evidence())
    )
    assert _wrong(corrected(before)[0], corrected(shifted(now, "stock-0", 40 * SECOND))[0]) == {"stock"}


def _wrong(before: Evidence, now: Evidence) -> set[str]:
    seen = visits(before, now)
    off = seen.items.filter(pl.col("kind") == "clock")["visit"].to_list()
    return set(seen.frame[off].filter(pl.col("side") == 1)["component"])
