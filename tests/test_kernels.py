"""Compiled loops are made anew when a source they may be made of has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast import kernels


@pytest.mark.parametrize("changed", ["own.py", "shared.py"])
def test_a_loop_that_is_older_than_a_source_is_forgotten(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, shared = tmp_path / "room", tmp_path / "shared"
    (room / "__pycache__").mkdir(parents=True)
    shared.mkdir()
    monkeypatch.setattr(kernels, "SHARED", shared)
    ages = {room / "own.py": 3, shared / "shared.py": 3, room / "__pycache__/own.loop.nbi": 2}
    now = Path(kernels.__file__).stat().st_mtime + 10
    for file, age in ages.items():
        file.touch()
        os.utime(file, (now - age, now - age))
    kept = room / "__pycache__/own.loop.nbi"
    kernels.forget_stale.__wrapped__(room)
    assert kept.exists()
    source = next(file for file in ages if file.name == changed)
    os.utime(source, (now, now))
    kernels.forget_stale.__wrapped__(room)
    assert not kept.exists()
