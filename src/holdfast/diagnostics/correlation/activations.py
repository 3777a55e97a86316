"""Calls read off the order of log lines, for traces that sent no spans at all.

Whoever writes a line of a trace is at work on it. A component that starts to write between two lines of
another was called by it; one that goes on writing has its answer. So the lines of a trace, in order of
time, are read as a stack: a new component is a call, an earlier one a return. The first line of a call
says which operation it is, and the time from the caller's last line to its next one is what it waited.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from holdfast.diagnostics.traces import spans
from holdfast.diagnostics.traces.shape import Ints, codes
from holdfast.kernels import making

LINES, WAIT = "lines:", "wait:"
"""What ids of spans begin with that were read off lines: the call, and its caller's waiting."""
MOST = 2000
"""Components whose habits are counted; with more, the innermost is taken for the caller."""


def activations(records: pl.DataFrame) -> pl.DataFrame:
    """Return spans for records that each name a trace: one for each call, and one for its caller's waiting.

    Columns of `spans.SCHEMA` and `artefact`; ids begin with `LINES`, `operation` is the template of the first line.
    """
    lines = records.filter(pl.col("time") > 0).sort("trace", "time", "artefact", "line")
    trace, _ = codes(lines["trace"])
    who, names = codes(lines["component"])
    habits = _returns(trace, who, len(names)) if len(names) <= MOST else np.zeros((0, 0), np.int64)
    of, above, first, last = _stacked(trace, who, habits)
    time = lines["time"].to_numpy()
    calls = lines[first].select(
        "trace",
        pl.Series("span", np.arange(len(first))).cast(pl.String).str.replace("^", LINES),
        pl.Series("parent", np.where(above >= 0, np.arange(len(first)), -1)).cast(pl.String),
        "component",
        pl.col("template").alias("operation"),
        pl.Series("start", time[first]),
        pl.Series("end", time[last]),
        pl.lit(spans.SERVER, pl.Int8).alias("kind"),
        "instance",
        "artefact",
        "line",
    )
    calls = calls.with_columns(
        pl.when(pl.col("parent") == "-1").then(pl.lit("")).otherwise(WAIT + pl.col("parent")).alias("parent")
    )
    both: pl.DataFrame = pl.concat([calls, _waiting(lines, time, of, above, first, last)])
    return both.with_columns(
        pl.lit(-1, pl.Int8).alias("error"),
        pl.lit(0, pl.Int16).alias("http"),
        *(pl.lit("").alias(name) for name in ("peer", "node", "fault")),
    )


def _waiting(lines: pl.DataFrame, time: Ints, of: Ints, above: Ints, first: Ints, last: Ints) -> pl.DataFrame:
    """Return a client span for each call: from the line before it to the caller's next one."""
    number = np.flatnonzero(above >= 0)
    before, after = first[number] - 1, np.minimum(last[number] + 1, len(of) - 1)
    returned = of[after] == above[number]
    end = np.where(returned, time[after], time[last[number]])
    caller = first[above[number]]
    return lines[caller].select(
        "trace",
        pl.Series("span", number).cast(pl.String).str.replace("^", WAIT),
        pl.Series("parent", above[number]).cast(pl.String).str.replace("^", LINES),
        "component",
        pl.lit("").alias("operation"),
        pl.Series("start", np.minimum(time[before], time[first[number]])),
        pl.Series("end", end),
        pl.lit(spans.CLIENT, pl.Int8).alias("kind"),
        "instance",
        "artefact",
        "line",
    )


@making
def _returns(trace: Ints, who: Ints, size: int) -> Any:
    """Count how often each component wrote directly before and directly after all of another's lines."""
    counts = np.zeros((size, size), np.int64)
    before = -1
    for row in range(1, len(who)):
        if trace[row] != trace[row - 1]:
            before = -1
        elif who[row] != who[row - 1]:
            if before >= 0 and who[row] == before:
                counts[before, who[row - 1]] += 1
            before = who[row - 1]
    return counts


@making
def _stacked(trace: Ints, who: Ints, habits: Any) -> Any:
    """Return the call of each line, and of each call its caller's number (-1), first and last row."""
    size = len(who)
    of, above = np.empty(size, np.int64), np.empty(size, np.int64)
    first, last = np.empty(size, np.int64), np.empty(size, np.int64)
    stack = np.empty(size, np.int64)
    top, calls = 0, 0
    for row in range(size):
        if row and trace[row] != trace[row - 1]:
            top = 0
        at = top - 1
        while at >= 0 and who[first[stack[at]]] != who[row]:
            at -= 1
        if at >= 0:
            top = at + 1
        else:
            at = top - 1
            if len(habits):
                while at > 0 and habits[who[first[stack[at]]], who[row]] == 0:
                    at -= 1
                if at >= 0 and habits[who[first[stack[at]]], who[row]] > 0:
                    top = at + 1
            first[calls] = row
            above[calls] = stack[top - 1] if top else -1
            stack[top] = calls
            top += 1
            calls += 1
        of[row] = stack[top - 1]
        for inside in range(top):
            last[stack[inside]] = row
    return of, above[:calls].copy(), first[:calls].copy(), last[:calls].copy()
