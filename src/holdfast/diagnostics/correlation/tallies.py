"""Calls that callers count and time: where traces are a sample, or lacking, metrics still know of every call.

A series that names the called and how a call ended, as most clients of HTTP and RPC export it, is a tally of one way
between two components. An answer that says something failed is an answer: what failed below it is told by other ways.
How long its calls take says how many of them were late (`waits`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.latency import GRAVE
from holdfast.diagnostics.correlation.shares import HALF_SURE, surely_more
from holdfast.diagnostics.correlation.visits import BASELINE, BUNDLE, Visits
from holdfast.diagnostics.correlation.waits import called, waits
from holdfast.diagnostics.metrics.counters import PER_SECOND
from holdfast.diagnostics.signals import Signal

ENDED = (
    re.compile(r"^(http[_.])?(response[_.])?(status|code)([_.]code)?$", re.IGNORECASE),
    re.compile(r"^(outcome|result)$", re.IGNORECASE),
)
"""Labels that say how it ended, the more exact ones first."""
UNANSWERED = re.compile(
    r"error|time_?d?_?out|refused|reset|unreachable|unavailable|^0$|^none$|^-1$", re.IGNORECASE
)
"""Ends of calls that no answer came to: a number of a status is one."""
CALLS = re.compile(r"request|call|rpc", re.IGNORECASE)
PACE = re.compile(r"per_second|_rate$|_rps$|_qps$", re.IGNORECASE)
SAMPLED = 0.5
"""Share of the counted calls below which those traced are a sample, and the counts say more."""

SCHEMA = {
    "side": pl.Int8,
    "caller": pl.String,
    "component": pl.String,
    "time": pl.Int64,
    "calls": pl.Float64,
    "late": pl.Boolean,
    "lost": pl.Float64,
    "usual": pl.Float64,
    "waited": pl.Float64,
    "artefact": pl.String,
    "sample": pl.Int64,
}


def tallies(baseline: list[Signal], bundle: list[Signal], visits: Visits) -> pl.DataFrame:
    """Return the calls counted in each sample, columns of `SCHEMA`; none where traces show most of them.

    time: ns UTC, the end of what the sample counts. lost: calls of these that got no answer or, where `late` says
    so, took longer than usual; usual and waited beyond it: ns.
    """
    rows = [
        row for side, signals in ((BASELINE, baseline), (BUNDLE, bundle)) for row in _counted(side, signals)
    ]
    counted = pl.concat(rows) if rows else pl.DataFrame(schema=SCHEMA)
    found = pl.concat([counted, _late(waits(baseline, bundle))])
    found = found.with_columns(pl.col("component").replace(_names(found, visits)))
    return found if _traced(found, visits) < SAMPLED else found.clear()


def _late(waited: pl.DataFrame) -> pl.DataFrame:
    """Return the samples of how long calls took as calls: each is one, of every way alike, however many it is of."""
    return waited.with_columns(late=pl.lit(value=True), calls=pl.lit(1.0), lost=pl.col("share")).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def _names(found: pl.DataFrame, visits: Visits) -> dict[str, str]:
    """Return the names under which traces know those called: `stock` for a host of it, a host for its part."""
    known = set(visits.frame["component"]) | set(found["caller"]) - {""}
    hosts = {part: host for host in sorted(set(visits.leaves["peer"]) - known) for part in host.split(".")}
    named = {called: called.split(".")[0] for called in set(found["component"]) - known}
    return {called: name if name in known else hosts.get(called, called) for called, name in named.items()}


def _counted(side: int, signals: list[Signal]) -> Iterator[pl.DataFrame]:
    for signal in signals:
        to = called(signal)
        ended = next((end for said in ENDED for name, end in signal.labels if said.search(name)), "")
        if not (signal.component and to and ended and CALLS.search(signal.name)):
            continue
        paced = signal.unit == PER_SECOND or PACE.search(signal.name)
        if not paced or len(signal.times) < 2:
            continue
        yield _samples(side, signal, to, lost=bool(UNANSWERED.search(ended)))


def _samples(side: int, signal: Signal, to: str, *, lost: bool) -> pl.DataFrame:
    lasted = np.diff(signal.times) / 1e9
    calls = np.nan_to_num(signal.values) * np.append(np.median(lasted), lasted)
    numbers = signal.samples or range(1, len(calls) + 1)
    return pl.DataFrame(
        {
            "side": np.full(len(calls), side),
            "caller": [signal.component] * len(calls),
            "component": [to] * len(calls),
            "time": signal.times,
            "calls": calls,
            "late": [False] * len(calls),
            "lost": calls * lost,
            "usual": [None] * len(calls),
            "waited": [None] * len(calls),
            "artefact": [signal.artefact] * len(calls),
            "sample": list(numbers),
        },
        schema=SCHEMA,
    )


def _traced(found: pl.DataFrame, visits: Visits) -> float:
    """Return which share of the counted calls of the bundle was traced; where none were counted, of those timed."""
    ours = found.filter(pl.col("side") == BUNDLE)
    counted = ours.filter(~pl.col("late"))
    counted = counted if counted.height else ours
    seen = pl.concat(
        [
            visits.frame.filter((pl.col("side") == BUNDLE) & (pl.col("gap") >= 0)).select(
                "caller", "component"
            ),
            visits.leaves.filter(pl.col("side") == BUNDLE).select(
                pl.col("component").alias("caller"), pl.col("peer").alias("component")
            ),
        ]
    )
    seen = seen.join(counted.select(WAY).unique(), on=WAY, how="semi")
    return seen.height / max(float(counted["calls"].sum()), 1.0)


def divided(found: pl.DataFrame, now: pl.Expr, before: pl.Expr) -> pl.DataFrame:
    """Return of each way how many calls were counted (n) and lost or late (k), now (1) and before (0).

    counted: time, artefact and number of the sample in which some are first now.
    """
    first = pl.col("lost") > 0
    return (
        found.sort("time")
        .group_by(*WAY, "late")
        .agg(
            pl.col("lost").filter(now).sum().round().alias("k1"),
            pl.col("calls").filter(now).sum().round().alias("n1"),
            pl.col("lost").filter(before).sum().round().alias("k0"),
            pl.col("calls").filter(before).sum().round().alias("n0"),
            pl.col("usual", "waited").filter(now & first).median(),
            pl.struct("time", "artefact", "sample").filter(now & first).first().alias("counted"),
        )
    )


def unanswered(counted: pl.DataFrame, ways: pl.DataFrame, z: float) -> pl.DataFrame:
    """Return the ways, rows of `latency.slow_ways`, with those that surely lose calls by what callers count, or wait.

    counted: see `divided`. A way that the traces themselves say changed stays as it is. Where one of several
    callers alone loses calls the fault may be either end's: it counts half, and not at all where the others surely
    lose fewer.
    """
    known = ways.filter(pl.col("effect") > 0).select(WAY)
    lost = _lost(counted, z).join(known, on=WAY, how="anti")
    if not lost.height:
        return ways
    lost = lost.join(ways.select(*WAY, "change", "leaf"), on=WAY, how="left").with_columns(
        pl.col("change").fill_null(-1).cast(ways.schema["change"], strict=False),
        pl.col("leaf").fill_null(value=True),
        **{name: pl.col(name).cast(ways.schema[name]) for name in ("k1", "n1", "k0", "n0")},
        **{weight: pl.col(count).cast(pl.Float64) for weight, count in WEIGHED.items()},
        f1=pl.when("late").then(0.0).otherwise(pl.col("k1")).cast(pl.Float64),
        now=pl.col("usual") + pl.col("waited"),
        lost=pl.col("waited"),
        line=pl.lit(1, ways.schema["line"]),
    )
    rest = ways.join(lost, on=WAY, how="anti")
    return pl.concat([rest, lost.drop("waited")], how="diagonal_relaxed").sort(WAY)


def _lost(counted: pl.DataFrame, z: float) -> pl.DataFrame:
    """Return the ways that surely lose calls or wait longer, with effect and gravity (0..1): of both what is graver."""
    alike = ["component", "late"]
    others = {f"{name}_others": pl.sum(name).over(alike) - pl.col(name) for name in ("k1", "n1")}
    request = pl.col("usual").max()
    waiting = 1 - (-pl.col("waited") / (GRAVE * request)).exp()
    counted = counted.filter(pl.col("n0") > 0).with_columns(
        **others, gravity=pl.when("late").then(waiting).otherwise(1.0).fill_null(0.0)
    )
    k1, n1, k0, n0, k, n = (counted[name] for name in ("k1", "n1", "k0", "n0", *others))
    counted = counted.with_columns(
        pl.Series("effect", surely_more(k1, n1, k0, n0, z)),
        pl.Series("apart", surely_more(k1, n1, k, n, z) > 0),
    )
    lost = counted.filter(pl.col("effect") > 0)
    alone = (pl.len().over(alike) == 1) & (pl.col("n1_others") > 0)
    lost = lost.with_columns(pl.col("gravity") * pl.when(alone).then(HALF_SURE).otherwise(1.0)).filter(
        ~(alone & pl.col("apart"))
    )
    graver = (pl.col("effect") * pl.col("gravity")).rank("ordinal", descending=True).over(WAY) == 1
    return lost.filter(graver).drop("apart", *others).sort(WAY)


WAY = ["caller", "component"]
WEIGHED = {"w1": "k1", "m1": "n1", "w0": "k0", "m0": "n0"}
"""What each call weighs where each is counted: one."""
