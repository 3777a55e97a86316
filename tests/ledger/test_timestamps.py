"""A real time-stamping authority (OpenSSL's) stamps a checkpoint, and the export shows it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.ledger.notes import Note
from holdfast.ledger.timestamps import BadTimestamp, request_for, stamped_at
from holdfast.ledger.verifying import verify
from small_log import Log

SETTINGS = """
[req]
distinguished_name = who
[who]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """OpenSSL's time-stamping authority in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "settings").write_text(SETTINGS)
        (folder / "serial").write_text("01\n")
        self._run("req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=Root "
                  "-config settings -extensions root")  # fmt: skip
        self._run(
            "req -newkey rsa:2048 -nodes -keyout stamps.key -out stamps.csr -subj /CN=Stamps -config settings"
        )
        self._run("x509 -req -in stamps.csr -CA root.pem -CAkey root.key -CAcreateserial -out stamps.pem -days 20 "
                  "-extfile settings -extensions stamps")  # fmt: skip
        self.roots = (folder / "root.pem").read_bytes()

    def stamp(self, note: Note) -> bytes:
        (self._folder / "query").write_bytes(request_for(note).as_bytes())
        self._run("ts -reply -config settings -section here -queryfile query -signer stamps.pem -inkey stamps.key "
                  "-out reply")  # fmt: skip
        return (self._folder / "reply").read_bytes()

    def _run(self, words: str) -> None:
        subprocess.run(
            ["openssl", *words.split()], cwd=self._folder, check=True, capture_output=True, timeout=60
        )


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
