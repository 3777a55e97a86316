"""Where time is lost: in a component's own work, or between two components."""

from __future__ import annotations

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.shares import surely_more
from holdfast.diagnostics.correlation.visits import Visits

FELT = 0.05
"""A delay is felt when it is this share of the usual whole request."""
GRAVE = 0.25
"""A delay of this share of the usual whole request counts for two thirds of its slow calls."""
SLOW = 2.0
"""A call is slow when it takes this many times the usual, and a felt delay more."""
STEPS = (1, 3, 9, 27, 81)
"""Multiples of that line that are tried: the one that best divides now from before is taken."""


def usual_request(visits: Visits, reference: pl.Series) -> float:
    """Return the usual nanoseconds of a whole request: what delays are measured by."""
    whole = visits.frame.filter(reference & (pl.col("above") < 0) & (pl.col("total") > 0))["total"]
    if not whole.len():
        whole = visits.frame.filter(pl.col("total") > 0)["total"]
    return float(whole.median() or 0)  # type: ignore[arg-type]


def slow_work(visits: Visits, subject: pl.Series, reference: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contexts whose own work got slower, and (visit, change) pairs of the slow calls."""
    request = usual_request(visits, reference)
    frame = visits.frame.select("visit", "context", "component", pl.col("local").alias("time"), pl.lit(value=False).alias("failed")).with_columns(
        subject.alias("subject"), reference.alias("reference")
    )
    return _slower(frame, ["context"], request)


def slow_ways(
    visits: Visits, subject: pl.Series, reference: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every way between two components with how many of its calls were slow, and the slow calls.

    Columns: change, caller, component, n1, k1, n0, k0, usual, now (ns), effect. The time is what the caller
    waited longer than the called worked; for what sends no spans, the whole call. A call that failed without
    the called having seen it counts as slow. The pairs (visit, change)
    name the called visit, or the caller's where the called sent none.
    """
    request = usual_request(visits, reference)
    known = visits.frame.with_columns(subject.alias("subject"), reference.alias("reference")).filter(
        (pl.col("caller") != "") & (pl.col("gap") >= 0)
    )
    sides = visits.frame.select("visit", subject.alias("subject"), reference.alias("reference"))
    leaves = visits.leaves.join(sides, on="visit").select(
        "visit", pl.col("component").alias("caller"), pl.col("peer").alias("component"),
        pl.col("duration").alias("time"), "failed", "subject", "reference",
    )  # fmt: skip
    ways = pl.concat([known.select("visit", "caller", "component", pl.col("gap").alias("time"), pl.lit(value=False).alias("failed"), "subject", "reference"), leaves])
    return _slower(ways, ["caller", "component"], request, keep_all=True)


def _slower(
    frame: pl.DataFrame, by: list[str], request: float, *, keep_all: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    before, after = pl.col("time").filter("reference"), pl.col("time").filter("subject")
    usual = frame.group_by(by).agg(
        pl.col("component").first().alias("owner"),
        before.median().alias("usual"),
        after.median().alias("now"),
        pl.sum("subject").alias("n1"),
        pl.sum("reference").alias("n0"),
    )
    marked = frame.join(usual, on=by)
    line = SLOW * pl.col("usual") + FELT * request
    tried = pl.concat([_at_line(marked, by, line * step, request).with_columns(line=pl.lit(step)) for step in STEPS])
    best = tried.sort("effect", "line", descending=[True, False]).unique(by, keep="first", maintain_order=True)
    found = usual.join(best, on=by).sort(by)
    if not keep_all:
        found = found.filter(pl.col("effect") > 0)
    found = found.with_row_index("change")
    lines = marked.join(found.select("change", *by, "line"), on=by)
    late = pl.col("failed") | (pl.col("time") > line * pl.col("line"))
    pairs = lines.filter(pl.col("subject") & late).select("visit", "change")
    return found.rename({"owner": "component"}) if "component" not in by else found.drop("owner"), pairs


def _at_line(marked: pl.DataFrame, by: list[str], line: pl.Expr, request: float) -> pl.DataFrame:
    """Return the effect of each group when calls beyond the line count as slow."""
    late = (pl.col("time") > line).fill_null(value=False)
    slow = late | pl.col("failed")
    found = marked.group_by(by).agg(
        (slow & pl.col("subject")).sum().alias("k1"),
        (slow & pl.col("reference")).sum().alias("k0"),
        pl.sum("subject").alias("n"),
        pl.sum("reference").alias("m"),
        (pl.col("time").filter(late & pl.col("subject")).median() - pl.col("usual").first()).alias("lost"),
        (pl.col("failed") & pl.col("subject")).sum().alias("f1"),
    )
    effect = surely_more(*(found[name].to_numpy() for name in ("k1", "n", "k0", "m")))
    failing = (found["f1"] / found["k1"].clip(1)).to_numpy()
    waiting = 1 - np.exp(-found["lost"].fill_null(0).to_numpy() / max(GRAVE * request, 1.0))
    gravity = failing + (1 - failing) * waiting
    return found.drop("n", "m").with_columns(pl.Series("effect", effect * gravity), pl.Series("gravity", gravity))
