"""The usual clock of each instance, from all its calls together, and which of several clocks is the right one.

One trace says how the clocks of its few instances stand to each other, not which is right, and two traces may
say it of different ones. So the instances are first set against each other over all traces, as a tree of those
that call each other most. What then agrees is one clock. Of several, that one is right which most instances
share and under which the calls fall into the time that the rest of the evidence is about.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from holdfast.diagnostics.traces.shape import Ints
from holdfast.diagnostics.traces.spans import CONSUMER, PRODUCER

TOLERATED = 50_000_000
"""Nanoseconds by which clocks may disagree without being corrected."""
CONSTANT = 0.1
"""Part of itself by which the delay of messages may vary and still be a clock's: a backlog grows or is drained."""
FEW = 5
"""Messages from which a constant delay is told."""
EDGES = (0.01, 0.99)
"""Between these shares of all calls lies the time they are about: a few wrong times must not stretch it."""

FEWER = 0.5
"""Instances that share a clock, beside those that share the commonest, from which down theirs is called wrong."""

USUAL = 0.05
"""Share of a component's spans that make a clock one of its usual ones: its instances may have several."""

Period = tuple[float, float]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Link:
    """Every call from one span to another of another instance."""

    rows: Ints
    above: Ints
    waits: Flags
    """False for messages, that may lie for a while."""
    broken: Flags
    """True where the called was not at work while the caller waited: one of the two clocks is off."""


def link(frame: pl.DataFrame, rows: Ints, parent: Ints, instance: Ints) -> Link:
    """Return the calls of `rows` (spans with a parent) that leave their instance, and which break out of it."""
    rows = rows[instance[rows] != instance[parent[rows]]]
    above = parent[rows]
    start, end, kind = (frame[name].to_numpy() for name in ("start", "end", "kind"))
    waits = (kind[rows] != CONSUMER) & (kind[above] != PRODUCER)
    early = start[above] - start[rows] > TOLERATED
    late = (end[rows] - end[above] > TOLERATED) & waits & (start[rows] > end[above] + TOLERATED)
    return Link(rows, above, waits, early | late)


def usual(frame: pl.DataFrame, parent: Ints, instance: Ints, others: Period | None) -> tuple[Ints, Flags]:
    """Return ns to add to the times of each instance (by number) to have all on one clock, and whose clock is wrong.

    others: the time that evidence with another clock is about. Both have the shape (instances,). Where many share
    either of two clocks nobody's is called wrong, although all are put on one of them.
    """
    off = np.zeros(int(instance.max(initial=-1)) + 1, np.int64)
    wrong = np.zeros(len(off), bool)
    for members in _connected(_pairs(frame, parent, instance), off):
        clocks = _agreeing(members, off)
        off[members] -= _right(frame, instance, clocks, off, others)
        most = max(len(clock) for clock in clocks)
        wrong[[at for clock in clocks if len(clock) <= FEWER * most for at in clock]] = True
    off[np.abs(off) <= TOLERATED] = 0
    return off, wrong & (off != 0)


def _pairs(frame: pl.DataFrame, parent: Ints, instance: Ints) -> list[tuple[int, int, int]]:
    """Return (caller, called, ns to add to the called) of instances, the best known first."""
    calls = link(frame, np.flatnonzero(parent >= 0), parent, instance)
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    above, rows = calls.above, calls.rows
    middle = (start[above] + end[above]) // 2 - (start[rows] + end[rows]) // 2
    table = pl.DataFrame(
        {
            "caller": instance[above],
            "called": instance[rows],
            "waits": calls.waits,
            "apart": np.where(calls.waits, middle, start[above] - start[rows]),
            "broken": calls.broken,
        }
    )
    apart = pl.col("apart")
    found = table.group_by("caller", "called", "waits").agg(
        pl.len().alias("n"),
        apart.quantile(0.5, "nearest").alias("middle"),
        apart.max().alias("most"),
        apart.filter("broken").quantile(0.5, "nearest").alias("usual"),
        pl.sum("broken"),
    )
    known = pl.col("middle") - pl.col("most")
    steady = (pl.col("n") >= FEW) & (known.abs() <= CONSTANT * pl.col("middle").abs())
    early = pl.col("middle") > TOLERATED
    lying = pl.when(early | (steady & (pl.col("middle") < -TOLERATED))).then("most").otherwise(0)
    nesting = pl.when(2 * pl.col("broken") > pl.col("n")).then("usual").otherwise(0)
    found = found.with_columns(pl.when("waits").then(nesting).otherwise(lying).cast(pl.Int64).alias("off"))
    found = found.sort("waits", "n", "caller", "called", descending=[True, True, False, False])
    return list(found.select("caller", "called", "off").iter_rows())


def _connected(pairs: list[tuple[int, int, int]], off: Ints) -> Iterator[list[int]]:
    """Fill in `off` along the first pairs that connect, and yield the instances connected by them."""
    group = {at: [at] for at in range(len(off))}
    of = list(range(len(off)))
    for caller, called, apart in pairs:
        kept, joined = of[caller], of[called]
        if kept != joined:
            shift = off[caller] + apart - off[called]
            for at in group.pop(joined):
                off[at] += shift
                of[at] = kept
                group[kept].append(at)
    yield from group.values()


def _right(
    frame: pl.DataFrame, instance: Ints, clocks: list[list[int]], off: Ints, others: Period | None
) -> int:
    """Return by what the right one of several clocks of connected instances is off."""
    members = [at for clock in clocks for at in clock]
    if len(clocks) == 1:
        return int(np.median(off[members]))
    mine = np.isin(instance, members)
    times = frame["start"].to_numpy()[mine] + off[instance[mine]]
    first, last = (float(x) for x in np.quantile(times, EDGES))
    rated = []
    for clock in clocks:
        right = int(np.median(off[clock]))
        shared = _shared((first - right, last - right), others) if others else 1.0
        rated.append((len(clock) * shared, -abs(right), right))
    return max(rated)[2]


def _agreeing(members: list[int], off: Ints) -> list[list[int]]:
    """Return the instances in groups of the same clock."""
    groups: dict[int, list[int]] = defaultdict(list)
    ordered = sorted(members, key=lambda at: (int(off[at]), at))
    leader = ordered[0]
    for at in ordered:
        if off[at] - off[leader] > TOLERATED:
            leader = at
        groups[leader].append(at)
    return list(groups.values())


def _shared(ours: Period, theirs: Period) -> float:
    """Return what two periods have in common, as a share of both together."""
    both = min(ours[1], theirs[1]) - max(ours[0], theirs[0])
    return max(both, 0.0) / max(max(ours[1], theirs[1]) - min(ours[0], theirs[0]), 1.0)


def changed(baseline: pl.DataFrame, bundle: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the spans of both sides, in `wrong_clock` only clocks that are not off as they usually are.

    A clock that is off in the baseline as well is no news. Which of several clocks is the right one may have been
    said otherwise of either side, so what most components differ by is taken off first.
    """
    known = [side if "shifted" in side.columns else _untold(side) for side in (baseline, bundle)]
    if known[0].height and known[1].height:
        before, now = (_clocks_of(side) for side in known)
        apart = [_middle(now[name]) - _middle(before[name]) for name in sorted(now.keys() & before.keys())]
        common = Counter(apart).most_common(1)[0][0] if apart else 0
        known = [_unusual(known[0], before, before, 0), _unusual(known[1], now, before, common)]
    return known[0].drop("shifted"), known[1].drop("shifted")


def _untold(spans: pl.DataFrame) -> pl.DataFrame:
    return spans.with_columns(pl.lit(0, pl.Int64).alias("shifted"), pl.lit(value=False).alias("wrong_clock"))


_NEAR = (pl.col("shifted") / (2 * TOLERATED)).round().cast(pl.Int64)
"""A correction in steps of what still counts as the same."""


def _clocks_of(spans: pl.DataFrame) -> dict[str, dict[int, int]]:
    """Return for each component how many of its spans were corrected by how many steps."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for name, near, count in spans.group_by("component", _NEAR.alias("near")).len().iter_rows():
        found[name][near] = count
    return found


def _middle(clocks: dict[int, int]) -> int:
    return max(clocks, key=lambda near: (clocks[near], -abs(near), near))


def _unusual(
    spans: pl.DataFrame, seen: dict[str, dict[int, int]], usual_of: dict[str, dict[int, int]], common: int
) -> pl.DataFrame:
    """Return spans with the clocks marked wrong that are not among the usual ones of their component."""
    rows = [
        (name, near, all(abs(near - common - one) > 1 for one in _often(usual_of[name])))
        for name, clocks in seen.items()
        if name in usual_of
        for near in clocks
    ]
    table = pl.DataFrame(
        rows, schema={"component": pl.String, "near": pl.Int64, "odd": pl.Boolean}, orient="row"
    )
    told = spans.with_columns(_NEAR.alias("near")).join(
        table, on=["component", "near"], how="left", maintain_order="left"
    )
    return told.with_columns(pl.col("odd").fill_null(pl.col("wrong_clock")).alias("wrong_clock")).drop(
        "near", "odd"
    )


def _often(clocks: dict[int, int]) -> list[int]:
    return [near for near, count in clocks.items() if count >= USUAL * sum(clocks.values())]
