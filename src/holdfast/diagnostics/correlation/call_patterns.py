"""Ways of calling that cost time wherever they occur: one call for each row, and trying again.

Neither need be the fault; both make one worse, and whoever reads the evidence wants to know of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.findings import Finding, Severity
from holdfast.diagnostics.traces.spans import parents

MANY = 8
"""Calls of one kind, one after the other within one span, from which on they should have been one."""
HELD = 0.2
"""Share of the span's time that they must take."""
SEEN = 3
"""Spans in which a pattern must be seen, and findings of one kind named at most."""
MOST = 5


def call_patterns(spans: pl.DataFrame) -> list[Finding]:
    """Return findings on repeated calls and on retries, the costliest first."""
    if not spans.height:
        return []
    siblings = _siblings(spans)
    return [*_one_by_one(siblings), *_again(siblings)]


def _siblings(spans: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each (parent span, what it calls): how often, how long, in sequence or not."""
    parent = parents(spans)
    rows = spans.with_columns(pl.Series("above", parent)).filter(pl.col("above") >= 0)
    above = spans.select("component", "operation", "start", "end", "span", "artefact", "line", "trace")[
        rows["above"].to_numpy()
    ]
    called = pl.when(pl.col("peer") != "").then("peer").otherwise("component")
    joined = rows.select(
        "above",
        called.alias("called"),
        pl.col("operation").alias("asked"),
        pl.col("start").alias("begun"),
        pl.col("end").alias("done"),
        (pl.col("error") == 1).alias("failed"),
    ).hstack(above)
    sequence = joined.sort("begun").with_columns(
        (pl.col("begun") >= pl.col("done").shift(1)).over("above", "called", "asked").alias("after"),
        pl.col("failed").shift(1, fill_value=False).over("above", "called", "asked").alias("tried"),
    )
    return sequence.group_by("above", "called", "asked", maintain_order=True).agg(
        pl.col("component", "operation", "span", "artefact", "line", "trace", "start", "end").first(),
        pl.len().alias("times"),
        pl.col("after").sum().alias("in_turn"),
        (pl.col("done") - pl.col("begun")).sum().alias("took"),
        (pl.col("tried") & pl.col("after").fill_null(value=False)).sum().alias("again"),
        pl.col("failed").last().alias("given_up"),
    )


def _one_by_one(siblings: pl.DataFrame) -> Iterator[Finding]:
    whole = (pl.col("end") - pl.col("start")).clip(1)
    many = siblings.filter(
        (pl.col("times") >= MANY)
        & (pl.col("in_turn") >= 0.8 * (pl.col("times") - 1))
        & (pl.col("again") == 0)
        & (pl.col("took") >= HELD * whole)
    ).with_columns((pl.col("took") / whole).clip(0, 1).alias("share"))
    kinds = ["component", "operation", "called", "asked"]
    table = many.group_by(kinds, maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("times").median().alias("usual"),
        pl.col("times").max().alias("most"),
        pl.col("share").median(),
        pl.col("took").sum(),
        pl.col("artefact", "span", "start", "trace").head(3),
        pl.col("start").max().alias("last"),
    )
    for row in (
        table.filter(pl.col("n") >= SEEN).sort("took", descending=True).head(MOST).iter_rows(named=True)
    ):
        title = (
            f"{row['component']} calls {row['called']} ({row['asked']}) one at a time, {row['usual']:.0f} times "
            f"within one {row['operation']} (at most {row['most']}), {row['share']:.0%} of its time"
        )
        data = {
            "times": row["usual"],
            "most": row["most"],
            "share": round(row["share"], 3),
            "asked": row["asked"],
        }
        yield _finding("traces.n_plus_one", title, row, data)


def _again(siblings: pl.DataFrame) -> Iterator[Finding]:
    tried = siblings.filter(pl.col("again") > 0)
    table = tried.group_by("component", "called", "asked", maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("times").max().alias("most"),
        (~pl.col("given_up")).sum().alias("saved"),
        pl.col("artefact", "span", "start", "trace").head(3),
        pl.col("start").max().alias("last"),
    )
    for row in table.filter(pl.col("n") >= SEEN).sort("n", descending=True).head(MOST).iter_rows(named=True):
        title = (
            f"{row['component']} tries {row['called']} ({row['asked']}) again after a failure: in {row['n']} calls, "
            f"up to {row['most']} attempts, {row['saved']} of them got an answer in the end"
        )
        yield _finding("traces.retries", title, row, {"attempts": row["most"], "answered": row["saved"]})


def _finding(rule: str, title: str, row: dict[str, Any], data: dict[str, object]) -> Finding:
    places = zip(row["artefact"], row["span"], row["start"], row["trace"], strict=True)
    return Finding(
        rule,
        title,
        Severity.INFO,
        0.9,
        tuple(dict.fromkeys((row["component"], row["called"]))),
        min(row["start"]),
        row["last"],
        row["n"],
        tuple(Locator(artefact, "span", span, time, trace) for artefact, span, time, trace in places),
        data,
    )
