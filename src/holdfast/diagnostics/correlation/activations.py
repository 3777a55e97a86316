"""Calls read off the order of log lines, for traces that sent no spans at all.

Whoever writes a line of a trace is at work on it. A component that starts to write between two lines of
another was called by it; one that goes on writing has its answer. So the lines of a trace, in order of
time, are read as a stack: a new component is a call, an earlier one a return. The first line of a call
says which operation it is, and the time from the caller's last line to its next one is what it waited.

Where a sample of the traces has spans, it is known who calls whom: nobody is called by one who never calls it,
and who writes its first line when those it called are done called them all the same.
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
NEAR = 1000
"""Calls of a trace among which the caller of an earlier one is looked for."""
Calls = dict[str, set[str]]
"""Whom each component calls, however far down."""


def activations(records: pl.DataFrame, known: Calls | None = None) -> pl.DataFrame:
    """Return spans for records that each name a trace: one for each call, and one for its caller's waiting.

    Columns of `spans.SCHEMA` and `artefact`; ids begin with `LINES`, `operation` is the template of the first line.
    known: of components that send spans.
    """
    lines = records.filter(pl.col("time") > 0).sort("trace", "time", "artefact", "line")
    trace, _ = codes(lines["trace"])
    who, names = codes(lines["component"])
    habits = _returns(trace, who, len(names)) if len(names) <= MOST else np.zeros((0, 0), np.int64)
    if len(habits) and known:
        _correct(habits, names, known)
    of, above, first, last = _stacked(trace, who, habits)
    outer = _callers(trace, who, habits, first, above)
    time = lines["time"].to_numpy()
    calls = lines[first].select(
        "trace",
        pl.Series("span", np.arange(len(first))).cast(pl.String).str.replace("^", LINES),
        _parents(above, outer).alias("parent"),
        "component",
        pl.col("template").alias("operation"),
        pl.Series("start", time[first]),
        pl.Series("end", time[last]),
        pl.lit(spans.SERVER, pl.Int8).alias("kind"),
        "instance",
        "artefact",
        "line",
    )
    both: pl.DataFrame = pl.concat([calls, _waiting(lines, time, of, above, first, last)])
    return both.with_columns(
        pl.lit(-1, pl.Int8).alias("error"),
        pl.lit(0, pl.Int16).alias("http"),
        *(pl.lit("").alias(name) for name in ("peer", "node", "fault")),
    )


def _parents(above: Ints, outer: Ints) -> pl.Series:
    """Return the span each call lies in: its caller's waiting, a caller that writes later, or none."""
    calls = pl.DataFrame({"call": np.arange(len(above)), "above": above, "outer": outer})
    return calls.select(
        pl.when(pl.col("above") >= 0)
        .then(pl.lit(WAIT) + pl.col("call").cast(pl.String))
        .when(pl.col("outer") >= 0)
        .then(pl.lit(LINES) + pl.col("outer").cast(pl.String))
        .otherwise(pl.lit(""))
        .alias("parent")
    )["parent"]


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


def _correct(habits: Any, names: list[str], known: Calls) -> None:
    """Put in what is known: 1 and more for who calls whom, -1 for who does not."""
    numbers = [number for number, name in enumerate(names) if name in known]
    place = {names[number]: at for at, number in enumerate(numbers)}
    grid = np.ix_(numbers, numbers)
    counted, told = habits[grid], np.full((len(place), len(place)), -1, np.int64)
    for caller, at in place.items():
        calls = [place[called] for called in known[caller] if called in place]
        told[at, calls] = np.maximum(counted[at, calls], 1)
    habits[grid] = told


@making
def _callers(trace: Ints, who: Ints, habits: Any, first: Ints, above: Ints) -> Any:
    """Return for each call that no open one made the nearest that begins later in its trace and is known to make it.

    -1 for none. Only one direction may be known: of two that call each other the order decides.
    """
    size = len(first)
    outer = np.full(size, -1, np.int64)
    if not len(habits):
        return outer
    for call in range(size):
        if above[call] >= 0:
            continue
        mine = who[first[call]]
        for other in range(call + 1, min(size, call + NEAR)):
            if trace[first[other]] != trace[first[call]]:
                break
            caller = who[first[other]]
            calls = habits[caller, mine] > 0 and habits[mine, caller] < 0
            if calls and (outer[call] < 0 or habits[who[first[outer[call]]], caller] > 0):
                at = other
                while at >= 0 and at != call:
                    at = above[at] if above[at] >= 0 else outer[at]
                if at < 0:  # else it lies within the call itself
                    outer[call] = other
    return outer


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
                while at >= 0 and habits[who[first[stack[at]]], who[row]] <= 0:
                    at -= 1
                if at < 0:  # nobody known to call it: the innermost that is not known not to
                    at = top - 1
                    while at >= 0 and habits[who[first[stack[at]]], who[row]] < 0:
                        at -= 1
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
