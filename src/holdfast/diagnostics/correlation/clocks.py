"""Clocks of instances set against each other by what must lie within what.

A call lies within the span of its caller, a line lies within the span it was written in. Only what breaks
the nesting is corrected, trace by trace, so network time is never mistaken for a clock and a clock that is
set while the evidence is being collected is right before and after.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces.shape import Ints, codes, depths
from holdfast.diagnostics.traces.spans import CONSUMER, PRODUCER, parents

QUARTER = 900_000_000_000
"""Nanoseconds; zones differ by whole quarters of an hour."""
MAJORITY = 0.6
"""Share of a trace's instances that must agree for their clock to be the right one against the root's."""
TOLERATED = 50_000_000
"""Nanoseconds by which clocks may disagree without being corrected."""


def offsets(frame: pl.DataFrame) -> Ints:
    """Return ns to add to the times of each span for its trace to be on one clock, shape (n,).

    From the root downwards: a call that lies within its caller's span is on its clock; one that breaks out
    is off by what puts its middle on the caller's middle. The clock that most instances of a trace share is
    taken for the right one.
    """
    parent = parents(frame)
    instance, _ = codes(_named(frame))
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    kind = frame["kind"].to_numpy()
    depth = depths(parent)
    off = np.zeros(frame.height, np.int64)
    for level in range(1, int(depth.max(initial=0)) + 1):
        rows = np.flatnonzero((depth == level) & (parent >= 0))
        above = parent[rows]
        waits = (kind[rows] != CONSUMER) & (kind[above] != PRODUCER)
        early = start[above] - start[rows] > TOLERATED
        late = (end[rows] - end[above] > TOLERATED) & waits & (start[rows] > end[above] + TOLERATED)
        broken = (instance[rows] != instance[above]) & (early | late)
        middle = (start[above] + end[above]) // 2 - (start[rows] + end[rows]) // 2
        off[rows] = off[above] + np.where(broken, middle, 0)
    return _by_majority(frame, instance, off)


def _by_majority(frame: pl.DataFrame, instance: Ints, off: Ints) -> Ints:
    """Return the offsets with the clock of most instances of each trace taken for the right one."""
    table = pl.DataFrame({"trace": frame["trace"], "instance": instance, "off": off})
    each = table.group_by("trace", "instance").agg(pl.col("off").median().cast(pl.Int64))
    rounded = each.with_columns((pl.col("off") / TOLERATED).round().alias("near"))
    votes = rounded.group_by("trace", "near").agg(pl.len().alias("n"), pl.col("off").median().cast(pl.Int64))
    most = (
        votes.with_columns((pl.col("n") / pl.col("n").sum().over("trace")).alias("share"))
        .filter((pl.col("share") > MAJORITY) & (pl.col("near") != 0))
        .select("trace", pl.col("off").alias("usual"))
    )
    usual = table.join(most, on="trace", how="left", maintain_order="left")["usual"].fill_null(0).to_numpy()
    right: Ints = off - usual
    right[np.abs(right) <= TOLERATED] = 0
    return right


def _named(frame: pl.DataFrame) -> pl.Series:
    name = pl.when(pl.col("instance") != "").then("instance").otherwise("component")
    return frame.select(name.alias("name"))["name"]


def corrected(evidence: Evidence) -> tuple[Evidence, dict[str, int]]:
    """Return the evidence on one clock, and the usual ns added to the times of each instance that was off."""
    spans = evidence.spans
    if spans.height:
        shifted = offsets(spans)
        spans = spans.with_columns(
            pl.col("start") + shifted, pl.col("end") + shifted, pl.Series("shifted", shifted)
        )
        off = pl.DataFrame({"name": _named(spans), "off": shifted}).filter(pl.col("off") != 0)
        usual = off.group_by("name").agg(pl.col("off").median().cast(pl.Int64))
        by_instance = dict(zip(usual["name"], usual["off"], strict=True))
    else:
        spans, by_instance = spans.with_columns(pl.lit(0, pl.Int64).alias("shifted")), {}
    records, of_logs = _logs(evidence, spans)
    return replace(evidence, spans=spans, records=records), {**by_instance, **of_logs}


def _logs(evidence: Evidence, spans: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Set each log against the (corrected) spans of its component in the same traces, line by line."""
    records = evidence.records.with_row_index("row")
    calls = spans.group_by("trace", "component").agg(pl.col("start").min(), pl.col("end").max())
    seen = records.filter(pl.col("trace") != "").join(calls, on=["trace", "component"])
    off = (
        pl.when(pl.col("time") < pl.col("start") - TOLERATED)
        .then(pl.col("start") - pl.col("time"))
        .when(pl.col("time") > pl.col("end") + TOLERATED)
        .then(pl.col("end") - pl.col("time"))
        .otherwise(0)
    )
    measured = seen.select("artefact", "line", off.alias("off")).sort("line")
    moved = records.sort("line").join_asof(
        measured, on="line", by="artefact", strategy="nearest", check_sortedness=False
    )
    known = moved.filter(pl.col("off").is_not_null())["artefact"].unique()
    zones = _zones(evidence.records, spans, evidence.signals, set(known))
    moved = moved.join(zones.rename({"off": "zone"}).drop("instance"), on="artefact", how="left")
    shift = pl.col("off").fill_null(pl.col("zone")).fill_null(0)
    moved = moved.with_columns((pl.col("time") + shift).alias("time"), shift.alias("shift")).sort("row")
    off_by = (
        moved.filter(pl.col("shift") != 0).group_by("instance").agg(pl.col("shift").median().cast(pl.Int64))
    )
    return moved.select(evidence.records.columns), dict(zip(off_by["instance"], off_by["shift"], strict=True))


def _zones(
    records: pl.DataFrame, spans: pl.DataFrame, signals: list[Signal], linked: set[str]
) -> pl.DataFrame:
    """Return offsets of logs that lie whole quarters of an hour away from everything else: another zone's clock."""
    logs = records.group_by("artefact", "instance", maintain_order=True).agg(
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
        pl.col("time").median().alias("mid"),
    )
    first, last = _period(logs, spans, signals)
    apart = logs.filter(
        ((pl.col("first") > last) | (pl.col("last") < first)) & ~pl.col("artefact").is_in(list(linked))
    )
    quarters = ((first + last) / 2 - pl.col("mid")) / QUARTER
    return (
        apart.with_columns((quarters.round() * QUARTER).cast(pl.Int64).alias("off"))
        .filter((pl.col("off").abs() <= 14 * 4 * QUARTER) & (pl.col("off") != 0))
        .select("artefact", "instance", "off")
    )


def _period(logs: pl.DataFrame, spans: pl.DataFrame, signals: list[Signal]) -> tuple[int, int]:
    """Return the time that most of the evidence is about: the spans', else the metrics', else most logs'."""
    if spans.height:
        return int(spans["start"].min()), int(spans["end"].max())  # type: ignore[arg-type]
    timed = [signal.times for signal in signals if len(signal.times)]
    if timed:
        return int(min(t[0] for t in timed)), int(max(t[-1] for t in timed))
    return int(logs["first"].median() or 0), int(logs["last"].median() or 0)  # type: ignore[arg-type]
