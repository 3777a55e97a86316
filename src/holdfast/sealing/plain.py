"""A file that is not sealed, read like one that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from holdfast.sealing.failures import Missing, told
from holdfast.sealing.frames import FileSource

_BLOCK = 1 << 20


class PlainFile:
    """See `frames.Opened`; raises Missing where there is no such file."""

    def __init__(self, path: Path, allowed: Callable[[], None] | None = None) -> None:
        self._path, self._source = path, FileSource(path)
        self._allowed = allowed or (lambda: None)
        try:
            self.size = self._source.size()
        except FileNotFoundError as error:
            raise Missing("what was stored is gone; bring the store back from your backup") from error
        except OSError as error:
            raise told(error, "what was stored") from error

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of a range."""
        self._allowed()
        return self._source.read(max(0, start), min(end, self.size)) if start < end else b""

    def __getitem__(self, span: slice) -> bytes:
        """Return bytes by a slice without a step and without negative numbers."""
        return self.read(span.start or 0, self.size if span.stop is None else span.stop)

    def blocks(self) -> Iterator[bytes]:
        """Return everything in pieces of 1 MiB."""
        for start in range(0, self.size, _BLOCK):
            yield self.read(start, start + _BLOCK)

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first place at which bytes stand as a whole, -1 for none."""
        pattern = re.compile(re.escape(sought), re.DOTALL)
        return self.search(pattern, start, self.size if end is None else end, len(sought))

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:
        """Return the first place at which a pattern matches, -1 for none; a match has at most `longest` bytes."""
        for at in range(max(0, start), min(end, self.size), _BLOCK):
            if (match := pattern.search(self.read(at, min(end, at + _BLOCK + longest - 1)))) is not None:
                return at + match.start()
        return -1

    def file(self) -> BinaryIO:
        """Return it as a file."""
        self._allowed()
        return self._path.open("rb")
