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
from holdfast.diagnostics.correlation.frames import TOLERATED, Flags, Period, link, usual
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces.shape import Ints, codes, depths
from holdfast.diagnostics.traces.spans import parents

QUARTER = 900_000_000_000
"""Nanoseconds; zones differ by whole quarters of an hour."""
MAJORITY = 0.6
"""Share of a trace's instances that must agree for their clock to be the right one against the root's."""


def offsets(frame: pl.DataFrame, others: Period | None = None) -> tuple[Ints, Flags]:
    """Return ns to add to the times of each span for all to be on one clock, and whose clock is wrong, shape (n,).

    First by what is usual of each instance (`frames`), with `others` the time the rest of the evidence is about.
    What still breaks out of its caller is set right in its trace alone, from the root downwards: it is off by what
    puts its middle on the caller's middle, and the clock that most instances of a trace share is the right one.
    """
    parent = parents(frame)
    instance, _ = codes(_named(frame))
    of_instance, wrong = usual(frame, parent, instance, others)
    known = of_instance[instance]
    frame = frame.with_columns(pl.col("start") + known, pl.col("end") + known)
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    depth = depths(parent)
    off = np.zeros(frame.height, np.int64)
    for level in range(1, int(depth.max(initial=0)) + 1):
        inside = np.flatnonzero((depth == level) & (parent >= 0))
        off[inside] = off[parent[inside]]
        calls = link(frame, inside, parent, instance)
        rows, above = calls.rows[calls.broken], calls.above[calls.broken]
        off[rows] += (start[above] + end[above]) // 2 - (start[rows] + end[rows]) // 2
    left = _by_majority(frame, instance, off)
    return known + left, wrong[instance] | (left != 0)


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
        shifted, wrong = offsets(spans, _elsewhere(evidence))
        spans = spans.with_columns(
            pl.col("start") + shifted,
            pl.col("end") + shifted,
            pl.Series("shifted", shifted),
            pl.Series("wrong_clock", wrong),
        )
        off = pl.DataFrame({"name": _named(spans), "off": shifted}).filter(pl.col("off") != 0)
        usual = off.group_by("name").agg(pl.col("off").median().cast(pl.Int64))
        by_instance = dict(zip(usual["name"], usual["off"], strict=True))
    else:
        spans, by_instance = (
            spans.with_columns(
                pl.lit(0, pl.Int64).alias("shifted"), pl.lit(value=False).alias("wrong_clock")
            ),
            {},
        )
    records, of_logs = _logs(evidence, spans)
    return replace(evidence, spans=spans, records=records), {**by_instance, **of_logs}


def _elsewhere(evidence: Evidence) -> Period | None:
    """Return the time that evidence with a clock of its own is about: metrics, whose collector stamps them."""
    timed = [signal.times for signal in evidence.signals if len(signal.times)]
    return (float(min(t[0] for t in timed)), float(max(t[-1] for t in timed))) if timed else None


def _logs(evidence: Evidence, spans: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Set each log against the (corrected) spans of its instance, then line by line against those of its traces."""
    records = evidence.records.with_row_index("row")
    records = records.with_columns(_of_instance(records, spans).alias("clock"))
    measured = _outside(records, spans, pl.col("clock")).sort("line")
    moved = records.sort("line").join_asof(
        measured, on="line", by="artefact", strategy="nearest", check_sortedness=False
    )
    known = moved.filter(pl.col("off").is_not_null() | (pl.col("clock") != 0))["artefact"].unique()
    zones = _zones(evidence.records, spans, evidence.signals, set(known))
    moved = moved.join(zones.rename({"off": "zone"}).drop("instance"), on="artefact", how="left")
    shift = pl.col("clock") + pl.col("off").fill_null(pl.col("zone")).fill_null(0)
    moved = moved.with_columns((pl.col("time") + shift).alias("time"), shift.alias("shift")).sort("row")
    off_by = (
        moved.filter(pl.col("shift") != 0).group_by("instance").agg(pl.col("shift").median().cast(pl.Int64))
    )
    return moved.select(evidence.records.columns), dict(zip(off_by["instance"], off_by["shift"], strict=True))


def _outside(records: pl.DataFrame, spans: pl.DataFrame, clock: pl.Expr) -> pl.DataFrame:
    """Return (artefact, line, off): ns by which each line of a trace lies outside its component's calls in it."""
    calls = spans.group_by("trace", "component").agg(pl.col("start").min(), pl.col("end").max())
    seen = records.filter(pl.col("trace") != "").join(calls, on=["trace", "component"])
    time = pl.col("time") + clock
    off = (
        pl.when(time < pl.col("start") - TOLERATED)
        .then(pl.col("start") - time)
        .when(time > pl.col("end") + TOLERATED)
        .then(pl.col("end") - time)
        .otherwise(0)
    )
    return seen.select("artefact", "line", off.alias("off"))


def _of_instance(records: pl.DataFrame, spans: pl.DataFrame) -> pl.Series:
    """Return by what the spans of the same instance were corrected at the time of each line, where it fits the log.

    It fits where lines then lie nearer to their calls, or, where no line names a trace, to its spans' time.
    """
    off = spans.filter(pl.col("shifted") != 0)
    if not off.height:
        return pl.zeros(records.height, pl.Int64, eager=True)
    of = spans.filter(pl.col("instance").is_in(off["instance"].unique().implode())).select(
        "instance", (pl.col("start") - pl.col("shifted")).alias("time"), pl.col("shifted").alias("clock")
    )
    near = records.sort("time").join_asof(
        of.sort("time"), on="time", by="instance", strategy="nearest", check_sortedness=False
    )
    near = near.with_columns(pl.col("clock").fill_null(0)).sort("row")
    apart = pl.col("off").abs().clip(0, QUARTER).mean()
    traced = [
        _outside(near, spans, clock).group_by("artefact").agg(apart) for clock in (pl.lit(0), pl.col("clock"))
    ]
    period = spans.group_by("instance").agg(pl.col("start").median().alias("middle"))
    by_time = near.group_by("artefact", "instance").agg(pl.col("time").median(), pl.col("clock").median())
    away = (pl.col("time") - pl.col("middle")).abs() - (
        pl.col("time") + pl.col("clock") - pl.col("middle")
    ).abs()
    gain = (
        by_time.join(period, on="instance")
        .select("artefact", away.alias("untraced"))
        .join(traced[0].rename({"off": "before"}), on="artefact", how="left")
        .join(traced[1].rename({"off": "after"}), on="artefact", how="left")
        .with_columns((pl.col("before") - pl.col("after")).fill_null(pl.col("untraced")).alias("gain"))
    )
    fits = gain.filter(pl.col("gain") > 0)["artefact"].implode()
    return near.select(pl.when(pl.col("artefact").is_in(fits)).then("clock").otherwise(0).alias("clock"))[
        "clock"
    ]


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
