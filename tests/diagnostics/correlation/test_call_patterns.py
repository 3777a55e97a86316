"""One call for each row, and trying again: told with how often, how long, and where."""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.call_patterns import call_patterns
from holdfast.diagnostics.traces.spans import CLIENT, SERVER, SpanBuilder, join

MS = 1_000_000


def spans(calls: int, *, failing: int = 0, at_once: bool = False, traces: int = 5) -> pl.DataFrame:
    """Traces in which `orders` calls `shop-db` so often, the first calls failing."""
    builder = SpanBuilder()
    for number in range(traces):
        trace, start = f"t{number}", (1 + number) * 1000 * MS
        builder.add(trace, "root", "", "orders", "GET /orders", start, start + calls * 10 * MS, kind=SERVER)
        for call in range(calls):
            begun = start if at_once else start + call * 10 * MS
            builder.add(
                trace, f"c{call}", "root", "orders", "SELECT items", begun, begun + 8 * MS,
                kind=CLIENT, peer="shop-db", error=int(call < failing),
            )  # fmt: skip
    return join([("A1", builder.table())]).frame


def rules(frame: pl.DataFrame) -> list[str]:
    return [finding.rule for finding in call_patterns(frame)]


def test_a_call_for_each_row_is_told_with_its_numbers() -> None:
    finding = call_patterns(spans(20))[0]
    assert finding.rule == "traces.n_plus_one"
    assert finding.components == ("orders", "shop-db")
    assert (finding.count, finding.data["times"], finding.data["share"]) == (5, 20, 0.8)
    assert [place.at for place in finding.locators] == ["root"] * 3


def test_calls_at_once_or_few_are_none() -> None:
    assert rules(spans(20, at_once=True)) == []
    assert rules(spans(3)) == []
    assert rules(spans(20, traces=2)) == []


def test_trying_again_after_a_failure_is_told_with_how_it_ended() -> None:
    finding = call_patterns(spans(3, failing=2))[0]
    assert finding.rule == "traces.retries"
    assert (finding.count, finding.data) == (5, {"attempts": 3, "answered": 5})


def test_a_failure_after_which_nobody_tries_again_is_none() -> None:
    assert rules(spans(1, failing=1)) == []


def test_nothing_gives_nothing() -> None:
    assert call_patterns(spans(1).clear()) == []
