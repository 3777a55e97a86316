"""A few traces worth looking at: those that failed, those that were slow, and good ones beside them."""

from __future__ import annotations

from typing import Any

import polars as pl

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.habits import ENOUGH, habits, written
from holdfast.diagnostics.correlation.ranking import Weighed
from holdfast.diagnostics.correlation.waterfalls import drawn
from holdfast.diagnostics.traces.waterfall import named

FAILED, SLOW, GOOD = 16, 10, 6
"""Most traces kept of each sort."""
COMPARED = 300
"""Good traces of a request that are compared with."""
_NAMELESS = r"(?i)^\W*(http)?\W*(get|post|put|patch|delete|head|options)?\W*$"
"""Operations such as `/*` and `HTTP GET`."""
SLOWER = 1.5
"""A slow trace took longer than 95 % of the good ones, and so many times their median."""


def exemplars(baseline: Evidence, bundle: Evidence, weighed: Weighed) -> dict[str, Any]:
    """Return as JSON how many traces there are since the onset and, of each sort, some with their waterfalls."""
    sides = {"0": baseline.spans, "1": bundle.spans}
    traces = _traces(weighed, sides)
    good = traces.filter(pl.col("reference") & ~pl.col("failed"))
    after = _timed(traces.filter("subject"), good)
    failed = after.filter("failed").sort("start")
    slow = after.filter(pl.col("slow") & ~pl.col("failed")).sort("ms", descending=True)
    chosen = {"failed": failed.head(FAILED), "slow": slow.head(SLOW)}
    chosen["good"] = _beside(good, pl.concat([*chosen.values()]))
    lines = written(weighed.visits, baseline.templates | bundle.templates)
    shown = []
    for request in pl.concat([frame["request"] for frame in chosen.values()]).unique().sort():
        like = good.filter(pl.col("request") == request).head(COMPARED)
        usual = habits(_spans(sides, like["trace"]), lines, like["ms"])
        for sort, frame in chosen.items():
            for row in frame.filter(pl.col("request") == request).iter_rows(named=True):
                shown.append(drawn(row, sort, _spans(sides, pl.Series([row["trace"]])), usual, lines))
    counted = after.group_by("request").agg(
        pl.len().alias("all"), pl.col("failed").sum(), pl.col("slow").sum()
    )
    return {
        "all": after.height,
        "failed": failed.height,
        "slow": slow.height,
        "requests": counted.sort(["failed", "slow", "all", "request"], descending=True).head(20).to_dicts(),
        "traces": sorted(shown, key=lambda one: one["time"]),
    }


def _traces(weighed: Weighed, sides: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row a trace with spans: trace (its side first), request, start, ms, failed, subject, reference."""
    known = pl.concat([(side + spans["trace"].unique()).alias("trace") for side, spans in sides.items()])
    visits = weighed.visits.frame.with_columns(
        weighed.subject.alias("subject"), weighed.reference.alias("reference")
    ).filter(pl.col("trace").is_in(known.implode()))
    by_trace = visits.sort("start", "visit").group_by("trace", maintain_order=True)
    found = by_trace.agg(
        pl.col("operation").first().alias("entered"),
        pl.col("operation").filter(pl.col("component") != pl.col("component").first()).first().alias("asked"),
        pl.col("start").min(),
        (pl.col("total").first() / 1e6).alias("ms"),
        pl.col("failed").any(),
        pl.col("subject").any(),
        pl.col("reference").any(),
    )
    # A gateway may name all requests alike; then the first call behind it tells them apart.
    alike = pl.col("entered").str.contains(_NAMELESS) | (pl.col("entered").n_unique() == 1)
    asked = pl.when(alike & pl.col("asked").is_not_null()).then("asked").otherwise("entered")
    return found.with_columns(asked.alias("request")).sort("start", "trace")


def _timed(after: pl.DataFrame, good: pl.DataFrame) -> pl.DataFrame:
    """Return the traces with whether each is slow for its request."""
    usual = good.group_by("request").agg(
        pl.len().alias("n"), pl.col("ms").median().alias("median"), pl.col("ms").quantile(0.95).alias("p95")
    )
    slow = (
        (pl.col("n") >= ENOUGH) & (pl.col("ms") > pl.col("p95")) & (pl.col("ms") > SLOWER * pl.col("median"))
    )
    known = after.join(usual, on="request", how="left", maintain_order="left")
    return known.with_columns(slow.fill_null(value=False).alias("slow"))


def _beside(good: pl.DataFrame, bad: pl.DataFrame) -> pl.DataFrame:
    """Return good traces of the requests that went bad, the most usual ones; of all where none did."""
    like = good.filter(pl.col("request").is_in(bad["request"].implode())) if bad.height else good
    odd = (pl.col("ms") - pl.col("ms").median().over("request")).abs()
    return like.with_columns(odd.rank("ordinal").over("request").alias("nth")).sort("nth", "trace").head(GOOD)


def _spans(sides: dict[str, pl.DataFrame], traces: pl.Series) -> pl.DataFrame:
    """Return the spans of traces whose names begin with their side, operations saying whom they call."""
    found = []
    for side, spans in sides.items():
        wanted = traces.filter(traces.str.starts_with(side)).str.slice(1)
        of_side = spans.filter(pl.col("trace").is_in(wanted.implode()))
        found.append(of_side.with_columns((pl.lit(side) + pl.col("trace")).alias("trace")))
    shared = [name for name in found[0].columns if all(name in one.columns for one in found)]
    return named(pl.concat([one.select(shared) for one in found]).sort("start", maintain_order=True))
