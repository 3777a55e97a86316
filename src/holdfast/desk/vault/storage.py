"""Files of the vault: uploads that may break off anywhere, and objects addressed by their content.

An upload is one growing file; its size on disk is the truth of how much arrived. An object appears
by one link to a file that is complete, checked and flushed, so it is whole or not there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

BLOCK = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}")


class WrongOffset(Exception):
    """The sender and the disk disagree on how much arrived; `offset` is where to go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes arrived so far; go on from there")
        self.offset = offset


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> _Hash: ...


_running: OrderedDict[uuid.UUID, tuple[int, _Hash]] = OrderedDict()
"""Hashes of uploads under way, so that the bytes need not be read again at the end."""
_KEPT_HASHES = 64


def arriving(upload: uuid.UUID) -> Path:
    """Return where an upload grows."""
    return _folder("arriving") / str(upload)


def stored(sha256: str) -> Path:
    """Return where the object of this content is."""
    if not _HEX.fullmatch(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return _folder("objects") / sha256[:2] / sha256


def arrived(upload: uuid.UUID) -> int:
    """Return how many bytes of an upload are on disk."""
    try:
        return arriving(upload).stat().st_size
    except FileNotFoundError:
        return 0


def grow(upload: uuid.UUID, offset: int, chunks: Iterable[bytes], limit: int) -> int:
    """Append bytes at the end of an upload and return its new size, flushed to disk.

    Raises WrongOffset when `offset` is not where it ends, ValueError when it would pass `limit`.
    """
    with _held(upload) as file:
        size = file.seek(0, os.SEEK_END)
        if size != offset:
            raise WrongOffset(size)
        digest = _hash_so_far(upload, size)
        for chunk in chunks:
            if size + len(chunk) > limit:
                raise ValueError(f"more than the {limit} bytes announced")
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
        _remember(upload, size, digest)
        return size


def finish(upload: uuid.UUID) -> str:
    """Give a complete upload its name among the objects and return its SHA-256. Doing it again is safe.

    The upload stays until `discard`: when the process dies before the row is written, nothing is lost.
    """
    with _held(upload) as file:
        digest = _hash_so_far(upload, file.seek(0, os.SEEK_END)).hexdigest()
        os.fsync(file.fileno())
        target = stored(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.link(arriving(upload), target)
        _sync_folder(target.parent)
    return digest


def discard(upload: uuid.UUID) -> None:
    """Remove what arrived of an upload."""
    arriving(upload).unlink(missing_ok=True)
    _running.pop(upload, None)


def blocks(path: Path) -> Iterator[bytes]:
    """Return a file in pieces."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _hash_so_far(upload: uuid.UUID, size: int) -> _Hash:
    known = _running.get(upload)
    if known and known[0] == size:
        return known[1].copy()
    digest = hashlib.sha256()  # another process took the earlier part, or this one was restarted
    for block in blocks(arriving(upload)):
        digest.update(block)
    return digest


def _remember(upload: uuid.UUID, size: int, digest: _Hash) -> None:
    _running[upload] = (size, digest)
    _running.move_to_end(upload)
    while len(_running) > _KEPT_HASHES:
        _running.popitem(last=False)


@contextmanager
def _held(upload: uuid.UUID) -> Iterator[BinaryIO]:
    with arriving(upload).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _folder(name: str) -> Path:
    folder: Path = settings.DATA / "vault" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
