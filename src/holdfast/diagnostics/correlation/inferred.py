"""Calls read off the log: where a component wrote lines of a trace but sent no spans.

In a trace without any spans the order of its lines tells who called whom (`activations`). Within a trace
that has some, the lines of a component are taken as one call that lasted from the first to the last, and
the innermost call or span around it as its caller.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.activations import LINES, Calls, activations
from holdfast.diagnostics.traces import spans
from holdfast.diagnostics.traces.shape import Ints, codes
from holdfast.diagnostics.traces.spans import parents
from holdfast.kernels import making

CALLS = ("trace", "span", "parent", "component")
"""Columns that tell who calls whom."""


def complete(known: pl.DataFrame, records: pl.DataFrame, calls_of: Calls | None = None) -> pl.DataFrame:
    """Return the spans with inferred ones appended for each (trace, component) that has lines only.

    calls_of: whom the components of all spans call, from `called`.
    """
    spoken = linked(known, records)
    alone = spoken.join(known, on="trace", how="anti")
    seen = known.select("trace", "component").unique()
    calls = (
        spoken.join(known, on="trace", how="semi")
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
    if calls.height:
        known = pl.concat([known, _nested(known, calls)], how="diagonal_relaxed").select(known.columns)
    if alone.height:
        known = pl.concat([known, activations(alone, calls_of)], how="diagonal_relaxed").select(known.columns)
    return known


def called(known: pl.DataFrame) -> Calls:
    """Return whom each component that sends spans calls or posts to, however far down, by columns `CALLS`."""
    parent = parents(known)
    inside = np.flatnonzero(parent >= 0)
    pairs = pl.DataFrame(
        {"caller": known["component"].gather(parent[inside]), "called": known["component"].gather(inside)}
    ).unique()
    direct: Calls = {name: set() for name in known["component"].unique()}
    for caller, other in pairs.filter(pl.col("caller") != pl.col("called")).iter_rows():
        direct[caller].add(other)
    return all_below(direct)


def all_below(direct: Calls) -> Calls:
    """Return whom each calls however far down, itself left out."""
    return {name: _below(name, direct) for name in direct}


def _below(name: str, direct: Calls) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for other in direct.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen - {name}


def linked(known: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the records whose id says something of a call.

    The request ids of a component whose calls are known by spans of other ids are no calls of their own. Where
    its ids are those of traces, those without spans were not sampled and are calls all the same.
    """
    named = records.filter(pl.col("trace") != "")
    traces, traced = known["trace"].unique().implode(), known["component"].unique().implode()
    alike = named.filter(pl.col("trace").is_in(traces))["component"].unique().implode()
    return named.filter(pl.col("component").is_in(alike) | ~pl.col("component").is_in(traced))


def _nested(known: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat(
        [
            known.select("trace", "span", "start", "end"),
            calls.select("trace", pl.lit(LINES).add(pl.col("component")).alias("span"), "start", "end"),
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
            "span": pl.lit(LINES).add(pl.col("component")),
            "parent": pl.Series([names[at] if at >= 0 else "" for at in around], dtype=pl.String),
            "error": pl.lit(-1, pl.Int8),
        }
    )


@making
def _innermost(order: Ints, trace: Ints, end: Ints) -> Ints:
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
