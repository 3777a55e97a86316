"""A sealed thing on its way in, which may break off anywhere and go on.

Full frames stand in the file, flushed; the newest 1 to 65,536 bytes stand in a small file beside it, sealed too,
with the number of the frame they will be. Whatever a crash leaves, what counts is a whole number of frames and
the small file if it belongs behind them. Nothing of it ever lies open on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast.sealing.failures import Damaged, told
from holdfast.sealing.frames import EXTRA, FRAME, HEADER, MAGIC, NONCE, FileSource, Opened, Sealer

_WHOLE = FRAME + EXTRA
_GATHERED = 1 << 20


class WrongOffset(Exception):
    """The sender and the disk disagree on how much arrived; `offset` is where to go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes arrived so far; go on from there")
        self.offset = offset


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> _Hash: ...


_running: OrderedDict[Path, tuple[int, _Hash]] = OrderedDict()
"""Hashes of things under way, so that the bytes need not be read again at the end."""
_KEPT_HASHES = 64


class Arriving:
    """One thing that grows at a path under a key. Each call holds the file, so two senders take turns."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path, self._key = path, key
        self._tail = path.with_name(path.name + ".tail")

    def size(self) -> int:
        """Return how many bytes arrived."""
        if not self.path.exists() or self.path.stat().st_size < HEADER:
            return 0
        if (ended := self._ended()) is not None:
            return ended.size
        source = FileSource(self.path)
        frames = (source.size() - HEADER) // _WHOLE
        return frames * FRAME + len(self._held_back(frames, source.read(len(MAGIC), HEADER)))

    def grow(self, offset: int, chunks: Iterable[bytes], limit: int) -> int:
        """Append bytes and return the new size, flushed to disk.

        Raises WrongOffset when `offset` is not where it ends, ValueError when it would pass `limit`. Whatever
        came before something went wrong, a full disk too, is kept as far as it reached the disk.
        """
        with self._held() as file:
            if (ended := self._ended()) is not None:
                raise WrongOffset(ended.size)
            sealer = self._sealer(file)
            if sealer.size != offset:
                raise WrongOffset(sealer.size)
            digest = self._digest(sealer.size)
            try:
                for chunk in chunks:
                    if sealer.size + len(chunk) > limit:
                        raise ValueError(f"more than the {limit} bytes announced")
                    _write(file, sealer.take(chunk))
                    digest.update(chunk)
            finally:
                self._flush(file, sealer)
            self._remember(sealer.size, digest)
            return sealer.size

    def seal(self) -> tuple[str, int, bytes]:
        """End a thing that is complete; return the SHA-256 of what arrived, its bytes and its salt.

        Doing it again after a crash is safe: then the whole is read, which also checks it.
        """
        with self._held() as file:
            if (ended := self._ended()) is not None:
                whole = hashlib.sha256()
                for block in ended.blocks():
                    whole.update(block)
                return whole.hexdigest(), ended.size, ended.salt
            sealer = self._sealer(file)
            size, digest = sealer.size, self._digest(sealer.size).hexdigest()
            _write(file, sealer.end())
            os.fsync(file.fileno())
            return digest, size, sealer.salt

    def discard(self) -> None:
        """Remove what arrived."""
        self.path.unlink(missing_ok=True)
        self._tail.unlink(missing_ok=True)
        _running.pop(self.path, None)

    def _sealer(self, file: FileIO) -> Sealer:
        """Return the sealer that goes on where the disk says, and leave the file at that place."""
        stored = file.seek(0, os.SEEK_END)
        if stored < HEADER:
            file.truncate(0)
            sealer = Sealer(self._key)
            file.seek(0)
            _write(file, sealer.header)
            return sealer
        frames = (stored - HEADER) // _WHOLE
        header = os.pread(file.fileno(), HEADER, 0)
        if header[: len(MAGIC)] != MAGIC:
            raise Damaged("what arrived so far is no sealed thing; begin anew")
        file.truncate(HEADER + frames * _WHOLE)  # a frame that was torn
        file.seek(0, os.SEEK_END)
        salt = header[len(MAGIC) :]
        return Sealer(self._key, salt=salt, number=frames, held=self._held_back(frames, salt))

    def _ended(self) -> Opened | None:
        """Return the thing when its last frame was written: only that one opens as the last."""
        with suppress(Damaged):
            opened = Opened(FileSource(self.path), self._key)
            opened.read(opened.size - 1, opened.size)
            return opened if opened.size else None
        return None

    def _box(self, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt, b"holdfast end of an arriving thing 1").derive(self._key))

    def _held_back(self, frames: int, salt: bytes) -> bytes:
        try:
            kept = self._tail.read_bytes()
        except FileNotFoundError:
            return b""
        about = struct.pack(">Q", frames)
        try:
            return self._box(salt).decrypt(kept[:NONCE], kept[NONCE:], about)
        except (InvalidTag, ValueError):
            return b""  # it stood behind fewer frames, or was not whole: the sender sends it again

    def _flush(self, file: FileIO, sealer: Sealer) -> None:
        try:
            os.fsync(file.fileno())
            if sealer.held:
                nonce, about = os.urandom(NONCE), struct.pack(">Q", sealer.number)
                part = self._tail.with_name(self._tail.name + ".part")
                with part.open("wb") as out:
                    out.write(nonce + self._box(sealer.salt).encrypt(nonce, sealer.held, about))
                    out.flush()
                    os.fsync(out.fileno())
                os.replace(part, self._tail)
        except OSError as error:
            raise told(error, "what arrives") from error

    def _digest(self, size: int) -> _Hash:
        known = _running.get(self.path)
        if known and known[0] == size:
            return known[1].copy()
        digest = hashlib.sha256()  # another process took the earlier part, or this one was restarted
        for block in self._so_far():
            digest.update(block)
        return digest

    def _so_far(self) -> Iterator[bytes]:
        """Return what arrived. It is read as a thing whose last frame is still to come."""
        if not self.path.exists() or self.path.stat().st_size < HEADER:
            return
        source = FileSource(self.path)
        salt = source.read(len(MAGIC), HEADER)
        frames = (source.size() - HEADER) // _WHOLE
        if frames:
            # one more frame than there are, so that none of them counts as the last
            opened = Opened(_Longer(source, HEADER + (frames + 1) * _WHOLE), self._key)
            for at in range(0, frames * FRAME, _GATHERED):
                yield opened.read(at, min(at + _GATHERED, frames * FRAME))
        yield self._held_back(frames, salt)

    def _remember(self, size: int, digest: _Hash) -> None:
        _running[self.path] = (size, digest)
        _running.move_to_end(self.path)
        while len(_running) > _KEPT_HASHES:
            _running.popitem(last=False)

    @contextmanager
    def _held(self) -> Iterator[FileIO]:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _write(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise told(error, "what arrives") from error


class _Longer:
    """A source that claims a size."""

    def __init__(self, source: FileSource, size: int) -> None:
        self._source, self._size = source, size

    def size(self) -> int:
        return self._size

    def read(self, start: int, end: int) -> bytes:
        return self._source.read(start, end)
