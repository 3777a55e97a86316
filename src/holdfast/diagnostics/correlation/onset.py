"""When it began: the moment that best divides the calls into those before and those after.

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


def divide(visits: Visits, wanted: pl.DataFrame | None = None) -> Moment | None:
    """Return the best moment within the bundle, None when nothing changes within it.

    wanted: (context, item) pairs to look at alone, where a baseline already says what is not as it was;
    slowness is the item "slow".
    """
    calls = visits.frame.filter(pl.col("side") == BUNDLE)
    if calls.height < 8:
        return None
    edges = np.unique(np.quantile(calls["start"].to_numpy(), np.linspace(0, 1, MOMENTS + 1), method="lower"))[
        1:-1
    ]
    if not len(edges):
        return None
    shown = _shown(visits, calls)
    if wanted is not None:
        shown = shown.join(wanted.select("context", "item").unique(), on=["context", "item"])
    if not shown.height:
        return None
    return _best(calls, shown, edges)


def _shown(visits: Visits, calls: pl.DataFrame) -> pl.DataFrame:
    """Return (context, item, start) for each thing shown by each call of the bundle."""
    items = visits.items.join(calls.select("visit", "context", "start"), on="visit").select(
        "context", "item", "start"
    )
    whole = float(calls.filter((pl.col("above") < 0) & (pl.col("total") > 0))["total"].median() or 0)  # type: ignore[arg-type]
    slow = [
        calls.with_columns(pl.col(column).alias("time"))
        .filter(pl.col("time") >= 0)
        .filter(
            pl.col("time")
            > pl.max_horizontal(
                2 * pl.col("time").quantile(0.3), pl.col("time").quantile(0.3) + FELT * whole
            ).over(by)
        )
        .select("context", pl.lit(f"slow {column}").alias("item"), "start")
        for column, by in (("local", ["context"]), ("gap", ["caller", "component"]))
    ]
    return pl.concat([items, *slow])


def _best(calls: pl.DataFrame, shown: pl.DataFrame, edges: Ints) -> Moment | None:
    contexts = calls.group_by("context", maintain_order=True).agg(pl.col("component").first())
    place = {context: row for row, context in enumerate(contexts["context"])}
    total = _counted(calls["context"], calls["start"], place, edges)
    rows = shown.group_by("context", "item", maintain_order=True).agg("start")
    of = np.array([place[context] for context in rows["context"]])
    hits = np.stack(
        [
            np.bincount(np.searchsorted(edges, starts.to_numpy(), "right"), minlength=len(edges) + 1)
            for starts in rows["start"]
        ]
    )
    gain = _gain(hits.astype(float), total[of].astype(float))
    owners, names = _numbered(contexts["component"].gather(of))
    best = np.zeros((len(names), gain.shape[1]))
    np.maximum.at(best, owners, gain)
    price = np.log(len(rows) * len(edges))
    summed = np.maximum(best - CHANCE, 0).sum(axis=0)
    at = int(np.argmax(summed))
    if best[:, at].max() < price + CHANCE:
        return None
    return Moment(int(edges[at]), float(summed[at]), names[int(np.argmax(best[:, at]))])


def _counted(contexts: pl.Series, starts: pl.Series, place: dict[int, int], edges: Ints) -> Ints:
    counts = np.zeros((len(place), len(edges) + 1), np.int64)
    rows = np.array([place[context] for context in contexts])
    np.add.at(counts, (rows, np.searchsorted(edges, starts.to_numpy(), "right")), 1)
    return counts


def _gain(hits: Floats, total: Floats) -> Floats:
    """Return for each row and moment the log likelihood ratio of two shares against one."""
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
