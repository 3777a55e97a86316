"""Without any span, the order of the lines of a trace tells who called whom."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.correlation.activations import LINES, activations
from holdfast.diagnostics.correlation.evidence import RECORDS
from holdfast.diagnostics.traces.spans import SCHEMA


def lines(*traces: str) -> pl.DataFrame:
    """Records of traces given as words: each word is a component that writes a line, ten ns apart."""
    rows = [
        (name, f"{name}-0", f"{name}:1", 3, 1000 * (number + 1) + 10 * at, f"t{number}", "L", at + 1)
        for number, text in enumerate(traces)
        for at, name in enumerate(text.split())
    ]
    return pl.DataFrame(rows, schema=RECORDS, orient="row")


def callers(spans: pl.DataFrame, trace: str = "t0") -> list[tuple[str, str]]:
    """Each call with its caller, in the order of the calls."""
    mine = {row["span"]: row for row in spans.iter_rows(named=True) if row["trace"] == trace}

    def caller(row: dict[str, object]) -> str:
        above = mine.get(str(row["parent"]))
        if above and not above["span"].startswith(LINES):
            above = mine[above["parent"]]  # what stands between is the caller's waiting
        return str(above["component"]) if above else ""

    return [(row["component"], caller(row)) for name, row in mine.items() if name.startswith(LINES)]


def test_who_writes_between_the_lines_of_another_was_called_by_it() -> None:
    assert callers(activations(lines("shop stock shop pay shop"))) == [
        ("shop", ""),
        ("stock", "shop"),
        ("pay", "shop"),
    ]


def test_calls_within_calls() -> None:
    assert callers(activations(lines("a b c b a"))) == [("a", ""), ("b", "a"), ("c", "b")]


def test_a_component_called_twice_was_called_twice() -> None:
    assert callers(activations(lines("a b a b a"))) == [("a", ""), ("b", "a"), ("b", "a")]


def test_two_calls_in_a_row_are_told_apart_by_what_other_traces_show() -> None:
    spans = activations(lines("a b c a", "a c a", "a b a"))
    assert callers(spans) == [("a", ""), ("b", "a"), ("c", "a")]


SHOP = {"edge": {"shop", "stock", "pay"}, "shop": {"stock", "pay"}, "stock": set(), "pay": set()}
"""Whom each calls, as a sample of the traces shows it."""


def test_who_writes_its_only_line_at_the_end_called_those_before_it() -> None:
    assert callers(activations(lines("stock pay shop edge"), SHOP)) == [
        ("stock", "shop"),
        ("pay", "shop"),
        ("shop", "edge"),
        ("edge", ""),
    ]


def test_nobody_is_called_by_one_who_is_known_never_to_call_it() -> None:
    assert callers(activations(lines("shop stock pay shop"), SHOP)) == [
        ("shop", ""),
        ("stock", "shop"),
        ("pay", "shop"),
    ]
    assert callers(activations(lines("stock pay"), SHOP)) == [("stock", ""), ("pay", "")]


def test_no_call_lies_within_one_that_it_made() -> None:
    spans = activations(lines("a b c"), {"a": set(), "c": {"a"}})
    assert callers(spans) == [("a", ""), ("b", "a"), ("c", "b")]


def test_of_those_nobody_knows_the_order_tells_as_ever() -> None:
    assert callers(activations(lines("shop mail shop"), SHOP)) == [("shop", ""), ("mail", "shop")]


def test_the_caller_waits_from_its_last_line_to_its_next() -> None:
    spans = activations(lines("a b b a"))
    waiting = spans.filter(pl.col("span").str.starts_with("wait:")).row(0, named=True)
    assert (waiting["component"], waiting["start"], waiting["end"]) == ("a", 1000, 1030)
    called = spans.filter(pl.col("component") == "b").row(0, named=True)
    assert (called["start"], called["end"]) == (1010, 1020)


def test_the_first_line_names_the_operation() -> None:
    records = lines("a b a").with_columns(pl.Series("template", ["x", "y", "z"]))
    spans = activations(records)
    assert spans.filter(pl.col("component") == "b")["operation"].to_list() == ["y"]


KNOWN = st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from("abcd")))


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), min_size=1, max_size=6), KNOWN)
def test_every_line_lies_in_a_call_of_its_component(
    traces: list[list[str]], known: dict[str, set[str]]
) -> None:
    records = lines(*(" ".join(trace) for trace in traces))
    spans = activations(records, known)
    assert set(SCHEMA) <= set(spans.columns)
    calls = spans.filter(pl.col("span").str.starts_with(LINES))
    within = records.join(calls, on=["trace", "component"]).filter(
        (pl.col("time") >= pl.col("start")) & (pl.col("time") <= pl.col("end"))
    )
    assert within.select("trace", "time").unique().height == records.height
    assert spans["span"].is_unique().all()
    assert set(spans["parent"]) - {""} <= set(spans["span"])
    above = dict(spans.select("span", "parent").iter_rows())
    for at in calls["span"]:
        for _ in above:
            at = above.get(at, "")
        assert at == ""  # no call lies within itself
