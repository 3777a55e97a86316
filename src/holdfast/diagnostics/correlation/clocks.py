"""Clocks of instances set against each other by what must lie within what.

A call lies within the span of its caller, a line lies within the span it was written in. Where the
instances of one node all lie off by the same amount, their clock is off by as much; only offsets that
break the nesting are corrected, so network time is never mistaken for a clock.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces.spans import parents

QUARTER = 900_000_000_000
"""Nanoseconds; zones differ by whole quarters of an hour."""
TOLERATED = 50_000_000
"""Nanoseconds by which clocks may disagree without being corrected."""


def offsets(evidence: Evidence) -> dict[str, int]:
    """Return ns to add to the times of each component's instances (by instance name) to agree with most."""
    frame = evidence.spans
    if not frame.height:
        return {}
    parent = parents(frame)
    inside = np.flatnonzero(parent >= 0)
    names = frame["instance"].to_numpy().copy()
    names[names == ""] = frame["component"].to_numpy()[names == ""]
    child, above = names[inside], names[parent[inside]]
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    middle = (start + end) // 2
    pairs = pl.DataFrame(
        {
            "child": child,
            "above": above,
            "offset": middle[parent[inside]] - middle[inside],
            "early": start[parent[inside]] - start[inside],
            "late": end[inside] - end[parent[inside]],
        }
    ).filter(pl.col("child") != pl.col("above"))
    edges = pairs.group_by("child", "above", maintain_order=True).agg(
        pl.col("offset").median().cast(pl.Int64),
        pl.col("early").median(),
        pl.col("late").median(),
        pl.len().alias("n"),
    )
    return _settled(edges)


def _settled(edges: pl.DataFrame) -> dict[str, int]:
    """Spread the offsets over the call graph from the instance that most others agree with."""
    near: dict[str, list[tuple[str, int]]] = {}
    for child, above, offset, early, late, _ in edges.iter_rows():
        broken = max(early, late) > TOLERATED
        shift = offset if broken else 0
        near.setdefault(above, []).append((child, shift))
        near.setdefault(child, []).append((above, -shift))
    placed: dict[str, int] = {}
    for first in near:
        group, waiting = {first: 0}, [first]
        while waiting:
            at = waiting.pop()
            for other, shift in near[at]:
                if other not in group:
                    group[other] = group[at] + shift
                    waiting.append(other)
        if first not in placed:
            usual = _commonest(list(group.values()))
            placed |= {name: value - usual for name, value in group.items()}
    return {name: value for name, value in placed.items() if abs(value) > TOLERATED}


def _commonest(values: list[int]) -> int:
    rounded = [round(value / 1e9) for value in values]
    most = max(set(rounded), key=lambda value: (rounded.count(value), -abs(value)))
    return int(np.median([v for v, r in zip(values, rounded, strict=True) if r == most]))


def corrected(evidence: Evidence) -> tuple[Evidence, dict[str, int]]:
    """Return the evidence on one clock, and what was added to each instance's times."""
    by_instance = offsets(evidence)
    spans = evidence.spans
    if by_instance:
        name = pl.when(pl.col("instance") != "").then("instance").otherwise("component")
        shift = name.replace_strict(by_instance, default=0, return_dtype=pl.Int64)
        spans = spans.with_columns(pl.col("start") + shift, pl.col("end") + shift)
    records, of_logs = _logs(evidence, spans)
    signals = evidence.signals
    return replace(evidence, spans=spans, records=records, signals=signals), {**by_instance, **of_logs}


def _logs(evidence: Evidence, spans: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Set each log against the (corrected) spans of its component in the same traces."""
    records = evidence.records
    calls = spans.group_by("trace", "component").agg(pl.col("start").min(), pl.col("end").max())
    off = (
        records.filter(pl.col("trace") != "")
        .join(calls, on=["trace", "component"])
        .with_columns(
            pl.when(pl.col("time") < pl.col("start"))
            .then(pl.col("start") - pl.col("time"))
            .when(pl.col("time") > pl.col("end"))
            .then(pl.col("end") - pl.col("time"))
            .otherwise(0)
            .alias("off")
        )
        .group_by("artefact", "instance")
        .agg(pl.col("off").median().cast(pl.Int64), pl.len().alias("n"))
        .filter((pl.col("off").abs() > TOLERATED) & (pl.col("n") >= 3))
    )
    linked = set(off["artefact"]) | set(records.filter(pl.col("trace") != "")["artefact"].unique())
    off = pl.concat([off.drop("n"), _zones(records, spans, evidence.signals, linked)])
    if not off.height:
        return records, {}
    shift = pl.col("artefact").replace_strict(off["artefact"], off["off"], default=0, return_dtype=pl.Int64)
    return records.with_columns(pl.col("time") + shift), dict(zip(off["instance"], off["off"], strict=True))


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
