"""Hostile archives touch nothing outside, hide nothing, and cost no more than a second."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from holdfast.diagnostics.bundle import open_bundle

from .hostile import ARCHIVES, BOMBS, GOOD, _file, _tar


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what is in a folder: rights, time of change, content."""
    return {
        str(one): (one.stat().st_mode, one.stat().st_mtime_ns, b"" if one.is_dir() else one.read_bytes())
        for one in [folder, *sorted(folder.rglob("*"))]
    }


@pytest.mark.parametrize("name", ARCHIVES)
def test_nothing_outside_is_touched_and_every_name_is_only_data(tmp_path: Path, name: str) -> None:
    outside, spool = tmp_path / "outside", tmp_path / "spool"
    outside.mkdir()
    spool.mkdir()
    (outside / "kept").write_bytes(b"kept\n")
    os.utime(outside / "kept", (1, 1))
    given = tmp_path / "given"
    given.write_bytes(ARCHIVES[name](outside))
    before, around = snapshot(outside), set(os.listdir(tmp_path))
    begun = time.process_time()
    bundle = open_bundle([given], spool)
    assert time.process_time() - begun < 1
    assert snapshot(outside) == before
    assert set(os.listdir(tmp_path)) == around
    for path in spool.rglob("*"):
        assert path.is_file()
        assert not path.is_symlink()
        assert path.parent == spool
    for one in bundle.opened:
        assert one.path.parent == spool or one.path == given
        assert b"kept" not in one.path.read_bytes()
        assert one.artefact.name.isprintable()
    assert bundle.opened or bundle.findings
    assert all(finding.title.isprintable() for finding in bundle.findings)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_any_kind_is_refused_within_a_second_and_its_neighbour_is_read(
    tmp_path: Path, name: str
) -> None:
    spool, given = tmp_path / "spool", tmp_path / "given.tar"
    spool.mkdir()
    given.write_bytes(_tar(iter([_file("bomb", BOMBS[name]()), _file("good.log")])))
    begun = time.process_time()
    bundle = open_bundle([given], spool)
    assert time.process_time() - begun < 1
    assert "bundle.bomb" in [finding.rule for finding in bundle.findings]
    assert [one.path.read_bytes() for one in bundle.opened] == [GOOD]
    assert sum(path.stat().st_size for path in spool.rglob("*")) < 70 << 20
