"""Logs that name no trace, cut into stretches of time: what a component wrote in a few seconds.

A stretch is compared like a call: of so many stretches, in how many did this line stand.
"""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.evidence import ERROR

SHORTEST = 1_000_000_000
"""Nanoseconds."""
STRETCHES = 90
"""Into how many stretches the time of the bundle is cut."""


def stretches(
    records: pl.DataFrame, calls: pl.DataFrame, first: int, context: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return visits and items for the records without a trace, numbered from `first` and `context`.

    A stretch in which nobody wrote and nobody called is none: there nobody looked, which is not silence.
    """
    lines = records.filter((pl.col("trace") == "") & (pl.col("component") != ""))
    width = _width(lines)
    cut = lines.with_columns((pl.col("time") // width).alias("stretch"))
    seen = pl.concat([records.select("side", "time"), calls.select("side", pl.col("start").alias("time"))])
    watched = seen.select("side", (pl.col("time") // width).alias("stretch")).unique()
    spans = cut.group_by("side", "component").agg(
        pl.col("stretch").min().alias("from"), pl.col("stretch").max().alias("to")
    )
    every = spans.select(
        "side", "component", pl.int_ranges("from", pl.col("to") + 1).alias("stretch")
    ).explode("stretch")
    every = every.join(watched, on=["side", "stretch"], how="semi")
    every = every.sort("side", "component", "stretch").with_row_index("visit", offset=first)
    kinds = every.select(pl.col("component").unique(maintain_order=True)).with_row_index(
        "context", offset=context
    )
    every = every.join(kinds, on="component", how="left", maintain_order="left")
    frame = every.select(
        pl.col("visit").cast(pl.Int64),
        "side",
        pl.lit("").alias("trace"),
        "component",
        pl.lit("").alias("operation"),
        pl.col("context").cast(pl.Int64),
        (pl.col("stretch") * width).alias("start"),
        ((pl.col("stretch") + 1) * width).alias("end"),
        pl.lit(-1, pl.Int64).alias("above"),
        pl.lit("").alias("caller"),
        pl.lit("").alias("posted"),
        pl.lit(0, pl.Int64).alias("local"),
        pl.lit(-1, pl.Int64).alias("gap"),
        pl.lit(value=False).alias("failed"),
        pl.lit(0, pl.Int64).alias("total"),
        pl.lit("").alias("span"),
        pl.lit("").alias("artefact"),
        pl.lit(0, pl.Int64).alias("line"),
        pl.lit("").alias("node"),
        pl.lit("").alias("instance"),
    )
    items = cut.join(
        every.select("side", "component", "stretch", "visit"), on=["side", "component", "stretch"]
    ).select(
        pl.col("visit").cast(pl.Int64),
        (pl.lit("log ") + pl.col("template")).alias("item"),
        pl.lit("log").alias("kind"),
        (pl.col("level") >= ERROR).alias("bad"),
        "time",
        "artefact",
        pl.lit("").alias("place"),
        "line",
    )
    return frame, items


def _width(lines: pl.DataFrame) -> int:
    times = lines.filter(pl.col("side") == 1)["time"].sort()
    if not times.len():
        return SHORTEST
    whole = int(
        (times.quantile(0.99) or 0) - (times.quantile(0.01) or 0)
    )  # one wrong clock must not stretch all
    return max(SHORTEST, whole // STRETCHES)
