"""Clocks that are off are set right by what must lie within what, and only those."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import Evidence
from small_system import SECOND, SmallSystem, healthy


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
