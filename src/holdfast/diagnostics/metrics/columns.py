"""Columns of a table that name a component and a quantity in one word: `orders_cpu`, `orders_mem`, `stock_cpu`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.diagnostics.metrics.quantities import is_known

_MARKS = "_.:/-"
"""What may stand between the two, the likelier first."""
_MOST = 0.8
"""Share of the columns that must be parted."""

Parts = dict[str, tuple[str, str]]


def parted(columns: Sequence[str]) -> Parts:
    """Return the component and the quantity of each column, nothing where the names do not say so by themselves.

    They do where several components have the same quantities: of all ways to cut the names that one is taken which
    fills the table of components and quantities best.
    """
    ways = [parts for parts in _ways(columns) if _is_table(columns, parts)]
    return max(ways, key=_filled, default={})


def _ways(columns: Sequence[str]) -> Iterator[Parts]:
    for mark in _MARKS:
        yield {c: (a, b) for c in columns for a, found, b in [c.rpartition(mark)] if found and a and b}
        yield {c: (a, b) for c in columns for a, found, b in [c.partition(mark)] if found and a and b}


def _is_table(columns: Sequence[str], parts: Parts) -> bool:
    owners, quantities = _sides(parts)
    told = sum(is_known(one) for one in quantities)
    return (
        len(owners) > 1
        and len(parts) >= _MOST * len(columns)
        and 2 * len(quantities) <= len(parts)
        and 2 * told >= len(quantities)
        and 2 * sum(is_known(one) for one in owners) < len(owners)
    )


def _filled(parts: Parts) -> tuple[float, int]:
    owners, quantities = _sides(parts)
    return len(parts) / (len(owners) * len(quantities)), len(quantities)


def _sides(parts: Parts) -> tuple[set[str], set[str]]:
    return {owner for owner, _ in parts.values()}, {quantity for _, quantity in parts.values()}
