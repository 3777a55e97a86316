"""A real time-stamping authority (OpenSSL's) stamps a checkpoint, and the export shows it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.ledger.timestamps import BadTimestamp, stamped_at
from holdfast.ledger.verifying import verify
from small_authority import Authority
from small_log import Log


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path / "authority")


def test_a_stamp_holds_for_its_checkpoint_and_authority_only(
    log: Log, authority: Authority, tmp_path: Path
) -> None:
    token = authority.stamp(log.notes[-1])

    assert stamped_at(token, log.notes[-1], authority.roots).year >= 2026
    with pytest.raises(BadTimestamp):
        stamped_at(token, log.notes[-2], authority.roots)
    with pytest.raises(BadTimestamp):
        stamped_at(token, log.notes[-1], Authority(tmp_path / "stranger").roots)
    with pytest.raises(BadTimestamp):
        stamped_at(token[:-20], log.notes[-1], authority.roots)


def test_an_export_shows_its_stamps(log: Log, authority: Authority, unpacked: Callable[..., Path]) -> None:
    folder = unpacked()
    rows = [json.loads(line) for line in (folder / "checkpoints.jsonl").read_text().splitlines()]
    rows[-1]["timestamps"] = [base64.b64encode(authority.stamp(log.notes[-1])).decode()]
    (folder / "checkpoints.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    verdict = verify(folder, key=log.key.verifier, authorities=authority.roots)

    assert (verdict.faults, [(name, size) for name, size, _ in verdict.witnessed]) == (
        [],
        [("time-stamp", 300)],
    )
