"""Values known from anywhere in the case, found wherever they stand in whatever writing."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.memory import word_at
from holdfast.redaction.grams import bytes_hash, may_stand
from holdfast.redaction.hidden import hidden
from holdfast.redaction.kernels import ALNUM, KINDS, kernel
from holdfast.redaction.masks import lowest, mask_of, within
from holdfast.redaction.needles import (
    BASE64,
    BEGUN,
    BOUNDED,
    ENDING,
    ENDING_FEW,
    HEAD,
    HEXED,
    JSON,
    LINK,
    PLAIN,
    SIZE,
    STRIDES,
    SWEPT,
    SWEPT_FEW,
    URL,
    UTF16,
    VALUE,
    WIDTHS,
    WRITING,
    Index,
    needle_hash,
    needles,
    pieces,
    place_of,
)
from holdfast.redaction.tables import Table
from holdfast.redaction.texts import Texts, is_same
from holdfast.redaction.views import unescaped

Array = np.ndarray[Any, Any]
SAME_LENGTH = frozenset({BASE64, HEXED, UTF16})
"""Writings that are overwritten at the same length, so that what surrounds them can still be read."""
_FOUR, _SEVEN = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFFFFFFFF00)
_STRETCH = 4096
"""Bytes in which places are noted before needles are looked for there."""
_NONE = np.empty(0, np.uint64)
_alnum = mask_of(code for code in range(256) if KINDS[code] & ALNUM)


@kernel
def _bounds(data, at, end, high):  # type: ignore[no-untyped-def]
    """Tell whether no word or number goes on at either end; an escaped line feed is an end."""
    if at > 0 and (KINDS[data[at - 1]] & ALNUM) and (KINDS[data[at]] & ALNUM):
        code = data[at - 1]
        if not (at > 1 and data[at - 2] == 92 and (code == 110 or code == 116 or code == 114)):
            return False
    return not (end < high and (KINDS[data[end]] & ALNUM) and (KINDS[data[end - 1]] & ALNUM))


@kernel
def _noted(data, start, high, index, n, free, out, count):  # type: ignore[no-untyped-def]
    """Note a needle where it stands at `start`, within its bounds unless `free`; return the count."""
    first, end = 4 * (n + HEAD), start + index.records[n + SIZE]
    if start < 0 or end > high:
        return count
    if not is_same(data.ctypes.data + start, index.texts.ctypes.data + first, end - start):
        return count
    if index.records[n + BOUNDED] and not free and not _bounds(data, start, end, high):
        return count
    if count < out.shape[0]:
        out[count, 0], out[count, 1] = start, end
        out[count, 2], out[count, 3] = index.records[n + VALUE], index.records[n + WRITING]
    return count + 1


@kernel
def _before(base, i):  # type: ignore[no-untyped-def]
    """Return the eight bytes up to `i`, zeros in front of the text."""
    return word_at(base + i - 7) if i >= 7 else word_at(base) << np.uint64(56 - 8 * i)


@kernel
def _behind(base, low, high, size, free, long, short, passed, places):  # type: ignore[no-untyped-def]
    """Note the ends of words in a text of `size` bytes, from low to high, before which needles may stand; every byte is
    one where words do not count. Return how many are noted for the long ones and for the short ones.

    passed: uint64 for each 64 bytes, or none at all: ends that are passed over for the long ones.
    """
    bits, shift, n = long.bits, np.uint64(long.shift), 0
    few, little, m, any_short = short.bits, np.uint64(short.shift), 0, len(short.records) > 0
    for block in range(low // 64, (high + 63) // 64):
        at = base + 64 * block
        ends = within(block, size)
        if not free:
            ends &= _alnum(at) & ~_alnum(at + 1)
        over = passed[block] if len(passed) else np.uint64(0)
        while ends:
            bit = lowest(ends)
            i = 64 * block + bit
            ends &= ends - np.uint64(1)
            key = _before(base, i)
            places[0, n] = i - 6
            n += may_stand(bits, shift, bytes_hash(key & _SEVEN)) & ~(over >> np.uint64(bit))
            if any_short:
                places[1, m] = i - 3
                m += may_stand(few, little, bytes_hash(key & _FOUR))
    return n, m


@kernel
def _swept(base, low, high, index, width, stride, places):  # type: ignore[no-untyped-def]
    """Note the places so far apart, from low to high, at which a needle's bytes may stand; return how many."""
    bits, shift, left, n = index.bits, np.uint64(index.shift), np.uint64(64 - 8 * width), 0
    for i in range(low, high, stride):
        places[n] = i
        n += may_stand(bits, shift, bytes_hash(word_at(base + i) << left))
    return n


@kernel
def _hits(data, high, index, width, free, places, n, entries, out, count):  # type: ignore[no-untyped-def]
    """Note the needles whose bytes begin at one of `n` places; return the count. entries: room for int64[3, n].

    Slots and records are far apart: all are read before any is needed, so that none is waited for alone.
    """
    base, slots, records, left = data.ctypes.data, index.slots, index.records, np.uint64(64 - 8 * width)
    kept = 0
    for k in range(n):
        if places[k] >= 0:
            place, _ = place_of(slots, bytes_hash(word_at(base + places[k]) << left))
            entries[0, kept], entries[1, kept] = places[k], np.int64(slots[place] >> np.uint64(32)) - 1
            kept += entries[1, kept] >= 0
    for k in range(kept):
        entries[2, k] = records[(entries[1, k] >> 2) + BEGUN]
    for k in range(kept):
        entry, begun = entries[1, k], entries[2, k]
        while entry >= 0:
            m, phase = entry >> 2, entry & 3
            count = _noted(data, entries[0, k] - begun - phase, high, index, m, free, out, count)
            entry = np.int64(records[m + LINK + phase])
            if entry >= 0:
                begun = records[(entry >> 2) + BEGUN]
    return count


@kernel
def _find(data, high, indexes, free, passed, rooms, out):  # type: ignore[no-untyped-def]
    """Search data[:high], which has 64 bytes more; return the count.

    rooms: for what is noted of a stretch, int64[2, n] and int64[3, n].
    """
    base, count = data.ctypes.data, 0
    places, entries = rooms
    ending, swept, ending_few, swept_few = indexes
    for low in range(0, high, _STRETCH):
        end = min(low + _STRETCH, high)
        if len(ending.records) or len(ending_few.records):
            n, few = _behind(base, low, end, high, free, ending, ending_few, passed, places)
            count = _hits(data, high, ending, WIDTHS[ENDING], free, places[0], n, entries, out, count)
            count = _hits(
                data, high, ending_few, WIDTHS[ENDING_FEW], free, places[1], few, entries, out, count
            )
        n = _swept(base, low, end, swept, WIDTHS[SWEPT], STRIDES[SWEPT], places[0])
        count = _hits(data, high, swept, WIDTHS[SWEPT], free, places[0], n, entries, out, count)
        if len(swept_few.records):
            n = _swept(base, low, end, swept_few, WIDTHS[SWEPT_FEW], STRIDES[SWEPT_FEW], places[0])
            count = _hits(data, high, swept_few, WIDTHS[SWEPT_FEW], free, places[0], n, entries, out, count)
    return count


@kernel
def _alone(index, width, ends):  # type: ignore[no-untyped-def]
    """Write the ends of words in plain values that are found by nothing else, and alone by that."""
    n, records, slots = 0, index.records, index.slots
    while n < len(records):
        code = needle_hash(index, n, width)
        first = np.int64(slots[place_of(slots, code)[0]] >> np.uint64(32)) - 1
        if first == 4 * n and records[n + LINK] < 0 and records[n + WRITING] == PLAIN:
            ends[records[n + VALUE]] = records[n + BEGUN] + width - 1
        n += HEAD + (records[n + SIZE] + 3) // 4


@kernel
def passing(rows, ends, ranks, passed):  # type: ignore[no-untyped-def]
    """Set the bits of the ends of words by which nothing is found but the value of a row, whose rank is no lower.

    ends, ranks: of each value, from `Learnt.alone`, and the least rank; passed: uint64 for each 64 bytes.
    """
    for r in range(rows.shape[0]):
        what = rows[r, 3]
        if ends[what] >= 0 and rows[r, 2] >= ranks[what]:
            at = rows[r, 0] + ends[what]
            passed[at >> 6] |= np.uint64(1) << np.uint64(at & 63)


class Learnt:
    """A set of values and their writings, the longest of so many bytes. bounded: which count as whole words only."""

    def __init__(self, values: Texts, bounded: Array) -> None:
        self.values = values
        self._indexes: tuple[Index, ...]
        self._indexes, self._alphabet, self.longest = needles(values, bounded)
        self._rooms = tuple(np.empty((rows, _STRETCH + 1), np.int64) for rows in (2, 3))
        self._out = np.empty((4096, 4), np.int64)

    def find(self, data: Array, passed: Array = _NONE) -> Array:
        """Return int64[n, 4] of (start, end, value, writing), in no order. The data comes from `padded`.

        passed: what `passing` says need not be found again.
        """
        found = self._search(data, False, passed)
        decoded = hidden(data, self._alphabet) if len(self.values) else None
        if decoded is None:
            return found
        placed, form = decoded.placed(self._within(decoded.data))
        placed[:, 3] = BASE64 + form
        return np.concatenate((found, placed))

    def alone(self) -> Array:
        """Return of each value where in it the end of a word stands by which no other needle is found, int32, -1 where
        there is none such."""
        ends = np.full(len(self.values), -1, np.int32)
        _alone(self._indexes[ENDING], WIDTHS[ENDING], ends)
        return ends

    def plain(self, data: Array) -> Array:
        """Return what `find` does of writings that stand there as they are."""
        return self._search(data, False)

    def pieces(self, least: int, size: int) -> Texts:
        """Return the letters of needles of more than `least` bytes in pieces of `size`, what is left over left out."""
        table = Table()
        for index in self._indexes:
            table.ids(index.texts, pieces(index, least, size))
        return table.texts

    def _within(self, data: Array) -> Array:
        """Return what stands in decoded stretches, as it is or escaped."""
        found = self._search(data, True)
        view = unescaped(data)
        if view is None:
            return found
        inner = self._search(view.data, True)
        inner[:, :2] = view.back[inner[:, :2]]
        return np.concatenate((found, inner))

    def _search(self, data: Array, free: bool, passed: Array = _NONE) -> Array:
        while True:
            count = int(_find(data, len(data), self._indexes, free, passed, self._rooms, self._out))
            if count <= len(self._out):
                return self._out[:count].copy()
            self._out = np.empty((2 * count, 4), np.int64)


__all__ = ["BASE64", "HEXED", "JSON", "PLAIN", "SAME_LENGTH", "URL", "UTF16", "Learnt"]
