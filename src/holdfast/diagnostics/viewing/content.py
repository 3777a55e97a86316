"""The bytes of a kept file, by ranges: a mapped file here, a sealed one where the desk keeps it."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Content(Protocol):
    """What can be sliced and searched without being held in memory."""

    size: int

    def __getitem__(self, span: slice, /) -> bytes:
        """Return the bytes of a slice without a step and without negative numbers."""
        ...

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first place at which bytes stand as a whole, -1 for none."""
        ...

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:
        """Return the first place at which a pattern matches, -1 for none; a match has at most `longest` bytes."""
        ...


Opener = Callable[[Path], Content]
"""How a kept file is opened. A function of a module, never a closure: open pages are remembered by it."""


class Mapped:
    """A file mapped into memory."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            # mmap cannot map nothing
            self._bytes: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b""

    def __getitem__(self, span: slice) -> bytes:
        """See Content."""
        return bytes(self._bytes[span])

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        """See Content."""
        return int(self._bytes.find(sought, start, self.size if end is None else end))

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:  # noqa: ARG002
        """See Content."""
        found = pattern.search(self._bytes, start, end)
        return found.start() if found else -1
