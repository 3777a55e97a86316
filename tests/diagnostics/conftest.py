"""A small broken system, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.diagnostics.diagnosis import Diagnosis
from holdfast.diagnostics.investigate import investigate
from small_system import NOON, SECOND, SmallSystem, written


@pytest.fixture(scope="session")
def broken_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a shop whose stock breaks at 12:00:30."""
    return written(tmp_path_factory.mktemp("shop") / "bundle", SmallSystem(fault="error_below"))


@pytest.fixture(scope="session")
def healthy_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the shop an hour earlier."""
    system = SmallSystem(seed=99, start=NOON - 3600 * SECOND)
    return written(tmp_path_factory.mktemp("shop") / "baseline", system)


@pytest.fixture(scope="session")
def diagnosed(broken_shop: Path, healthy_shop: Path) -> Diagnosis:
    return investigate([broken_shop], baseline=[healthy_shop])
