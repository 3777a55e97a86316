"""Numbers as a person reads them."""

from __future__ import annotations


def duration(nanoseconds: float) -> str:
    """Return a duration with two or three figures and its unit."""
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= limit:
            return f"{figure(nanoseconds / limit)} {unit}"
    return f"{nanoseconds:.0f} ns"


def figure(value: float) -> str:
    """Return a number with three significant figures, without an exponent where it can be."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
