"""What calls do now that they did not, and what they no longer do.

For each kind of call (component and operation) and each thing seen in it (a log template, an inner span,
a call made, a fault) the share of calls that show it is compared with the reference. A line that *stops*
counts like an error that starts. Calls that failed in the reference are no reference for what a good
call looks like, and what got better is not held against anybody.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.shares import ASSUMED, COUNTS, HALF_SURE, alike, surely_more
from holdfast.diagnostics.correlation.visits import Division

OFTEN, ALWAYS = 0.8, 0.95
"""A thing seen in the latter share of the reference calls is part of the call; between the two more and more so."""
NEVER = 0.02
"""A thing seen in less than this share of them is new when it comes."""
MIXED = 0.25
"""Weight of a change between two ways that were both common: the mix of requests moves these too."""


def changes(division: Division) -> pl.DataFrame:
    """Return a row for each (context, item) whose share surely changed for the worse.

    Columns: context, component, operation, item, kind, bad,
    way ("new", "gone", "more", "fewer"), the columns of `shares.COUNTS`, effect 0..1.
    """
    visits, before = division.visits, division.reference
    frame = visits.frame.select(
        "visit",
        "context",
        "component",
        alike("context").alias("weight"),
        division.subject.alias("subject"),
        (before & ~pl.col("failed")).alias("clean"),
        before.alias("before"),
    )
    sizes = frame.group_by("context").agg(
        pl.col("component").first(),
        *_sums(subject="n1", clean="clean0", before="all0"),
        *_sums(weighted=True, subject="m1", clean="light0", before="heavy0"),
    )
    counts = (
        visits.items.join(frame.drop("component"), on="visit")
        .group_by("context", "item", "kind")
        .agg(
            pl.col("bad").max(),
            *_sums(subject="k1", clean="kc", before="ka"),
            *_sums(weighted=True, subject="w1", clean="wc", before="wa"),
        )
    )
    bad = pl.col("bad")
    table = counts.join(sizes, on="context").with_columns(
        pl.when(bad).then("ka").otherwise("kc").alias("k0"),
        pl.when(bad).then("all0").otherwise("clean0").alias("n0"),
        pl.when(bad).then("wa").otherwise("wc").alias("w0"),
        pl.when(bad).then("heavy0").otherwise("light0").alias("m0"),
    )
    return _judge(table.filter(pl.col("n1") > 0), division.z)


def _sums(*, weighted: bool = False, **names: str) -> list[pl.Expr]:
    """Return how many calls each column marks, or what they weigh, under other names."""
    return [
        (pl.col("weight").filter(column).sum() if weighted else pl.sum(column)).alias(name)
        for column, name in names.items()
    ]


def _judge(table: pl.DataFrame, z: float) -> pl.DataFrame:
    k1, n1, k0, n0 = (table[name].to_numpy().astype(float) for name in ("w1", "m1", "w0", "m0"))
    bad = table["bad"].to_numpy()
    alone = bad & (n0 == 0)
    up = surely_more(k1, n1, k0, np.where(alone, ASSUMED, n0), z) * np.where(alone, HALF_SURE, 1.0)
    down = surely_more(k0, n0, k1, n1, z)
    share = k0 / np.maximum(n0, 1e-9)
    fresh, kept = bad | (share < NEVER), np.clip((share - OFTEN) / (ALWAYS - OFTEN), MIXED, 1.0)
    rise = up * np.where(fresh, 1.0, MIXED)
    fall = np.where(bad, 0.0, down * kept)
    rising = rise >= fall
    way = np.where(rising, np.where(k0 == 0, "new", "more"), np.where(k1 == 0, "gone", "fewer"))
    return (
        table.select("context", "component", "item", "kind", "bad", *COUNTS)
        .with_columns(pl.Series("way", way), pl.Series("effect", np.where(rising, rise, fall)))
        .filter(pl.col("effect") > 0)
        .sort("effect", "context", "item", descending=[True, False, False])
    )


def affected(division: Division, found: pl.DataFrame) -> pl.DataFrame:
    """Return (visit, change) pairs: which subject calls show each change; `change` is the row in `found`."""
    found = found.with_row_index("change")
    visits = division.visits
    inside = visits.frame.filter(division.subject).select("visit", "context")
    pairs = inside.join(found.select("change", "context", "item", "way"), on="context")
    has = visits.items.select("visit", "item", pl.lit(value=True).alias("has"))
    pairs = pairs.join(has, on=["visit", "item"], how="left").with_columns(
        pl.col("has").fill_null(value=False)
    )
    rising = pl.col("way").is_in(["new", "more"])
    return pairs.filter(pl.col("has") == rising).select("visit", "change")
