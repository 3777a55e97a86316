"""When it began: the moments that best divide the calls into those before and those after.

Each thing that calls may show (a line, an inner call, being slow) is a row of yes and no over time. For
each possible moment the gain in log likelihood of "the share changed here" over "it never changed" is
added up, the best row of each component only, since one cause moves many rows of a component at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from holdfast.diagnostics.correlation.latency import FELT
from holdfast.diagnostics.correlation.visits import BUNDLE, Visits

MOMENTS = 64
"""How many moments are tried, with as many calls between any two."""
CHANCE = 3.0
"""Nats that a row gains somewhere by chance; and what must be left after the price of having tried so many."""
SEVERAL = 4
"""Moments named at most: a cause and its consequences need not begin together."""
LINES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of a population's calls that may have been quick; the line that divides them best from the slow is taken."""
FEWEST = 8
"""Calls from which a moment can be told."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that divides the evidence."""

    time: int
    """Nanoseconds UTC: the first call after it."""
    gain: float
    """Nats by which the evidence speaks for it."""
    component: str
    """The component whose calls change most there."""


def divide(visits: Visits, wanted: pl.DataFrame | None = None) -> list[Moment]:
    """Return the moments within the bundle at which something changes, the best first; empty when nothing does.

    wanted: (population, item) pairs to look at alone, where a baseline already says what is not as it was;
    see `calls_of` and `ways_of` for populations; slowness is the item "slow".
    """
    calls = visits.frame.filter(pl.col("side") == BUNDLE)
    if calls.height < FEWEST:
        return []
    edges = np.unique(np.quantile(calls["start"].to_numpy(), np.linspace(0, 1, MOMENTS + 1), method="lower"))
    timed, shown = _timed(visits, calls), _shown(visits, calls)
    shown = pl.concat([shown, *_slow(timed, calls)])
    if wanted is not None:
        shown = shown.join(
            wanted.select("population", "item").unique(), on=["population", "item"], how="semi"
        )
    if not shown.height or len(edges) < 3:
        return []
    return _best(timed, shown, edges[1:-1])


def calls_of(context: int) -> str:
    """Return the name of the population of calls of one context."""
    return str(context)


def ways_of(caller: str, called: str) -> str:
    """Return the name of the population of calls between two components."""
    return f"{caller}\0{called}"


def _timed(visits: Visits, calls: pl.DataFrame) -> pl.DataFrame:
    """Return (population, component, start, time, failed): every call by its context, and again by its way."""
    way = pl.concat_str("caller", pl.lit("\0"), "component").alias("population")
    leaves = visits.leaves.filter(pl.col("side") == BUNDLE)
    return pl.concat(
        [
            calls.select(
                pl.col("context").cast(pl.String).alias("population"),
                "component",
                "start",
                pl.col("local").alias("time"),
                pl.lit(value=False).alias("failed"),
            ),
            calls.filter((pl.col("caller") != "") & (pl.col("gap") >= 0)).select(
                way, "component", "start", pl.col("gap").alias("time"), pl.lit(value=False).alias("failed")
            ),
            leaves.select(
                pl.concat_str("component", pl.lit("\0"), "peer").alias("population"),
                pl.col("peer").alias("component"),
                "start",
                pl.col("duration").alias("time"),
                "failed",
            ),
        ]
    )


def _shown(visits: Visits, calls: pl.DataFrame) -> pl.DataFrame:
    """Return (population, item, line, start) for each thing shown by each call of the bundle."""
    return visits.items.join(calls.select("visit", "context", "start"), on="visit").select(
        pl.col("context").cast(pl.String).alias("population"), "item", pl.lit(0.0).alias("line"), "start"
    )


def _slow(timed: pl.DataFrame, calls: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the same for calls beyond each line that sets slow ones apart from quick ones."""
    whole = float(calls.filter((pl.col("above") < 0) & (pl.col("total") > 0))["total"].median() or 0)  # type: ignore[arg-type]
    time, group = pl.col("time"), "population"
    found = []
    for share in LINES:
        slow = pl.col("failed") | (time > time.quantile(share).over(group))
        quick = time.filter(~slow).median().over(group)
        apart = time.filter(slow).median().over(group) - quick > pl.max_horizontal(quick, FELT * whole)
        felt = slow & (pl.col("failed") | apart)
        found.append(
            timed.filter(felt).select(
                group, pl.lit("slow").alias("item"), pl.lit(share).alias("line"), "start"
            )
        )
    return found


def _best(timed: pl.DataFrame, shown: pl.DataFrame, edges: Ints) -> list[Moment]:
    populations = timed.group_by("population", maintain_order=True).agg("start", pl.col("component").first())
    total = _counted(populations["start"], edges)
    place = {name: row for row, name in enumerate(populations["population"])}
    rows = shown.group_by("population", "item", "line", maintain_order=True).agg("start")
    of = np.array([place[name] for name in rows["population"]])
    gain = gains(_counted(rows["start"], edges), total[of])
    owners, names = _numbered(populations["component"].gather(of))
    best = np.zeros((len(names), gain.shape[1]))
    np.maximum.at(best, owners, gain)
    price = np.log(len(rows) * len(edges))
    summed = np.maximum(best - CHANCE, 0).sum(axis=0)
    clear = best.max(axis=1) >= price + CHANCE
    if not clear.any():
        return []
    whole = int(np.argmax(np.where(best.max(axis=0) >= price + CHANCE, summed, -1)))
    own = sorted({int(at) for at in best[clear].argmax(axis=1)} - {whole}, key=lambda at: -summed[at])
    chosen: list[int] = []
    for at in [whole, *own]:
        if all(abs(at - other) > 1 for other in chosen):
            chosen.append(at)
    return [
        Moment(int(edges[at]), float(summed[at]), names[int(np.argmax(best[:, at]))])
        for at in chosen[:SEVERAL]
    ]


def _counted(starts: pl.Series, edges: Ints) -> Floats:
    """Return how many of each list of times lie between any two edges, shape (lists, edges + 1)."""
    size = len(edges) + 1
    counts = [
        np.bincount(np.searchsorted(edges, times.to_numpy(), "right"), minlength=size) for times in starts
    ]
    return np.stack(counts).astype(np.float64)


def gains(hits: Floats, total: Floats) -> Floats:
    """Return for each row and moment between two columns the log likelihood ratio of two shares against one, nats."""
    k0, n0 = np.cumsum(hits, axis=1)[:, :-1], np.cumsum(total, axis=1)[:, :-1]
    k, n = hits.sum(axis=1, keepdims=True), total.sum(axis=1, keepdims=True)
    return _likelihood(k0, n0) + _likelihood(k - k0, n - n0) - _likelihood(k, n)


def _likelihood(k: Floats, n: Floats) -> Floats:
    k = np.minimum(k, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = k * np.log(k / n) + (n - k) * np.log1p(-k / n)
        edge = (k <= 0) | (k >= n)
    return np.where(edge, 0.0, inner)


def _numbered(names: pl.Series) -> tuple[Ints, list[str]]:
    unique = names.unique(maintain_order=True).to_list()
    lookup = {name: number for number, name in enumerate(unique)}
    return np.array([lookup[name] for name in names]), unique
