"""A witness remembers the last checkpoint it saw of a log and cosigns only what continues it.

It speaks C2SP tlog-witness (`POST /add-checkpoint`), so that a witness of somebody else can watch our log, and ours
a log of somebody else. Its memory is one small file that is replaced whole.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from holdfast.ledger import encoded
from holdfast.ledger.checkpoints import Checkpoint, cosigned, read
from holdfast.ledger.merkle import EMPTY, consistent
from holdfast.ledger.notes import BadNote, Note, SigningKey, VerifierKey

MOST_BYTES = 64 * 1024
MOST_PROOF = 63


class Refused(Exception):
    """The checkpoint does not continue what the witness saw; `status` is the answer over HTTP."""

    def __init__(self, status: int, reason: str, size: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.size = size
        """How long the log was when the witness last saw it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks a witness: its new checkpoint, and proof that it continues the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def __str__(self) -> str:
        hashes = [encoded.written(one) for one in self.proof]
        return "\n".join([f"old {self.old}", *hashes, "", str(self.note)])

    @classmethod
    def parse(cls, written: str) -> Request:
        """Read the body of a request; BadNote says what is wrong."""
        head, between, note = written.partition("\n\n")
        lines = head.split("\n")
        number = lines[0].removeprefix("old ")
        if not between or not lines[0].startswith("old ") or not (number.isdecimal() and len(number) < 19):
            raise BadNote("a request begins with `old`, a size, and the proof")
        if len(lines) - 1 > MOST_PROOF:
            raise BadNote(f"a proof has at most {MOST_PROOF} hashes")
        try:
            proof = tuple(encoded.read(line) for line in lines[1:])
        except ValueError as error:
            raise BadNote("the proof is not base64") from error
        if any(len(one) != 32 for one in proof):
            raise BadNote("a hash of the proof is not 32 bytes")
        return cls(int(number), proof, Note.parse(note))


class Witness:
    """Cosigns the checkpoints of one log, with its memory in a file."""

    def __init__(self, key: SigningKey, log: VerifierKey, memory: Path) -> None:
        self._key, self._log, self._memory = key, log, memory
        self._lock = Lock()

    def seen(self) -> Checkpoint | None:
        """Return the last checkpoint it cosigned."""
        try:
            written = self._memory.read_text()
        except FileNotFoundError:
            return None
        # A damaged memory is an error and never an empty one: forgetting is what a rewritten log would need.
        return read(Note.parse(written), self._log)

    def cosign(self, request: Request, when: int | None = None) -> Note:
        """Return the note with the witness's signature, or Refused; remembers before it answers."""
        with self._lock:
            try:
                new = read(request.note, self._log)
            except BadNote as error:
                raise Refused(403, str(error)) from error
            self._require_continued(request.old, request.proof, new)
            note = cosigned(request.note, self._key, when or int(time.time()))
            replace(self._memory, str(note))
            return note

    def _require_continued(self, old: int, proof: Sequence[bytes], new: Checkpoint) -> None:
        last = self.seen()
        size, root = (last.size, last.root) if last else (0, EMPTY)
        if old > new.size:
            raise Refused(400, "the proof begins after the checkpoint")
        if old != size:
            raise Refused(409, f"the witness saw {size} entries last, not {old}", size)
        if not consistent(old, new.size, proof, root, new.root):
            raise Refused(
                422, f"the log does not continue the {size} entries the witness saw: it was rewritten"
            )


def replace(path: Path, text: str) -> None:
    """Put a text in a file's place so that a crash leaves the old one or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers `POST /add-checkpoint`; the caller runs and closes it."""

    class Answering(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > MOST_BYTES:
                return self._answer(404 if self.path != "/add-checkpoint" else 413, "not taken\n")
            return self._cosign(self.rfile.read(int(length)))

        def _cosign(self, body: bytes) -> None:
            try:
                asked = Request.parse(body.decode())
                note = witness.cosign(asked)
            except Refused as refused:
                kind = "text/x.tlog.size" if refused.status == 409 else "text/plain; charset=utf-8"
                told = f"{refused.size}\n" if refused.status == 409 else f"{refused}\n"
                return self._answer(refused.status, told, kind)
            except ValueError as error:
                return self._answer(400, f"{error}\n")
            mine = Note("", note.signatures[len(asked.note.signatures) :])
            return self._answer(200, str(mine).lstrip("\n"))

        def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: what matters is in the witness's memory."""

    return ThreadingHTTPServer((host, port), Answering)
