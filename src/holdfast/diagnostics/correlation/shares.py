"""Comparing shares honestly: what can be said at least about a difference, given how few were counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

Z = 1.96
"""Bounds at 95 %: a difference is what is left when both shares are moved towards each other by as much."""

STRICT = 3.0
"""The same at 99.7 %: what the leading difference must hold for high certainty."""
ASSUMED = 20
"""Healthy calls assumed where there is no reference at all: what is grave by itself is still told, as half sure."""
HALF_SURE = 0.5
AMONG_PEERS = 0.75
"""How sure what is held against others of its kind is, where it has no reference of its own."""
COUNTS = ("k1", "n1", "k0", "n0", "w1", "m1", "w0", "m0")
"""Calls that show a thing and of how many, now (1) and before (0): k of n as counted, w of m as they weigh."""


def bounds(hits: npt.ArrayLike, of: npt.ArrayLike, z: float = Z) -> tuple[Floats, Floats]:
    """Return the Wilson interval of each share; 0..1 where nothing was counted.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    k, n = np.asarray(hits, np.float64), np.asarray(of, np.float64)
    counted = np.maximum(n, 1e-9)
    share = np.minimum(k / counted, 1)
    centre = share + z * z / (2 * counted)
    reach = z * np.sqrt(share * (1 - share) / counted + z * z / (4 * counted * counted))
    scale = 1 + z * z / counted
    low = np.clip((centre - reach) / scale, 0, 1)
    high = np.clip((centre + reach) / scale, 0, 1)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def surely_more(
    k1: npt.ArrayLike, n1: npt.ArrayLike, k0: npt.ArrayLike, n0: npt.ArrayLike, z: float = Z
) -> Floats:
    """Return by how much the first share is larger at least, 0 where that cannot be said."""
    low, _ = bounds(k1, n1, z)
    _, high = bounds(k0, n0, z)
    return np.maximum(low - high, 0.0)


def alike(*by: str) -> pl.Expr:
    """Return the weight of each call: calls of one kind in one trace count as one, for they share its fate."""
    return pl.when(pl.col("trace") == "").then(1.0).otherwise(1.0 / pl.len().over(*by, "trace"))
