"""The benchmark of the ranking says what can be told at all: what broke leaves a mark, chance leaves none."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from holdfast.diagnostics.correlation.evidence import Evidence
from small_system import NOON, SECOND, SERVICES, SmallSystem, broken, healthy

PLACE = Path(__file__).parents[3] / "benchmarks" / "marks.py"
SINCE = NOON + 30 * SECOND


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("marks", PLACE)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["marks"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MARKS = loaded()


def left(name: str, bundle: Evidence) -> list[str]:
    """What a component leaves in a bundle beside the healthy hour."""
    return [mark.what for mark in MARKS.marks((healthy(), bundle), name.__eq__, SINCE)]


@pytest.mark.parametrize(
    ("fault", "mark"),
    [
        ("line_stops", "line stock:2"),
        ("error_below", "fails"),
        ("slow_ways", "time on ways"),
        ("slow_work", "own time"),
        ("full_cpu", "metric container_cpu_percent"),
    ],
)
def test_what_breaks_leaves_its_mark(fault: str, mark: str) -> None:
    assert mark in left("stock", broken(fault))


def test_whoever_is_well_leaves_none() -> None:
    assert [name for name in SERVICES if left(name, SmallSystem(seed=5).evidence())] == []
    assert left("users", broken("error_below")) == []


def test_a_line_that_stops_leaves_none_where_no_lines_are_left() -> None:
    pair = tuple(replace(side, records=Evidence().records) for side in (healthy(), broken("line_stops")))
    assert MARKS.marks(pair, "stock".__eq__, SINCE) == []


def test_the_tests_count_chance_as_the_books_do() -> None:
    assert MARKS.exact(3, 3, 0, 3) == pytest.approx(0.1)
    assert MARKS.exact(2, 4, 2, 4) == 1.0
    assert MARKS.false_alarms(healthy()) == (0, len(SERVICES))
