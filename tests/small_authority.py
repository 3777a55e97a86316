"""A time-stamping authority (RFC 3161) for tests: OpenSSL's, in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from holdfast.ledger.notes import Note
from holdfast.ledger.timestamps import request_for

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
        """Return a token over a checkpoint."""
        return self.answer(request_for(note).as_bytes())

    def answer(self, query: bytes) -> bytes:
        """Answer an `application/timestamp-query`."""
        (self._folder / "query").write_bytes(query)
        self._run("ts -reply -config settings -section here -queryfile query -signer stamps.pem -inkey stamps.key "
                  "-out reply")  # fmt: skip
        return (self._folder / "reply").read_bytes()

    def _run(self, words: str) -> None:
        subprocess.run(
            ["openssl", *words.split()], cwd=self._folder, check=True, capture_output=True, timeout=60
        )
