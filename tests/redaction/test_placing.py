"""Where derivatives go: a folder or an archive, whole or not at all."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from holdfast.redaction import Key, OutputUnusable, redact_bundle

VALUE = "Zebra99x7Quagga"


def archive(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            data = f"password={VALUE} in {name}\n".encode()
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uname = len(data), 1764019200, "hvoss7"
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["out.tar.gz", "out.TGZ"])
def test_an_archive_comes_out_where_the_name_says_so(tmp_path: Path, key: Key, name: str) -> None:
    source = archive(tmp_path / "in.tar.gz", ["a.log", "../../etc/b.log", "h.voss@acme-works.de.log"])
    report = redact_bundle([source], tmp_path / name, key, workers=1)
    with tarfile.open(tmp_path / name) as made:
        members = {one.name: one for one in made}
        texts = [made.extractfile(one).read() for one in made if one.name.endswith(".log")]  # type: ignore[union-attr]
    derivatives = [f"out/{entry.derivative}" for entry in report.entries]
    assert sorted(members) == sorted([*derivatives, "out/manifest.json"])
    assert all(
        one.isreg() and (one.mtime, one.uid, one.uname, one.mode) == (0, 0, "", 0o644)
        for one in members.values()
    )
    assert not any(part in one for one in members for part in ("..", "voss", VALUE))
    assert len(texts) == 3
    assert not any(VALUE.encode() in text for text in texts)
    assert sorted(os.listdir(tmp_path)) == sorted(["in.tar.gz", name, name + ".map"])


def test_the_same_evidence_makes_the_same_archive(tmp_path: Path, key: Key) -> None:
    source = archive(tmp_path / "in.tar.gz", ["a.log", "b.log"])
    for folder in ("one", "two"):
        redact_bundle([source], tmp_path / folder / "out.tar.gz", key, workers=1)
    assert (tmp_path / "one/out.tar.gz").read_bytes() == (tmp_path / "two/out.tar.gz").read_bytes()


def test_an_archive_that_is_there_stays(tmp_path: Path, key: Key) -> None:
    source = archive(tmp_path / "in.tar.gz", ["a.log"])
    (tmp_path / "out.tgz").write_bytes(b"")
    with pytest.raises(OutputUnusable, match="exists"):
        redact_bundle([source], tmp_path / "out.tgz", key, workers=1)

    def meanwhile(what: str, done: int, total: int) -> None:
        (tmp_path / "new.tgz").write_bytes(b"mine")

    with pytest.raises(OutputUnusable, match="was written meanwhile"):
        redact_bundle([source], tmp_path / "new.tgz", key, workers=1, progress=meanwhile)
    assert (tmp_path / "new.tgz").read_bytes() == b"mine"
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
