"""A delay between two components is laid at the end that explains most of the slow ways."""

from __future__ import annotations

import polars as pl

from holdfast.diagnostics.correlation.ways import blame


def ways(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    """Ways as (caller, called, calls now, slow of them), each with 200 quick calls before."""
    return pl.DataFrame(
        [
            {
                "change": at, "caller": caller, "component": called, "n1": calls, "k1": slow, "n0": 200, "k0": 0,
                "m1": calls, "w1": slow, "m0": 200, "w0": 0, "leaf": False,
                "gravity": 1.0, "f1": 0, "lost": 3e8, "usual": 1e6, "now": 3e8, "effect": 0.9,
            }
            for at, (caller, called, calls, slow) in enumerate(rows)
        ]
    )  # fmt: skip


def test_one_called_slowly_by_all_is_at_fault() -> None:
    found = blame(
        ways(("a", "db", 100, 100), ("b", "db", 100, 98), ("c", "db", 50, 50), ("a", "cache", 100, 0))
    )
    assert [(end.component, end.side) for end in found] == [("db", "in")]


def test_one_that_calls_all_slowly_is_at_fault() -> None:
    found = blame(
        ways(("a", "db", 100, 100), ("a", "cache", 100, 97), ("a", "mail", 50, 50), ("b", "db", 100, 0))
    )
    assert [(end.component, end.side) for end in found] == [("a", "out")]


def test_one_whose_every_way_is_slow_is_at_fault_and_none_of_its_neighbours() -> None:
    found = blame(
        ways(("gateway", "a", 40, 30), ("a", "db", 40, 33), ("a", "cache", 40, 29), ("b", "db", 100, 0))
    )
    assert [(end.component, end.side) for end in found] == [("a", "both")]


def test_what_one_end_explains_is_not_explained_again() -> None:
    found = blame(
        ways(("a", "db", 100, 100), ("b", "db", 100, 100), ("x", "mail", 100, 100), ("y", "mail", 100, 99))
    )
    assert {end.component for end in found} == {"db", "mail"}
    assert all(0 < end.share < 1 for end in found)


def test_quick_ways_blame_nobody() -> None:
    assert blame(ways(("a", "db", 100, 0), ("b", "db", 100, 1))) == []


def test_no_ways_blame_nobody() -> None:
    assert blame(ways(("a", "db", 1, 0)).clear()) == []
