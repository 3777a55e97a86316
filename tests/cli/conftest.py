"""A small broken system as files, and the command as a person would call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cast import *  # noqa: F403
from small_system import NOON, SECOND, SmallSystem, written

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stock breaks in the middle of it."""
    return written(tmp_path_factory.mktemp("evidence") / "bundle", SmallSystem(fault="error_below"))


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same system an hour earlier, well."""
    system = SmallSystem(seed=99, start=NOON - 3600 * SECOND)
    return written(tmp_path_factory.mktemp("evidence") / "baseline", system)


@pytest.fixture(scope="session")
def holdfast() -> Run:
    """Run the real command in a process of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "holdfast.cli", *(str(argument) for argument in arguments)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, **environment},
        )

    return run
