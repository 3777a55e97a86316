"""The form of a sealed thing: a header and frames of 64 KiB, each encrypted by itself with AES-256-GCM.

    header  8 bytes "HFSEAL1\\n", 32 bytes salt
    frame   12 bytes nonce, up to 65,536 bytes of cipher text, 16 bytes tag

Every sealed thing has a key of its own, HKDF-SHA-256 of the data key with the salt, and the context as info. A
frame's tag also covers its number and whether it is the last, so a frame that was moved, left out or taken from
another thing does not open, and neither does the end of a thing that was cut. The last frame holds 1 to 65,536
bytes (0 only where there are none at all). Nonces are random, so writing a frame again after a crash never uses
one twice; below 2^32 frames a key (256 TiB) that is safe by NIST SP 800-38D, 8.3.
"""

from __future__ import annotations

import io
import os
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast.sealing.failures import Damaged

MAGIC = b"HFSEAL1\n"
SALT = 32
HEADER = len(MAGIC) + SALT
FRAME = 1 << 16
NONCE, TAG = 12, 16
EXTRA = NONCE + TAG
_WHOLE = FRAME + EXTRA
_RUN = 16
"""Frames fetched at once by whoever reads on."""
_NEAR = 2048
_KEPT = 64
"""Frames kept open, 4 MiB: pages of the viewer walk to and fro in them."""


class Source(Protocol):
    """Bytes by ranges."""

    def size(self) -> int:
        """Return how many there are."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """Return those of a range, fewer where it ends before."""
        ...


class FileSource:
    """A file as a source."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """Return its size in bytes."""
        return self._path.stat().st_size

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of a range."""
        with self._path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), end - start, start)


def sealed_size(size: int) -> int:
    """Return how many bytes `size` bytes are when sealed."""
    return HEADER + size + EXTRA * max(1, -(-size // FRAME))


def _cipher(key: bytes, salt: bytes, context: bytes) -> AESGCM:
    info = b"holdfast sealed thing 1\x00" + context
    return AESGCM(HKDF(SHA256(), 32, salt, info).derive(key))


def _about(number: int, last: bool) -> bytes:
    return struct.pack(">QB", number, last)


class Sealer:
    """Seals bytes as they come. What it returns, in order and after `header`, is the sealed thing."""

    def __init__(
        self, key: bytes, context: bytes = b"", salt: bytes = b"", number: int = 0, held: bytes = b""
    ) -> None:
        """Begin, or go on after `number` frames with bytes that were not in one yet."""
        self.salt = salt or os.urandom(SALT)
        self.header = MAGIC + self.salt
        self._cipher = _cipher(key, self.salt, context)
        self.number, self.held = number, held

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self.number * FRAME + len(self.held)

    def take(self, data: bytes) -> bytes:
        """Take bytes and return the frames that are full; the newest 1 to 65,536 bytes stay in hand."""
        data = self.held + data if self.held else data
        whole = max(0, -(-len(data) // FRAME) - 1)
        done = b"".join(self._frame(data[at * FRAME : (at + 1) * FRAME], last=False) for at in range(whole))
        self.held = data[whole * FRAME :]
        return done

    def end(self) -> bytes:
        """Return the last frame."""
        return self._frame(self.held, last=True)

    def _frame(self, data: bytes, *, last: bool) -> bytes:
        nonce = os.urandom(NONCE)
        frame = nonce + self._cipher.encrypt(nonce, data, _about(self.number, last))
        self.number += 1
        return frame


def seal_file(source: Path, target: Path, key: bytes, context: bytes = b"") -> bytes:
    """Seal a file into another, flushed to disk; return the salt."""
    sealer = Sealer(key, context)
    with source.open("rb") as plain, target.open("wb") as out:
        out.write(sealer.header)
        while block := plain.read(_RUN * FRAME):
            out.write(sealer.take(block))
        out.write(sealer.end())
        out.flush()
        os.fsync(out.fileno())
    return sealer.salt


class Opened:
    """A sealed thing opened for reading by ranges. `allowed` is asked before anything is decrypted.

    salt, size: what it has to be, where that is known from elsewhere; a whole thing put in its place is then
    noticed at once, and not only by its content.
    """

    def __init__(
        self,
        source: Source,
        key: bytes,
        context: bytes = b"",
        *,
        salt: bytes | None = None,
        size: int | None = None,
        allowed: Callable[[], None] | None = None,
    ) -> None:
        self._source, self._allowed = source, allowed or (lambda: None)
        stored = source.size()
        header = source.read(0, HEADER) if stored >= HEADER + EXTRA else b""
        if header[: len(MAGIC)] != MAGIC:
            raise Damaged("this is no sealed thing, or its beginning is gone")
        self.salt = header[len(MAGIC) :]
        if salt is not None and salt != self.salt:
            raise Damaged("another sealed thing lies in its place")
        self.frames = -(-(stored - HEADER) // _WHOLE)
        self.size = stored - HEADER - EXTRA * self.frames
        if size is not None and size != self.size:
            raise Damaged(f"it holds {self.size} bytes, not {size}: it was cut or added to")
        self._cipher = _cipher(key, self.salt, context)
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of a range, fewer where the thing ends before."""
        start, end = max(0, start), min(end, self.size)
        if start >= end:
            return b""
        first, last = start // FRAME, (end - 1) // FRAME
        data = b"".join(self._run(first, last))
        return data[start - first * FRAME : end - first * FRAME]

    def __getitem__(self, span: slice) -> bytes:
        """Return bytes by a slice without a step and without negative numbers."""
        return self.read(span.start or 0, self.size if span.stop is None else span.stop)

    def blocks(self) -> Iterator[bytes]:
        """Return everything in pieces of 1 MiB; at the end the last frame has been seen to be the last."""
        if not self.size:
            self._frame(0, self._source.read(HEADER, HEADER + EXTRA))
        for first in range(0, self.size, _RUN * FRAME):
            yield self.read(first, first + _RUN * FRAME)

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first place at which bytes stand as a whole, -1 for none."""
        pattern = re.compile(re.escape(sought), re.DOTALL)
        return self.search(pattern, start, self.size if end is None else end, len(sought))

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:
        """Return the first place at which a pattern matches, -1 for none; a match has at most `longest` bytes."""
        at, piece, end = max(0, start), _NEAR, min(end, self.size)
        while at < end:
            stop = min(end, at + piece)
            if (match := pattern.search(self.read(at, min(end, stop + longest - 1)))) is not None:
                return at + match.start()
            at, piece = stop, min(piece * 8, _RUN * FRAME)  # most finds are near; what is far is read in runs
        return -1

    def file(self) -> io.BufferedReader:
        """Return it as a file."""
        return io.BufferedReader(_File(self), 4 * FRAME)

    def _run(self, first: int, last: int) -> Iterator[bytes]:
        """Return frames one after the other; what is not kept is fetched in runs."""
        self._allowed()
        number = first
        while number <= last:
            if (known := self._kept.get(number)) is not None:
                self._kept.move_to_end(number)
                yield known
                number += 1
                continue
            until = number + 1
            while until <= last and until - number < _RUN and until not in self._kept:
                until += 1
            yield from self._fetch(number, until)
            number = until

    def _fetch(self, first: int, until: int) -> Iterator[bytes]:
        run = self._source.read(HEADER + first * _WHOLE, HEADER + until * _WHOLE)
        for number in range(first, until):
            at = (number - first) * _WHOLE
            data = self._frame(number, run[at : at + _WHOLE])
            if until - first < _RUN:  # who reads everything reads nothing twice
                self._kept[number] = data
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            yield data

    def _frame(self, number: int, frame: bytes) -> bytes:
        try:
            return self._cipher.decrypt(
                frame[:NONCE], frame[NONCE:], _about(number, number == self.frames - 1)
            )
        except (InvalidTag, ValueError) as error:
            where = "its end is missing, or" if number == self.frames - 1 else ""
            raise Damaged(
                f"frame {number + 1} of {self.frames} does not open: {where} it was changed, moved, or sealed"
                " for something else"
            ) from error


class _File(io.RawIOBase):
    def __init__(self, opened: Opened) -> None:
        self._opened, self._at = opened, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._opened.size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, room: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._opened.read(self._at, self._at + len(room))
        room[: len(data)] = data
        self._at += len(data)
        return len(data)


def write_new(blocks: Iterable[bytes], target: Path) -> None:
    """Write blocks to a new file only its owner may read."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        for block in blocks:
            out.write(block)
