"""`holdfast redact` as a person meets it: exit codes, files, words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder with a log, its settings and a picture."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "a.log").write_text("ok Zebra99x7Quagga\nfrom h.voss@acme-works.de\n")
    (folder / "b.env").write_text("DB_PASSWORD=Zebra99x7Quagga\n")
    return folder


def test_what_can_be_read_is_written_and_told(holdfast: Any, evidence: Path, tmp_path: Path) -> None:
    done = holdfast("redact", evidence, "-o", tmp_path / "out", "--report", tmp_path / "r.json", "--explain")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 files written" in done.stdout
    assert "00001-a.log:1: secret by learnt, known from elsewhere" in done.stdout
    assert "Zebra" not in "".join(p.read_text() for p in (tmp_path / "out").iterdir())
    assert json.loads((tmp_path / "r.json").read_text())["files"][0]["kind"] == "text"
    key = tmp_path / "out.key"
    assert key.stat().st_mode & 0o77 == 0


def test_the_same_key_gives_the_same_pseudonyms(holdfast: Any, evidence: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ab" * 32)
    texts = []
    for out in ("one", "two"):
        done = holdfast("redact", evidence, "-o", tmp_path / out, "--key", tmp_path / "key")
        assert done.returncode == 0, done.stderr
        texts.append((tmp_path / out / "00002-b.env").read_text())
    assert texts[0] == texts[1]
    assert not (tmp_path / "one.key").exists()
    again = holdfast("redact", tmp_path / "one", "-o", tmp_path / "three", "--key", tmp_path / "key")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "three" / "00002-00002-b.env").read_text() == texts[0]


def test_what_is_withheld_ends_with_3(holdfast: Any, evidence: Path, tmp_path: Path) -> None:
    (evidence / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n0")
    done = holdfast("redact", evidence, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "withheld A3: an image" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--key", "none"), "cannot be read"),
        (("--policy", "policy"), "unknown colour"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    holdfast: Any, evidence: Path, tmp_path: Path, arguments: tuple[str, str], words: str
) -> None:
    (tmp_path / "policy").write_text("colour: red\n")
    done = holdfast("redact", evidence, "-o", tmp_path / "out", arguments[0], tmp_path / arguments[1])
    assert done.returncode == 2
    assert words in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["evidence", "policy"]
    missing = holdfast("redact", tmp_path / "nothing", "-o", tmp_path / "out")
    assert missing.returncode == 2
    assert "no such file" in missing.stderr
