"""Partial results of byte ranges and their associative merge.

Slots, components and ids are numbered by first appearance, so any way of cutting a file gives the
same numbers after merging in order.
"""

import mmap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.detection import Context, Plan
from holdfast.diagnostics.logs.lanes import count_byte
from holdfast.diagnostics.logs.matching import Bytes, Ints, Words
from holdfast.diagnostics.logs.opcodes import REGISTERS
from holdfast.diagnostics.logs.records import (
    D_USED,
    S_LEVEL,
    SLOT_FIELDS,
    STATE,
    T_CAPACITY,
    T_DONE,
    T_LINES,
    T_LOOK_BACK,
    T_MOST_IDS,
    T_NUL_LINE,
    T_NULS,
    T_RECORDS,
    T_RESUME,
    TALLY,
    ZONES_AT,
    enter_again,
    probe,
    scan_lines,
)
from holdfast.kernels import making

CHUNK = 256 << 20
LEAST = 16 << 20  # bytes worth a thread of their own
SMALL = 64 << 20
SAMPLE = 1 << 18
COLUMN_TYPES: tuple[Any, ...] = (np.int32, np.int64, np.int32, np.int64, np.int8, np.int32, np.int32)
COLUMNS = ("line", "offset", "slot", "time", "level", "component", "ids", "stacks")
IDS_TABLE, STACKS_TABLE = 2, 3  # among the tables
WIDTHS = (SLOT_FIELDS, 2, 2, 4)  # fields of their rows
MOST_IDS = 4_000_000  # distinct request and trace ids kept per file

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class Partial:
    """Records of one byte range: parallel arrays, one entry per record, line numbers from 0 at its start."""

    tally: Ints
    line: Int32s
    offset: Ints
    slot: Int32s
    time: Ints
    level: NDArray[np.int8]
    component: Int32s
    ids: Int32s
    slot_keys: Words
    slots: Ints
    component_keys: Words
    components: Ints
    id_keys: Words
    id_spans: Ints
    stacks: Ints
    zones: Ints

    @property
    def records(self) -> int:
        return len(self.line)

    @property
    def lines(self) -> int:
        return int(self.tally[T_LINES])


class Mapped:
    """A file mapped into memory; its bytes are read through addresses by the kernels."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.size = file.seek(0, 2)
            self._view = _mapped(file.fileno(), self.size) if self.size else None
        self.data: Bytes = np.frombuffer(self._view if self._view is not None else b"", np.uint8)
        self.base = int(self.data.ctypes.data)

    def release(self, start: int, length: int) -> None:
        """Give pages that were read back to the system."""
        if self._view is not None and hasattr(mmap, "MADV_DONTNEED"):
            start -= start % mmap.PAGESIZE
            self._view.madvise(mmap.MADV_DONTNEED, start, min(length, self.size - start))


def _mapped(number: int, size: int) -> mmap.mmap:
    """A file mapped to be read. All pages of a small one are laid out at once: one after the other costs more."""
    if size <= SMALL and hasattr(mmap, "MAP_POPULATE"):
        return mmap.mmap(number, 0, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ)
    return mmap.mmap(number, 0, access=mmap.ACCESS_READ)


def scan(file: Mapped, plan: Plan, start: int = 0, stop: int | None = None) -> Partial:
    """Records whose first line starts in [start, stop)."""
    stop = file.size if stop is None else min(stop, file.size)
    parts: list[Partial] = []
    while True:
        parts.append(_scan_some(file, plan, start, stop))
        start = int(parts[-1].tally[T_RESUME])
        if start >= stop:
            return merge_all(parts)


def _scan_some(file: Mapped, plan: Plan, start: int, stop: int) -> Partial:
    """Records from start on, as many as the columns were made for."""
    base, size = file.base, file.size
    begin, look_back = _look_back(file.data, start)
    capacity = _capacity(file.data, begin, stop)
    ctx, tables = Context(plan, base, size), Tables(capacity)
    columns = [np.empty(capacity, kind) for kind in COLUMN_TYPES]
    addresses = np.array([column.ctypes.data for column in columns], np.int64)
    state, registers = np.zeros(STATE, np.int64), np.zeros(3 * REGISTERS, np.int64)
    state[T_RESUME], state[T_CAPACITY] = base + begin, len(columns[0])
    state[T_MOST_IDS], state[T_LOOK_BACK] = MOST_IDS, look_back
    while not state[T_DONE]:
        scan_lines(
            ctx.address, tables.address, addresses.ctypes.data, state.ctypes.data, base + begin, base + stop,
            base + size, registers.ctypes.data,
        )  # fmt: skip
        tables.grow(int(state[T_RECORDS]))
    tally, zones = state[:TALLY].copy(), state[ZONES_AT:].reshape(-1, 3)
    kept: list[Any] = [column[: tally[T_RECORDS]] for column in columns]
    filled: list[Any] = [tally, *kept, *tables.used(), zones[zones[:, 1] > 0]]
    return Partial(*filled)


class Tables:
    """Tables of skeletons, components and ids, and the rows of stacks, as the kernels fill them.

    Each holds its keys and, beside them, a row of each; pairs (key, number) find a key. Stacks have no keys.
    """

    def __init__(self, records: int) -> None:
        self._records = records
        self._pairs = [np.zeros((size, 2), np.int64) for size in (8192, 512, 1024, 256)]
        rooms = [len(pairs) // 2 + 2 for pairs in self._pairs]
        self._keys = [np.empty(room, np.uint64) for room in rooms]
        self._rows = [np.empty((room, width), np.int64) for room, width in zip(rooms, WIDTHS, strict=True)]
        self._described = np.zeros((len(WIDTHS), 8), np.int64)
        for number in range(len(WIDTHS)):
            self._describe(number)

    @property
    def address(self) -> int:
        """What the kernels take as `tables`."""
        return int(self._described.ctypes.data)

    def _describe(self, number: int) -> None:
        pairs, keys, rows = self._pairs[number], self._keys[number], self._rows[number]
        self._described[number, :D_USED] = (
            pairs.ctypes.data, len(pairs) - 1, keys.ctypes.data, rows.ctypes.data, rows.shape[1]
        )  # fmt: skip

    def grow(self, records: int) -> None:
        """Make tables that are half full at least four times as large: nothing is lost when one fills up.

        `records` were read. That of ids is made for as many in each record to come.
        """
        for number, used in enumerate(self._described[:, D_USED].tolist()):
            size = len(self._pairs[number])
            if used * 2 <= size - 1:
                continue
            expected = used * self._records // max(records, 1) if number == IDS_TABLE else 0
            size = max(size * 4, 1 << min(expected.bit_length(), 22))
            room = size // 2 + 2
            keys, rows = np.empty(room, np.uint64), np.empty((room, WIDTHS[number]), np.int64)
            keys[:used], rows[:used] = self._keys[number][:used], self._rows[number][:used]
            self._pairs[number] = np.zeros((size, 2), np.int64)
            self._keys[number], self._rows[number] = keys, rows
            self._describe(number)
            if number != STACKS_TABLE:
                enter_again(int(self._described[number].ctypes.data), S_LEVEL if number == 0 else 0)

    def used(self) -> Iterator[Any]:
        """The keys and rows in use of each, of stacks the rows alone."""
        for number, count in enumerate(self._described[:, D_USED].tolist()):
            if number != STACKS_TABLE:
                yield self._keys[number][:count]
            yield self._rows[number][:count]


def _capacity(data: Bytes, start: int, stop: int) -> int:
    """Records to make room for: lines per byte of a sample and a quarter more; counting all costs a pass."""
    length = min(stop - start, SAMPLE)
    base = int(data.ctypes.data) + start
    lines = count_byte(base, base + length, 10) + 1
    return int(lines * (stop - start) / max(length, 1) * 1.25) + 1024


def _look_back(data: Bytes, start: int) -> tuple[int, bool]:
    """Start of the line before the first line that starts at or after `start`."""
    if start <= 0:
        return 0, False
    return max(_line_start(data, start - 1), 0), True


def _line_start(data: Bytes, pos: int) -> int:
    """Start of the line that holds byte pos, searched backwards in blocks."""
    high = pos
    while high > 0:
        low = max(0, high - 65_536)
        hits = np.flatnonzero(data[low:high] == 10)
        if len(hits):
            return low + int(hits[-1]) + 1
        high = low
    return 0


def _united(keys_a: Words, rows_a: Ints, keys_b: Words, rows_b: Ints) -> tuple[Words, Ints, Int32s]:
    """Entries of a, then those of b that a lacks; and the new number of every entry of b."""
    numbers = joined_numbers(keys_a, keys_b)
    new = numbers >= len(keys_a)
    return np.concatenate([keys_a, keys_b[new]]), np.concatenate([rows_a, rows_b[new]]), numbers


@making
def joined_numbers(keys_a: Words, keys_b: Words) -> Int32s:
    """For each key of b its place in a, or the next free place after a; keys are distinct within a and b."""
    size = 1024
    while size < len(keys_a) * 2:
        size *= 2
    table, places = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    for index in range(len(keys_a)):
        at = probe(table, keys_a[index])
        table[at], places[at] = keys_a[index], index
    numbers, free = np.empty(len(keys_b), np.int32), len(keys_a)
    for index in range(len(keys_b)):
        at = probe(table, keys_b[index])
        if table[at]:
            numbers[index] = places[at]
        else:
            numbers[index] = free
            free += 1
    return numbers


def _renumbered(values: Int32s, numbers: Int32s) -> Int32s:
    """Entry numbers after a merge; -1 stays -1."""
    moved: Int32s = np.append(numbers, np.int32(-1))[values]
    return moved


def merge(a: Partial, b: Partial) -> Partial:
    """One partial of two adjacent ranges, a before b. Associative."""
    return merge_all([a, b])


def merge_all(parts: Sequence[Partial]) -> Partial:
    """One partial of adjacent ranges in order; every column is copied once."""
    if len(parts) == 1:
        return parts[0]
    whole, moved = parts[0], [parts[0]]
    records, lines = whole.records, whole.lines
    for part in parts[1:]:
        whole, shifted = _joined(whole, part, records, lines)
        moved.append(shifted)
        records, lines = records + part.records, lines + part.lines
    columns = {name: np.concatenate([getattr(part, name) for part in moved]) for name in COLUMNS}
    return replace(whole, **columns)


def _joined(whole: Partial, part: Partial, records: int, lines: int) -> tuple[Partial, Partial]:
    """The entries of both, and the part with its columns numbered by them."""
    slots, stacks = part.slots.copy(), part.stacks.copy()
    slots[:, 0] += records
    stacks[:, 0] += records
    slot_keys, slots, slot_numbers = _united(whole.slot_keys, whole.slots, part.slot_keys, slots)
    names, components, part_numbers = _united(
        whole.component_keys, whole.components, part.component_keys, part.components
    )
    id_keys, id_spans, id_numbers = _united(whole.id_keys, whole.id_spans, part.id_keys, part.id_spans)
    shifted = replace(
        part, line=part.line + np.int32(lines), slot=_renumbered(part.slot, slot_numbers), stacks=stacks,
        component=_renumbered(part.component, part_numbers), ids=_renumbered(part.ids, id_numbers),
    )  # fmt: skip
    merged = replace(
        whole, tally=_tallies(whole.tally, part.tally), zones=_zones(whole.zones, part.zones, lines),
        slot_keys=slot_keys, slots=slots, component_keys=names, components=components, id_keys=id_keys,
        id_spans=id_spans,
    )  # fmt: skip
    return merged, shifted


def _tallies(a: Ints, b: Ints) -> Ints:
    total: Ints = a + b
    first = a[T_NUL_LINE] if a[T_NULS] else b[T_NUL_LINE] + a[T_LINES]
    total[T_NUL_LINE] = first if total[T_NULS] else 0
    return total


def _zones(a: Ints, b: Ints, lines: int) -> Ints:
    """Zone codes with their count and first line."""
    rows = {int(zone): [int(count), int(line)] for zone, count, line in a}
    for zone, count, line in b:
        rows.setdefault(int(zone), [0, int(line) + lines])[0] += int(count)
    return np.array([(zone, *rest) for zone, rest in rows.items()], np.int64).reshape(-1, 3)


def scan_all(
    file: Mapped,
    plan: Plan,
    start: int = 0,
    stop: int | None = None,
    *,
    threads: int = 1,
    chunk: int = CHUNK,
) -> Partial:
    """Scan a range in chunks, several at once where they are worth it; pages already read go back to the system."""
    size = file.size if stop is None else min(stop, file.size)
    each = min(chunk, max(LEAST, -(-(size - start) // threads)))

    def scanned(begin: int) -> Partial:
        part = scan(file, plan, begin, min(begin + each, size))
        file.release(begin, min(each, size - begin))
        return part

    begins = range(start, max(size, start + 1), each)
    if len(begins) == 1:
        return scan(file, plan, start, size)
    with ThreadPoolExecutor(threads) as pool:
        return merge_all(list(pool.map(scanned, begins)))
