"""Compressed streams: recognised by their first bytes, read as a stream, stopped when they swell."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, cast

import zstandard
from isal import igzip, igzip_lib

from holdfast.diagnostics.bundle.limits import LimitHit, Limits

MAGIC = 512
"""Bytes that recognise any container."""


class Buffered(Protocol):
    """A stream that can give out what it has without waiting for more."""

    def read1(self, size: int = -1, /) -> bytes:
        """Return some bytes, none at the end."""
        ...


def _gzip(raw: BinaryIO) -> Buffered:
    opened: Any = igzip.IGzipFile
    return cast("Buffered", opened(fileobj=raw))


def _zstd(raw: BinaryIO) -> Buffered:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, read_across_frames=True)
    return cast("Buffered", reader)


_OPENERS: dict[str, tuple[bytes, Callable[[BinaryIO], Buffered]]] = {
    "gzip": (b"\x1f\x8b\x08", _gzip),
    "bzip2": (b"BZh", bz2.BZ2File),
    "xz": (b"\xfd7zXZ\x00", lzma.LZMAFile),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}

BROKEN: tuple[type[BaseException], ...] = (
    EOFError,
    OSError,
    lzma.LZMAError,
    zlib.error,
    zstandard.ZstdError,
    igzip.BadGzipFile,
    cast("type[Exception]", igzip_lib.IsalError),
)
"""What the codecs raise for a truncated or damaged stream."""


def codec(head: bytes) -> str | None:
    """Return the name of the codec that the first bytes announce."""
    for name, (magic, _) in _OPENERS.items():
        if head.startswith(magic):
            return name
    return None


def decompress(name: str, raw: BinaryIO, limits: Limits) -> Swelling:
    """Return the decompressed stream; reading it raises `LimitHit` when it is a bomb."""
    counted = _Counted(raw)
    return Swelling(_OPENERS[name][1](cast("BinaryIO", counted)), counted, limits)


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were taken from it."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(into))
        into[: len(data)] = data
        self.taken += len(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self.taken += len(data)
        return data


class Swelling(io.RawIOBase):
    """A decompressed stream that measures its own growth."""

    def __init__(self, stream: Buffered, source: _Counted, limits: Limits) -> None:
        super().__init__()
        self._stream, self._source, self._limits = stream, source, limits
        self.given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        # read1: what comes before a damaged place is given out before the damage is met.
        data = self._stream.read1(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self.given += len(data)
        if self.given > self._limits.ratio_from and self.given > self._limits.ratio * max(
            self._source.taken, 1
        ):
            grown = self.given // max(self._source.taken, 1)
            raise LimitHit(
                "bundle.bomb",
                f"grows {grown} times when decompressed (limit {self._limits.ratio}); refused as a bomb",
            )
        return data
