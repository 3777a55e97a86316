"""What was so before and what is so now are said of the same thing, each with its own number."""

from __future__ import annotations

from typing import Any

from cast import DIAGNOSIS
from holdfast.desk.engineering.observing import Observation, observation
from holdfast.desk.investigation.story import changes

SHARES = {"before": {"count": 0, "of": 1051}, "after": {"count": 189, "of": 190}}


def observed(rule: str, **data: Any) -> Observation:
    finding = DIAGNOSIS["findings"][0] | {"rule": rule, "components": ["db"], "data": data}
    return observation(changes(DIAGNOSIS | {"findings": [finding]})[0])


def test_a_slower_call_is_told_with_its_time_on_either_side() -> None:
    told = observed(
        "traces.slower_way", subject="Calls to db wait", usual=2_090_000, now=950_000_000, **SHARES
    )

    assert told == Observation(
        "Calls to db wait",
        "usually 2.09 ms; slower in 0 of 1051 calls",
        "950 ms; slower in 189 of 190 calls",
    )


def test_a_call_without_an_answer_is_told_in_calls() -> None:
    told = observed("traces.slower_way", subject="Calls to db fail without an answer", **SHARES)

    assert told == Observation("Calls to db fail without an answer", "0 of 1051 calls", "189 of 190 calls")


def test_a_line_is_told_with_who_writes_it() -> None:
    told = observed("logs.new_line", what="duration: <*> ms", **SHARES)

    assert told == Observation("db, line “duration: <*> ms”", "in 0 of 1051 calls", "in 189 of 190 calls")


def test_a_metric_is_told_by_its_values() -> None:
    told = observed("metrics.shift", metric="db_connections", before=10.0, after=31.0)

    assert told == Observation("db_connections of db", "10", "31")
