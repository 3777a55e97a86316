"""Where time is lost: in a component's own work, or between two components."""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.shares import surely_more
from holdfast.diagnostics.correlation.visits import Visits

FELT = 0.05
"""A delay is felt when it is this share of the usual whole request."""
SLOW = 2.0
"""A call is slow when it takes this many times the slow end (95 %) of the reference."""


def felt(visits: Visits, reference: pl.Series) -> float:
    """Return the nanoseconds below which no delay is worth a word: a share of the usual request."""
    whole = visits.frame.filter(reference & (pl.col("above") < 0))["total"]
    if not whole.len():
        whole = visits.frame["total"]
    return FELT * float(whole.median() or 0)  # type: ignore[arg-type]


def slow_work(visits: Visits, subject: pl.Series, reference: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contexts whose own work got slower, and (visit, change) pairs of the slow calls."""
    floor = felt(visits, reference)
    frame = visits.frame.select("visit", "context", "component", pl.col("local").alias("time")).with_columns(
        subject.alias("subject"), reference.alias("reference")
    )
    return _slower(frame, ["context"], floor)


def slow_ways(
    visits: Visits, subject: pl.Series, reference: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every way between two components with how many of its calls were slow, and the slow calls.

    Columns: change, caller, component, n1, k1, n0, k0, usual, now (ns), effect. The time is what the caller
    waited longer than the called worked; for what sends no spans, the whole call. The pairs (visit, change)
    name the called visit, or the caller's where the called sent none.
    """
    floor = felt(visits, reference)
    known = visits.frame.with_columns(subject.alias("subject"), reference.alias("reference")).filter(
        (pl.col("caller") != "") & (pl.col("gap") >= 0)
    )
    sides = visits.frame.select("visit", subject.alias("subject"), reference.alias("reference"))
    leaves = visits.leaves.join(sides, on="visit").select(
        "visit", pl.col("component").alias("caller"), pl.col("peer").alias("component"),
        pl.col("duration").alias("time"), "subject", "reference",
    )  # fmt: skip
    ways = pl.concat([known.select("visit", "caller", "component", pl.col("gap").alias("time"), "subject", "reference"), leaves])
    return _slower(ways, ["caller", "component"], floor, keep_all=True)


def _slower(
    frame: pl.DataFrame, by: list[str], floor: float, *, keep_all: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    before, after = pl.col("time").filter("reference"), pl.col("time").filter("subject")
    usual = frame.group_by(by).agg(
        pl.col("component").first().alias("owner"),
        before.median().alias("usual"),
        before.quantile(0.95).alias("slowest"),
        after.median().alias("now"),
    )
    line = pl.max_horizontal(SLOW * pl.col("slowest"), pl.col("usual") + floor)
    marked = frame.join(usual, on=by).with_columns((pl.col("time") > line).fill_null(value=False).alias("slow"))
    found = marked.group_by(by).agg(
        pl.col("owner").first(),
        pl.col("usual").first(),
        pl.col("now").first(),
        pl.sum("subject").alias("n1"),
        (pl.col("slow") & pl.col("subject")).sum().alias("k1"),
        pl.sum("reference").alias("n0"),
        (pl.col("slow") & pl.col("reference")).sum().alias("k0"),
    )
    effect = surely_more(*(found[name].to_numpy() for name in ("k1", "n1", "k0", "n0")))
    found = found.with_columns(pl.Series("effect", effect))
    if not keep_all:
        found = found.filter(pl.col("effect") > 0)
    found = found.with_row_index("change")
    pairs = marked.filter(pl.col("slow") & pl.col("subject")).join(found.select("change", *by), on=by)
    return found.rename({"owner": "component"}) if "component" not in by else found.drop("owner"), pairs.select("visit", "change")
