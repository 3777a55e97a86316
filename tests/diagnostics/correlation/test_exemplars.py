"""Traces worth looking at: what failed and what was slow, beside what good ones of the request do."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl
import pytest

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.exemplars import FAILED, GOOD, SLOW, exemplars
from holdfast.diagnostics.correlation.habits import ENOUGH
from holdfast.diagnostics.correlation.ranking import weigh
from small_system import broken, healthy


def looked_at(fault: str) -> dict[str, Any]:
    before, after = healthy(), broken(fault)
    return exemplars(before, after, weigh(before, after))


@pytest.fixture(scope="module")
def failing() -> dict[str, Any]:
    return looked_at("error_below")


@pytest.fixture(scope="module")
def slow() -> dict[str, Any]:
    return looked_at("slow_work")


def test_no_more_of_each_sort_are_kept_than_a_person_looks_at(failing):
    sorts = [one["sort"] for one in failing["traces"]]
    assert failing["failed"] > FAILED == sorts.count("failed")
    assert sorts.count("slow") <= SLOW
    assert 0 < sorts.count("good") <= GOOD
    assert failing["all"] >= failing["failed"]


def test_the_error_comes_from_the_span_that_failed_though_nothing_it_called_did(failing):
    origins = [one["origin"] for one in failing["traces"] if one["sort"] == "failed"]
    assert {origin["component"] for origin in origins} == {"stock"}
    assert all("LockTimeout" in origin["fault"] and origin["said"] for origin in origins)
    good = [one for one in failing["traces"] if one["sort"] == "good"]
    assert all(one["origin"] is None for one in good)


def test_a_slow_trace_says_by_how_much_and_whose_work_it_waited_for(slow):
    worst = [one for one in slow["traces"] if one["sort"] == "slow"]
    assert len(worst) == SLOW
    for one in worst:
        assert one["ms"] > one["good"]["p95"]
        assert one["path"][0]["component"] == "stock"
        assert one["path"][0]["share"] > 0.5
        assert any("95 % of good ones under" in said for said in one["odd"])


def test_the_shares_of_the_path_add_up_to_the_whole(slow):
    for one in slow["traces"]:
        assert sum(part["share"] for part in one["path"]) == pytest.approx(1, abs=0.01)
        assert sum(part["ms"] for part in one["path"]) == pytest.approx(one["ms"], rel=0.01)


def test_a_call_that_good_traces_make_is_missed_where_it_is_not():
    before, after = healthy(), broken("error_below")
    of_users = (pl.col("component") == "users") | (pl.col("peer") == "users")
    lost = after.spans.filter(~(of_users & (pl.col("error") == 1).any().over("trace")))
    found = exemplars(
        before, Evidence(lost, after.records, after.templates, after.signals), weigh(before, after)
    )
    failed = next(one for one in found["traces"] if one["sort"] == "failed")
    missing = [row for row in failed["rows"] if row["missing"]]
    assert [(row["component"], row["operation"]) for row in missing] == [("gateway", "call → users")]
    assert missing[0]["said"].startswith("missing: 1 in each of")
    assert failed["odd"][0] == "no call → users (gateway)"


def test_lines_logged_in_a_call_are_counted_against_what_is_usual():
    found = looked_at("line_stops")
    rows = [
        row
        for one in found["traces"]
        for row in one["rows"]
        if row["component"] == "stock" and row.get("lines")
    ]
    assert rows
    assert {row["good_lines"] for row in rows} == {2.0}
    assert all(row["log"]["line"] > 0 for row in rows)


def test_evidence_without_calls_has_no_traces_to_look_at():
    found = exemplars(Evidence(), Evidence(), weigh(Evidence(), Evidence()))
    assert (found["all"], found["traces"]) == (0, [])


def test_little_to_compare_with_calls_nothing_usual():
    after = broken("error_below")
    after.spans = after.spans.filter(
        after.spans["trace"].is_in(after.spans["trace"].unique().sort()[-ENOUGH + 2 :].implode())
    )
    found = exemplars(Evidence(), after, weigh(Evidence(), after))
    assert not any(row["missing"] for one in found["traces"] for row in one["rows"])


def test_the_same_evidence_gives_the_same_traces(failing):
    assert orjson.dumps(failing) == orjson.dumps(looked_at("error_below"))
