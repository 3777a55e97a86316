"""The golden signals of each component, before the onset and since: rate, errors, latency, share of the wait."""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.ranking import Weighed
from holdfast.diagnostics.diagnosis import Golden, Level
from holdfast.diagnostics.traces.shape import critical

MINUTE = 60_000_000_000


def golden(weighed: Weighed) -> tuple[Golden, ...]:
    """Return the board: a row for each component with calls, the one most waited for since the onset first."""
    frame = weighed.visits.frame.with_columns(
        weighed.subject.alias("after"), weighed.reference.alias("before")
    ).filter(pl.col("trace") != "")
    if not frame.height:
        return ()
    start, end = frame["start"].to_numpy(), frame["end"].to_numpy()
    frame = frame.with_columns(pl.Series("held", critical(_renumbered(frame), start, end)))
    sides = {side: _levels(frame.filter(side)) for side in ("before", "after")}
    names = dict.fromkeys([*sides["after"], *sides["before"]])
    return tuple(Golden(name, sides["before"].get(name), sides["after"].get(name)) for name in names)


def _renumbered(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the row of each visit's caller within the frame, -1 for none."""
    rows = frame.select("visit").with_row_index("row")
    above = frame.select(pl.col("above").alias("visit")).join(
        rows, on="visit", how="left", maintain_order="left"
    )
    return above["row"].cast(pl.Int64).fill_null(-1).to_numpy().copy()


def _levels(frame: pl.DataFrame) -> dict[str, Level]:
    if not frame.height:
        return {}
    spread = frame.group_by("side").agg(pl.col("start").max() - pl.col("start").min())["start"]
    whole = float(spread.clip(MINUTE // 60).sum())
    took = (pl.col("end") - pl.col("start")) / 1e6
    table = frame.group_by("component").agg(
        pl.len().alias("calls"),
        pl.col("failed").mean(),
        took.median().alias("median"),
        took.quantile(0.95).alias("p95"),
        pl.col("held").sum(),
    )
    held = max(int(table["held"].sum()), 1)
    return {
        row["component"]: Level(
            row["calls"],
            row["calls"] * MINUTE / whole,
            float(row["failed"]),
            float(row["median"]),
            float(row["p95"]),
            row["held"] / held,
        )
        for row in table.sort(["held", "component"], descending=[True, False]).iter_rows(named=True)
    }
