"""Calls read off the log: where a component wrote lines of a trace but sent no spans.

The lines of one trace in one component are taken as one call that lasted from the first to the last;
the innermost call or span around it is taken as its caller.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit

from holdfast.diagnostics.traces import spans
from holdfast.diagnostics.traces.shape import codes


def complete(known: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the spans with inferred ones appended for each (trace, component) that has lines only."""
    seen = known.select("trace", "component").unique()
    calls = (
        linked(known, records)
        .join(seen, on=["trace", "component"], how="anti")
        .group_by("trace", "component", maintain_order=True)
        .agg(
            pl.col("time").min().alias("start"),
            pl.col("time").max().alias("end"),
            pl.col("instance").first(),
            pl.col("artefact").first(),
            pl.col("line").first(),
        )
        .filter(pl.col("start") > 0)
    )
    if not calls.height:
        return known
    return pl.concat([known, _nested(known, calls)], how="diagonal_relaxed").select(known.columns)


def linked(known: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the records whose id says something of a call: an id that spans know, or of a component without spans.

    The request ids of a component whose calls are known by spans of other ids are no calls of their own.
    """
    traces, traced = known["trace"].unique().implode(), known["component"].unique().implode()
    spoken = pl.col("trace").is_in(traces) | ~pl.col("component").is_in(traced)
    return records.filter((pl.col("trace") != "") & spoken)


def _nested(known: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat(
        [
            known.select("trace", "span", "start", "end"),
            calls.select("trace", pl.lit("log:").add(pl.col("component")).alias("span"), "start", "end"),
        ]
    )
    trace, _ = codes(both["trace"])
    start, end = both["start"].to_numpy(), both["end"].to_numpy()
    order = np.lexsort((-end, start, trace))
    around = _innermost(order, trace, end.copy())[known.height :]
    names = both["span"].to_list()
    defaults: dict[str, pl.Expr | pl.Series] = {
        column: pl.lit("" if kind == pl.String else 0, kind)
        for column, kind in spans.SCHEMA.items()
        if column not in calls.columns
    }
    return calls.with_columns(
        **{
            **defaults,
            "span": pl.lit("log:").add(pl.col("component")),
            "parent": pl.Series([names[at] if at >= 0 else "" for at in around], dtype=pl.String),
            "error": pl.lit(-1, pl.Int8),
        }
    )


@njit(cache=True, nogil=True)
def _innermost(order, trace, end):  # type: ignore[no-untyped-def]
    """Return for each interval the row of the shortest one around it in its trace, -1 for none."""
    around = np.full(len(order), -1, np.int64)
    stack = np.empty(len(order), np.int64)
    top = 0
    for row in order:
        while top and (trace[stack[top - 1]] != trace[row] or end[stack[top - 1]] < end[row]):
            top -= 1
        if top:
            around[row] = stack[top - 1]
        stack[top] = row
        top += 1
    return around
