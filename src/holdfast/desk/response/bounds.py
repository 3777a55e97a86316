"""Whether a number is where it has to be."""

from __future__ import annotations


def wanted(value: float, most: float | None, least: float | None) -> str:
    """Return the bound a number misses, in words; empty when it misses none."""
    if most is not None and value > most:
        return f"at most {most:g}"
    if least is not None and value < least:
        return f"at least {least:g}"
    return ""
