"""Who is at fault for slow ways between components: the one end that explains most of them.

A delay on the way between two components can be the fault of either. A component whose every way in (or
every way out) is slow is a better explanation than its many neighbours that each share one slow way
with it. The explanations are taken greedily, the best first; what it explains is not explained again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.shares import HALF_SURE, Z, surely_more

PART = 0.25
"""Power of the share of all slow calls that an end explains."""
MOST = 12
"""Ends named at most."""
PRIOR = 20
"""Calls of an ordinary way that every way is assumed to have had before: few calls prove little."""


@dataclass(frozen=True, slots=True)
class SlowEnd:
    """One component at the slow end of ways."""

    component: str
    side: str
    """"in" when calls to it are slow, "out" when the calls it makes are."""
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
    rate = (float(ways["k0"].sum()) + 1) / (float(ways["n0"].sum()) + PRIOR) if ways.height else 0.0
    usual = (ways["k0"] + PRIOR * rate) / (ways["n0"] + PRIOR)
    left = ways.with_columns((pl.col("k1") - pl.col("n1") * usual).clip(0).alias("excess"))
    left = left.with_columns(pl.when(pl.col("gravity") > 0).then("excess").otherwise(0.0).alias("excess"))
    left = left.with_columns(pl.col("excess") * pl.col("gravity"))
    whole = float(left["excess"].sum())
    found: list[SlowEnd] = []
    while whole > 0 and len(found) < MOST:
        best = max((_end(left, side, rate, whole, z) for side in ("in", "out")), key=_worth)
        if best is None or best.worth <= least:
            break
        found.append(best)
        taken = pl.col("component" if best.side == "in" else "caller") == best.component
        left = left.with_columns(pl.when(taken).then(0.0).otherwise("excess").alias("excess"))
    return found


def _spread() -> pl.Expr:
    """Return 0..1: how evenly the slow calls fall on several ways. All on one way speak against its other end."""
    excess = pl.col("excess").filter(pl.col("excess") > 0)
    several = excess.len().cast(pl.Float64)
    even = (1 - excess.max() / excess.sum()) * several / (several - 1)
    return pl.when(several > 1).then(even).otherwise(0.0).fill_nan(0.0).fill_null(0.0)


def _worth(end: SlowEnd | None) -> float:
    return end.worth if end else -1.0


def _end(ways: pl.DataFrame, side: str, rate: float, whole: float, z: float) -> SlowEnd | None:
    by = "component" if side == "in" else "caller"
    ends = ways.group_by(by, maintain_order=True).agg(
        pl.sum("n1"),
        pl.sum("k1"),
        pl.sum("n0"),
        pl.sum("k0"),
        pl.sum("excess"),
        (pl.col("gravity") * pl.col("excess")).sum().alias("grave"),
        _spread().alias("spread"),
    )
    ends = ends.filter(pl.col("excess") > 0)
    if not ends.height:
        return None
    columns = (ends[name].to_numpy().astype(float) for name in ("k1", "n1", "k0", "n0"))
    k1, n1, k0, n0 = columns
    gravity = (ends["grave"] / ends["excess"]).to_numpy()
    effect = (
        surely_more(k1, n1, k0 + PRIOR * rate, n0 + PRIOR, z) * gravity * np.where(n0 == 0, HALF_SURE, 1.0)
    )
    if side == "out":
        effect = effect * ends["spread"].to_numpy()
    share = ends["excess"].to_numpy() / whole
    at = int(np.argmax(effect * share**PART))
    name = ends[by][at]
    mine = ways.filter((pl.col(by) == name) & (pl.col("excess") > 0))
    return SlowEnd(name, side, float(effect[at]), float(share[at]), mine)
