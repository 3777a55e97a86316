"""Traces and logs become calls of components, each with all that was seen of it."""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.visits import Visits, visits
from small_system import MS, SmallSystem, broken


def seen(evidence: Evidence) -> Visits:
    return visits(Evidence(), evidence)


def test_every_call_of_a_component_is_one_visit() -> None:
    frame = seen(SmallSystem(requests=30).evidence()).frame
    counts = dict(frame.group_by("component").len().iter_rows())
    assert counts == {"gateway": 30, "users": 30, "search": 10, "orders": 20, "stock": 30}


def test_a_visit_knows_its_caller() -> None:
    frame = seen(SmallSystem(requests=30).evidence()).frame
    callers = frame.filter(pl.col("component") == "stock").group_by("caller").len().sort("caller")
    assert callers.rows() == [("orders", 20), ("search", 10)]
    assert set(frame.filter(pl.col("above") < 0)["component"]) == {"gateway"}


def test_waiting_for_others_is_not_own_work() -> None:
    frame = seen(broken("slow_work", requests=60, since=0.0)).frame
    own = dict(frame.group_by("component").agg(pl.col("local").median()).iter_rows())
    assert own["stock"] > 250 * MS
    assert own["orders"] < 50 * MS
    assert own["gateway"] < 50 * MS


def test_a_call_to_what_sends_nothing_is_a_leaf() -> None:
    leaves = seen(SmallSystem(requests=30).evidence()).leaves
    assert set(leaves["peer"]) == {"pay.example"}
    assert leaves.height == 20


def test_an_error_that_passed_through_is_a_fault_where_it_arose_alone() -> None:
    found = seen(broken("error_below", requests=30, since=0.0))
    faults = found.items.filter(pl.col("kind") == "fault").join(
        found.frame.select("visit", "component"), on="visit"
    )
    assert set(faults["component"]) == {"stock"}


def test_lines_stand_in_the_call_that_wrote_them() -> None:
    found = seen(SmallSystem(requests=30).evidence())
    lines = found.items.filter(pl.col("kind") == "log").join(
        found.frame.select("visit", "component"), on="visit"
    )
    assert (
        lines["item"].str.contains("log ")
        & (lines["item"].str.slice(4).str.split(":").list[0] == lines["component"])
    ).all()


def test_components_that_only_log_get_their_calls_from_their_lines() -> None:
    evidence = SmallSystem(requests=30).evidence()
    evidence.spans = evidence.spans.filter(pl.col("component") != "stock")
    frame = seen(evidence).frame
    stock = frame.filter(pl.col("component") == "stock")
    assert stock.height == 30
    assert (stock["span"] == "").all()  # no span to be shown as proof: its lines are


def test_logs_without_traces_are_cut_into_stretches_of_time() -> None:
    evidence = SmallSystem(requests=30).evidence()
    evidence.records = evidence.records.with_columns(pl.lit("").alias("trace"))
    evidence.spans = evidence.spans.clear()
    frame = seen(evidence).frame
    assert set(frame["component"]) == {"gateway", "search", "orders", "stock", "users"}
    assert (frame["trace"] == "").all()


def test_nothing_gives_nothing() -> None:
    found = seen(Evidence())
    assert (found.frame.height, found.items.height, found.leaves.height) == (0, 0, 0)
