"""A log with checkpoints, and its export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from small_log import Log


@pytest.fixture
def log() -> Log:
    """A log of 300 entries with four checkpoints."""
    made = Log()
    for number in (1, 6, 93, 200):
        made.append(number)
    return made


@pytest.fixture
def unpacked(log: Log, tmp_path: Path) -> Callable[..., Path]:
    """Export the log into a folder."""
    import zipfile

    def export(**other: object) -> Path:
        archive = log.export(tmp_path / "export.zip", **other)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path / "export")
        return tmp_path / "export"

    return export
