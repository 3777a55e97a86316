"""Reads one artefact: chooses its reader, and turns whatever goes wrong into a finding."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Imported here so that the process from which readers are forked has them already.
import holdfast.diagnostics.logbook
import holdfast.diagnostics.logs
import holdfast.diagnostics.traces.spans
from holdfast.diagnostics.analysers import Opened, Reading, choose, registered
from holdfast.diagnostics.cage import failure

registered()


_LINES = b"""2026-01-29T10:00:00.100Z INFO orders order 17 placed trace_id=5b8efff798038103d269b633813fc60c
2026-01-29T10:00:00.200Z ERROR orders order 18 failed
Traceback (most recent call last):
  File "orders.py", line 3, in place
ValueError: no such order
"""


def warm() -> None:
    """Read a few lines, so that what has to be compiled or loaded for it is there before time is counted."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        path = Path(folder) / "warm.log"
        path.write_bytes(_LINES)
        holdfast.diagnostics.logs.read_log(path)


def read_one(opened: Opened) -> Reading:
    """Return the reading of an artefact. Never raises for what the artefact holds."""
    with ThreadPoolExecutor(1) as aside:  # hashing lets go of the interpreter, reading mostly does
        digesting = None if opened.artefact.sha256 else aside.submit(digest, opened.path)
        try:
            reading = _read(opened)
        except MemoryError:
            reading = failure(opened, "needs more memory than a reader may have")
        except Exception as error:
            reading = failure(opened, f"could not be read: {type(error).__name__}: {error}"[:300])
        try:
            if digesting is not None:
                reading.facts["sha256"] = digesting.result()
        except OSError as error:
            reading = failure(opened, f"could not be read: {error.strerror}")
    return reading


def _read(opened: Opened) -> Reading:
    if opened.artefact.size == 0:
        return Reading("empty", note="empty")
    analyser = choose(opened.sample())
    if analyser is None:
        return Reading("unknown", note="no reader recognises it; kept unread")
    return analyser.read(opened)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
