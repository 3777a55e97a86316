"""One trace as a waterfall: its spans in the order of calling, and what the request waited for when."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from holdfast.diagnostics.traces.shape import Ints, depths
from holdfast.diagnostics.traces.spans import CLIENT, parents

Stretch = tuple[int, int]
"""From and to, ns UTC."""


@dataclass(slots=True)
class Bar:
    """One span of a waterfall."""

    row: int
    """Of the frame given."""
    parent: int
    """Row of the span that called it, -1 at the top."""
    depth: int
    critical: list[Stretch] = field(default_factory=list)
    """When the whole request waited for the span's own work."""
    waiting: list[Stretch] = field(default_factory=list)
    """When it waited for something that no span shows: the way to another component, or its queue."""
    waits_for: str = ""
    """The component that the waiting is for."""


def waterfall(frame: pl.DataFrame) -> list[Bar]:
    """Return the bars of one trace, callers before the called, in the order they began.

    frame: rows of `spans.SCHEMA` of one trace. Spans that call one another in a circle stand at the top, without a
    critical path. Bounded by the number of spans, whatever the depth.
    """
    above = parents(frame)
    depth = depths(above)
    above = np.where((above >= 0) & (depth > 0), above, -1)
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    bars = [Bar(row, int(above[row]), int(depth[row])) for row in range(frame.height)]
    below = _below(above)
    _walk_back(bars, below, start, end)
    _tell_waiting(bars, below, frame)
    return [bars[row] for row in _in_order(above, below, start)]


def _below(above: Ints) -> list[list[int]]:
    below: list[list[int]] = [[] for _ in above]
    for row in np.flatnonzero(above >= 0):
        below[above[row]].append(int(row))
    return below


def _in_order(above: Ints, below: list[list[int]], start: Ints) -> list[int]:
    order: list[int] = []
    todo = sorted((int(row) for row in np.flatnonzero(above < 0)), key=lambda row: -start[row])
    while todo:
        row = todo.pop()
        order.append(row)
        todo += sorted(below[row], key=lambda child: (-start[child], -child))
    return order


def _walk_back(bars: list[Bar], below: list[list[int]], start: Ints, end: Ints) -> None:
    """Mark each span's own part of the critical path: from the end backwards, whatever ended last was waited for."""
    todo = [(bar.row, int(start[bar.row]), int(end[bar.row])) for bar in bars if bar.parent < 0]
    while todo:
        row, begun, now = todo.pop()
        for child in sorted(below[row], key=lambda one: -end[one]):
            if start[child] >= now or end[child] <= begun:
                continue
            done = min(int(end[child]), now)
            if done < now:
                bars[row].critical.append((done, now))
            now = max(int(start[child]), begun)
            todo.append((child, now, done))
        if begun < now:
            bars[row].critical.append((begun, now))


def _tell_waiting(bars: list[Bar], below: list[list[int]], frame: pl.DataFrame) -> None:
    """Set apart what a caller did itself and what it only waited for."""
    component, kind = frame["component"].to_list(), frame["kind"].to_list()
    for bar in bars:
        called = [child for child in below[bar.row] if component[child] != component[bar.row]]
        if len(called) == 1 and (kind[bar.row] == CLIENT or len(below[bar.row]) == 1):
            bar.waiting, bar.critical = bar.critical, []
            bar.waits_for = component[called[0]]


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """Return spans whose operations say whom they call: `HTTP POST → train`, where one other component is called."""
    rows = frame.with_row_index("row").select("row", "trace", "component", above=pl.Series(parents(frame)))
    called = rows.filter(pl.col("above") >= 0).join(
        rows.select(above=pl.col("row").cast(pl.Int64), caller="component"), on="above"
    )
    others = called.filter(pl.col("component") != pl.col("caller")).group_by("above")
    one = others.agg(pl.col("component").first().alias("called"), pl.len().alias("n")).filter(
        pl.col("n") == 1
    )
    told = rows.select(above=pl.col("row").cast(pl.Int64)).join(
        one, on="above", how="left", maintain_order="left"
    )
    arrow = (" → " + told["called"]).fill_null("")
    return frame.with_columns((pl.col("operation") + arrow).alias("operation"))
