"""How long callers waited, by their own clocks: where traces are a sample, or lacking, metrics know of every call.

A latency that names the called (a quantile, a mean) tells of one way between two components which share of its calls
took longer than they usually do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.latency import FELT, SLOW
from holdfast.diagnostics.correlation.visits import BASELINE, BUNDLE
from holdfast.diagnostics.metrics.counters import PER_SECOND
from holdfast.diagnostics.signals import Signal

CALLED = re.compile(
    r"^(net[_.]peer|peer|upstream|target|remote|server|destination)([_.](service|name|address|host|workload|cluster))*$"
    r"|^(client_?name|envoy_cluster_name)$",
    re.IGNORECASE,
)
"""Labels that name whom a call went to, as OpenTelemetry, Istio, Envoy and Micrometer write them."""
_TIME = re.compile(
    r"latenc|duration|round_?trip|elapsed"
    r"|(requests?|respon[sc]e|calls?|rq|handling)[_.]?(time|seconds|milliseconds|ms)([_.]|$)",
    re.IGNORECASE,
)
_PART = re.compile(r"[_.-](sum|count|bucket|total)$")
_QUANTILE = re.compile(r"(?:^|[_.-])p(\d{2,4})(?=[_.-]|$)", re.IGNORECASE)
_EXTREME = re.compile(r"(?:^|[_.-])(max|min|stddev|stdvar)(?=[_.-]|$)", re.IGNORECASE)
_UNITS = (("milliseconds|millis|ms", 1e6), ("microseconds|micros|us", 1e3), ("nanoseconds|nanos|ns", 1.0))
"""Nanoseconds of a unit, where it is not the second: https://prometheus.io/docs/practices/naming/."""
_MIDDLE = 0.5
"""The quantile as which a mean counts."""
_RUNS = {"instance", "pod", "node", "host"}
"""Labels of who measured: what is usual for one instance of a component is usual for all."""
_EARLY = 0.25
"""Quantile of a series that is what it usually was, whenever in it something changed."""

Labels = tuple[tuple[str, str], ...]
SCHEMA = {
    "side": pl.Int8,
    "caller": pl.String,
    "component": pl.String,
    "series": pl.String,
    "run": pl.String,
    "quantile": pl.Float64,
    "time": pl.Int64,
    "took": pl.Float64,
    "artefact": pl.String,
    "sample": pl.Int64,
}


def called(signal: Signal) -> str:
    """Return whom the calls of a series went to, without a port; empty where no label says it."""
    named = next((value for name, value in signal.labels if CALLED.search(name)), "")
    named = re.split(r"[:/]", named)[0]
    return "" if named == signal.component else named


def waits(baseline: list[Signal], bundle: list[Signal]) -> pl.DataFrame:
    """Return for each sample of a way which share of its calls was late.

    Columns: side, caller, component, time, share (0..1), usual and waited (ns beyond it), artefact, sample.
    """
    rows = [row for side, given in ((BASELINE, baseline), (BUNDLE, bundle)) for row in _clocked(side, given)]
    found = pl.concat(rows) if rows else pl.DataFrame(schema=SCHEMA)
    return _late(found.filter(pl.col("took").is_finite()))


def _clocked(side: int, signals: Iterable[Signal]) -> Iterator[pl.DataFrame]:
    for signal in _with_means(signals):
        to, quantile = called(signal), _quantile(signal)
        if not (signal.component and to and _TIME.search(signal.name) and quantile) or len(signal.times) < 2:
            continue
        others = (label for label in signal.labels if label[0] not in _RUNS | {"quantile"})
        series = (_QUANTILE.sub("", signal.name), *others)
        units = (scale for unit, scale in _UNITS if re.search(rf"[_.-]({unit})([_.-]|$)", signal.name))
        took = signal.values * next(units, 1e9)
        alike = {
            "side": side,
            "caller": signal.component,
            "component": to,
            "series": repr(series),
            "run": repr([label for label in signal.labels if label[0] in _RUNS]),
            "quantile": quantile,
            "artefact": signal.artefact,
        }
        numbers = list(signal.samples or range(1, len(took) + 1))
        yield pl.DataFrame({"time": signal.times, "took": took, "sample": numbers}).select(
            (pl.lit(alike[name]) if name in alike else pl.col(name)).cast(kind).alias(name)
            for name, kind in SCHEMA.items()
        )


def _with_means(signals: Iterable[Signal]) -> Iterator[Signal]:
    """Yield the series, and of each sum beside its count the mean."""
    parts: dict[tuple[str, str, Labels], dict[str, Signal]] = defaultdict(dict)
    for signal in signals:
        if not (part := _PART.search(signal.name)):
            yield signal
        elif signal.unit == PER_SECOND and called(signal):
            of = signal.component, signal.name[: part.start()], signal.labels
            parts[of][part[1]] = signal
    for (component, name, labels), both in parts.items():
        if {"sum", "count"} <= both.keys() and np.array_equal(both["sum"].times, both["count"].times):
            each, whole = both["count"].values, both["sum"]
            mean = np.divide(whole.values, each, out=np.full(len(each), np.nan), where=each > 0)
            yield Signal(component, name, whole.times, mean, whole.artefact, "", labels, whole.samples)


def _quantile(signal: Signal) -> float:
    """Return which quantile a series is, 0 where it is an extreme."""
    if said := dict(signal.labels).get("quantile"):
        return float(said) if re.fullmatch(r"0\.\d+", said) else 0.0
    if named := _QUANTILE.search(signal.name):
        return float(f"0.{named[1]}")
    return 0.0 if _EXTREME.search(signal.name) else _MIDDLE


def _late(found: pl.DataFrame) -> pl.DataFrame:
    way = ["caller", "component", "series"]
    lowest = found.filter(pl.col("quantile") == pl.col("quantile").min().over(way))
    early = pl.col("took").filter(pl.col("side") == BASELINE)
    usual = lowest.group_by(way).agg(
        early.quantile(_EARLY).fill_null(pl.col("took").quantile(_EARLY)).alias("usual")
    )
    line = SLOW * pl.col("usual") + FELT * pl.col("usual").max()
    late = pl.col("took") > line
    samples = (
        found.join(usual, on=way)
        .with_columns(late.alias("late"))
        .group_by(*way, "run", "side", "time", "usual", maintain_order=True)
        .agg(
            pl.col("quantile").filter("late").min().alias("at"),
            pl.col("quantile").filter(~pl.col("late")).max().fill_null(0.0).alias("below"),
            pl.col("took").filter("late").min(),
            pl.col("artefact", "sample").sort_by(~pl.col("late"), "quantile").first(),
        )
    )
    # between what the quantile beyond the line and the one before it leave open
    share = ((1 - pl.col("at")) * (1 - pl.col("below"))).sqrt().fill_null(0.0)
    return samples.select(
        "side",
        "caller",
        "component",
        "time",
        share.alias("share"),
        "usual",
        (pl.col("took") - pl.col("usual")).alias("waited"),
        "artefact",
        "sample",
    )
