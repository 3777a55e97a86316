"""Following a value across files: every line that carries an id of any kind, in the order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.diagnostics.logs.encoding import to_text
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.diagnostics.logs.opcodes import NO_TIME, Level
from holdfast.diagnostics.logs.partial import Mapped
from holdfast.diagnostics.logs.table import LogTable

BLOCK = 1 << 24
MOST_HITS = 100_000
SHOWN = 2_000  # bytes of a line that are shown
PART_OF_WORDS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-")


@dataclass(frozen=True)
class Hit:
    """A line that carries the value. `time` is that of its record in ns UTC, or NO_TIME; lines count from 1."""

    file: str
    line: int
    time: int
    level: Level
    component: str
    text: str


def follow(tables: Sequence[LogTable], value: str) -> list[Hit]:
    """Lines of all files that carry the value as a word of its own, by time; at most MOST_HITS of each file.

    A record without a time stands where the one before it stands.
    """
    found: list[tuple[int, int, Hit]] = []
    for number, table in enumerate(tables):
        found.extend((time, number, hit) for time, hit in _hits(table, value))
    return [hit for *_, hit in sorted(found, key=lambda row: (row[0], row[1], row[2].line))]


def _hits(table: LogTable, value: str) -> Iterator[tuple[int, Hit]]:
    wide = table.encoding.startswith("utf-16")
    encoding = table.encoding if wide or table.encoding == "latin-1" else "utf-8"
    raw = value.encode(encoding, "replace")
    if not raw or not table.records:
        return
    data, known = Mapped(table.path).data, _last_known(table.time)
    counted, line, seen, count = 0, 1, 0, 0
    for at in places(data, raw, 2 if wide else 1):
        record = max(int(np.searchsorted(table.offset, at, "right")) - 1, 0)
        if counted < table.offset[record] <= at:
            counted, line = int(table.offset[record]), int(table.line[record])
        line += int(np.count_nonzero(data[counted:at] == 10))
        counted = at
        if line == seen:
            continue
        seen, count = line, count + 1
        part = int(table.component[record])
        yield (
            int(known[record]),
            Hit(
                file=table.name,
                line=line,
                time=int(table.time[record]),
                level=Level(int(table.level[record])),
                component=table.components[part] if part >= 0 else "",
                text=_line(data, at, encoding if wide else ""),
            ),
        )
        if count == MOST_HITS:
            return


def places(data: Bytes, raw: bytes, width: int) -> Iterator[int]:
    """Offsets at which the bytes stand as a word of their own; characters are `width` bytes apart."""
    for begin in range(0, len(data), BLOCK):
        block = data[begin : begin + BLOCK + len(raw) - 1].tobytes()
        at = block.find(raw)
        while at >= 0:
            start, stop = begin + at, begin + at + len(raw)
            if not (_in_word(data, start - width, width) or _in_word(data, stop, width)):
                yield start
            at = block.find(raw, at + 1)


def _in_word(data: Bytes, at: int, width: int) -> bool:
    """Whether the character at a place belongs to a word."""
    character = bytes(data[max(at, 0) : at + width]) if at >= 0 else b""
    return any(byte in PART_OF_WORDS for byte in character)


def _last_known(time: Ints) -> Ints:
    rows = np.maximum.accumulate(np.where(time != NO_TIME, np.arange(len(time)), -1))
    known: Ints = np.where(rows >= 0, time[np.maximum(rows, 0)], NO_TIME)
    return known


def _line(data: Bytes, at: int, wide: str) -> str:
    low = max(0, at - SHOWN)
    before, after = data[low:at].tobytes(), data[at : at + SHOWN].tobytes()
    if wide:
        before, after = (part.decode(wide, "replace").encode() for part in (before[len(before) % 2 :], after))
    start, end = before.rfind(b"\n") + 1, after.find(b"\n")
    return to_text(before[start:] + (after if end < 0 else after[:end])).strip()


__all__ = ["Hit", "follow"]
