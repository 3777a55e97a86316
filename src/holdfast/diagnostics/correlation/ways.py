"""Who is at fault for slow ways between components: the one end that explains most of them.

A delay on the way between two components can be the fault of either. A component whose every way in (or
every way out) is slow is a better explanation than its many neighbours that each share one slow way
with it. The explanations are taken greedily, the best first; what it explains is not explained again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.shares import AMONG_PEERS, HALF_SURE, Z, surely_more

PART = 0.25
"""Power of the share of all slow calls that an end explains."""
SIDES = ("in", "out", "both")
MOST = 12
"""Ends named at most."""
PRIOR = 20
"""Calls of an ordinary way that every way is assumed to have had before: few calls prove little."""


@dataclass(frozen=True, slots=True)
class SlowEnd:
    """One component at the slow end of ways."""

    component: str
    side: str
    """"in" when calls to it are slow, "out" when the calls it makes are, "both" when either are."""
    effect: float
    """By how much the share of slow calls grew at least."""
    share: float
    """Share of all slow calls in the evidence that it explains."""
    ways: pl.DataFrame
    """The ways it explains, rows of `latency.slow_ways`."""

    @property
    def worth(self) -> float:
        """How much it explains, and how surely: who is seldom called can still be the one."""
        return float(self.effect * self.share**PART)


def blame(ways: pl.DataFrame, z: float = Z, least: float = 0.02) -> list[SlowEnd]:
    """Return the ends that together explain the slow ways, the best first."""
    rate = (float(ways["w0"].sum()) + 1) / (float(ways["m0"].sum()) + PRIOR) if ways.height else 0.0
    usual = (ways["w0"] + PRIOR * rate) / (ways["m0"] + PRIOR)
    left = ways.with_columns((pl.col("w1") - pl.col("m1") * usual).clip(0).alias("excess"))
    left = left.with_columns(pl.when(pl.col("gravity") > 0).then("excess").otherwise(0.0).alias("excess"))
    left = left.with_columns(pl.col("excess") * pl.col("gravity") * _loss())
    whole = float(left["excess"].sum())
    found: list[SlowEnd] = []
    while whole > 0 and len(found) < MOST:
        best = max((_end(left, side, rate, whole, z) for side in SIDES), key=_worth)
        if best is None or best.worth <= least:
            break
        found.append(best)
        taken = _at(best.component, best.side)
        left = left.with_columns(pl.when(taken).then(0.0).otherwise("excess").alias("excess"))
    return found


_ENDS = {"in": "component", "out": "caller"}


def _at(name: str, side: str) -> pl.Expr:
    """Return the condition that a way is one of the component's on that side."""
    return pl.any_horizontal(pl.col(column) == name for of, column in _ENDS.items() if side in (of, "both"))


def _loss() -> pl.Expr:
    """Return 0..1: what a slow call of each way costs, beside one of the gravest way; one that fails costs as much."""
    failing = (pl.col("f1") / pl.col("w1")).fill_nan(0.0).clip(0, 1)
    lost = pl.col("lost").fill_null(0.0).clip(0)
    return failing + (1 - failing) * (lost / lost.max()).fill_nan(0.0)


def _spread() -> pl.Expr:
    """Return 0..1: how evenly the slow calls fall on several ways. All on one way speak against its other end."""
    excess = pl.col("excess").filter(pl.col("excess") > 0)
    several = excess.len().cast(pl.Float64)
    even = (1 - excess.max() / excess.sum()) * several / (several - 1)
    return pl.when(several > 1).then(even).otherwise(0.0).fill_nan(0.0).fill_null(0.0)


def _worth(end: SlowEnd | None) -> float:
    return end.worth if end else -1.0


def _end(ways: pl.DataFrame, side: str, rate: float, whole: float, z: float) -> SlowEnd | None:
    ends = pl.concat(
        [ways.with_columns(pl.col(_ENDS[of]).alias("end")) for of in ("in", "out") if side in (of, "both")]
    )
    ends = ends.group_by("end", maintain_order=True).agg(
        pl.sum("w1", "m1", "w0", "m0"),
        pl.sum("excess"),
        (pl.col("gravity") * pl.col("excess")).sum().alias("grave"),
        _spread().alias("spread"),
        pl.col("leaf").mean(),
    )
    ends = ends.filter(pl.col("excess") > 0)
    if not ends.height:
        return None
    columns = (ends[name].to_numpy().astype(float) for name in ("w1", "m1", "w0", "m0"))
    k1, n1, k0, n0 = columns
    gravity = (ends["grave"] / ends["excess"]).to_numpy()
    alike = (
        AMONG_PEERS + (HALF_SURE - AMONG_PEERS) * ends["leaf"].to_numpy()
    )  # how they work is each one's own
    effect = surely_more(k1, n1, k0 + PRIOR * rate, n0 + PRIOR, z) * gravity * np.where(n0 == 0, alike, 1.0)
    if side != "in":
        effect = effect * ends["spread"].to_numpy()
    share = ends["excess"].to_numpy() / whole
    at = int(np.argmax(effect * share**PART))
    name = ends["end"][at]
    mine = ways.filter(_at(name, side) & (pl.col("excess") > 0))
    return SlowEnd(name, side, float(effect[at]), float(share[at]), mine)
