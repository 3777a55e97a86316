"""What a reader has in hand: evidence opened into a private folder, which is gone when the reader is done.

Readers want files. The folder is held by a lock for as long as its process lives; a round removes what a killed
process left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.desk.outbox.rounds import every
from holdfast.desk.vault import storage
from holdfast.desk.vault.models import Artefact
from holdfast.sealing.frames import write_new

_YOUNG = 30.0
"""Seconds a folder may be without its lock yet."""


@contextmanager
def spooled(scope: str = storage.DESK) -> Iterator[Path]:
    """Give a private folder that vanishes with everything in it, where what is of the scope may lie."""
    folder = Path(tempfile.mkdtemp(dir=_spools(storage.home(scope))))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def lay_out(artefact: Artefact, path: Path) -> None:
    """Write an artefact's bytes to a file in a spool, as they came."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(
        storage.opened(artefact.sha256, storage.case_scope(artefact.case_id), storage.by_machine).blocks(),
        path,
    )


@every(60, "spools left behind")
def _sweep() -> None:
    sweep()


def sweep(now: float | None = None) -> int:
    """Remove the folders of processes that are gone; return how many."""
    removed = 0
    for folder in (one for home in storage.homes() for one in _spools(home).iterdir()):
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_mtime < (now or time.time()) - _YOUNG:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        except BlockingIOError:
            pass  # somebody reads
        finally:
            os.close(handle)
    return removed


def _spools(home: Path) -> Path:
    folder = home / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
