"""Where the lines of a file begin: a mark at every 256th, kept beside it, and a short walk from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from holdfast.diagnostics.viewing.content import Content, Mapped, Opener

STRIDE = 256
_BLOCK = 1 << 24
Marks = npt.NDArray[np.int64]


class Lines:
    """A file as numbered lines, from 0. The bytes stay in the file."""

    def __init__(self, data: Path, opener: Opener = Mapped) -> None:
        self.bytes = opener(data)
        self.size = self.bytes.size
        self._marks, self.count = _marks(data, self.bytes)

    def start(self, line: int) -> int:
        """Return the byte at which a line begins; the file's size for the line after the last."""
        if line >= self.count:
            return self.size
        at = int(self._marks[line // STRIDE])
        for _ in range(line % STRIDE):
            at = self.bytes.find(b"\n", at) + 1
        return at

    def spans(self, first: int, number: int) -> Iterator[tuple[int, int]]:
        """Return the byte spans of lines, without their ends."""
        at = self.start(first)
        for _ in range(max(0, min(number, self.count - first))):
            end = self.bytes.find(b"\n", at)
            end = self.size if end < 0 else end
            yield at, end
            at = end + 1

    def line_at(self, offset: int) -> int:
        """Return the line that holds a byte."""
        mark = max(0, int(np.searchsorted(self._marks, offset, side="right")) - 1)
        at, line = int(self._marks[mark]), mark * STRIDE
        while (at := self.bytes.find(b"\n", at, offset)) >= 0:
            at, line = at + 1, line + 1
        return line


def _marks(data: Path, content: Content) -> tuple[Marks, int]:
    size = content.size
    kept = data.with_name(f"{data.name}.marks.npy")
    with suppress(OSError, ValueError):
        found = np.load(kept, mmap_mode="r")
        if int(found[-2]) == size:
            return found[:-2], int(found[-1])
    marks, count = _scan(content)
    with suppress(OSError):  # a folder that cannot be written to is read again next time
        np.save(kept, np.concatenate([marks, np.array([size, count], np.int64)]), allow_pickle=False)
    return marks, count


def _scan(content: Content) -> tuple[Marks, int]:
    size = content.size
    found: list[Marks] = [np.zeros(1, np.int64)]
    ends = 0
    for base in range(0, size, _BLOCK):
        block = np.frombuffer(content[base : min(size, base + _BLOCK)], np.uint8)
        places = np.flatnonzero(block == 10)
        # line number n starts after the n-th end: keep those whose number is a multiple of the stride
        skip = (-ends - 1) % STRIDE
        found.append(places[skip::STRIDE].astype(np.int64) + base + 1)
        ends += len(places)
    open_end = size > 0 and content[size - 1 : size] != b"\n"
    count = ends + int(open_end)
    marks = np.concatenate(found)
    return marks[: max(1, -(-count // STRIDE))], count
