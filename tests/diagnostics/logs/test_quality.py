"""Grouping on generated corpora, held-out programs included: only scores are looked at."""

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def quality() -> object:
    spec = importlib.util.spec_from_file_location("logs_quality", BENCHMARKS / "logs_quality.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(BENCHMARKS))
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("half", ["development", "held_out"])
@pytest.mark.parametrize(("view", "least"), [("messages", 0.95), ("lines", 0.95), ("unknown", 0.90)])
def test_lines_are_grouped_as_their_programs_wrote_them(
    quality: object, half: str, view: str, least: float
) -> None:
    rows = [quality.score(corpus, view) for corpus in quality.corpora(half, 800)]  # type: ignore[attr-defined]
    assert sum(row["GA"] for row in rows) / len(rows) >= least
