"""Proof, while a file is written, that no known value stands in it in any writing.

What was copied was searched as it was read, and every find there has to touch a place that was replaced; that it was
copied is looked at byte by byte. So a value can only stand in what was put in place of another or across its edge.
That is searched again, as far around as a value reaches: stretches of base64, hex and UTF-16 whole, and values longer
than `REACH` by their pieces. Texts with their escapes undone are searched again whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.redaction.files import Withheld
from holdfast.redaction.kernels import BASE64, KINDS, PADDING, kernel, padded
from holdfast.redaction.known import Known
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.texts import copied, is_same
from holdfast.redaction.views import unescaped

Array = np.ndarray[Any, Any]
OVERLAP = 1 << 15
"""Bytes of what was written that are looked at with what follows: longer than any writing of a value."""
REACH, PIECE = 24, 12
"""Bytes around a replaced place in which a value is found as it is; any so many of a longer one hold a whole piece."""
_AROUND = REACH + 2
"""What decides whether a word ends where a value begins stands in the two bytes before it."""
_NOTHING = np.empty(0, np.uint8)


@dataclass(slots=True)
class Replaced:
    """How a text was written: the source, the rows of `rows` replaced in it, where what replaced them stands in what
    was written, int64[n, 2] of (start, end), and all that was found in the source, int64[n, 2 and more] alike."""

    source: Array
    rows: Array
    places: Array
    finds: Sequence[Array]


@kernel
def _is_copied(source, rows, written, places):  # type: ignore[no-untyped-def]
    """Tell whether all that was written between the places is what stands in the source between the rows."""
    if rows.shape[0] != places.shape[0]:
        return False
    at, n, one, two = 0, 0, source.ctypes.data, written.ctypes.data
    for r in range(rows.shape[0] + 1):
        start, end, first, last = len(source), len(source), len(written), len(written)
        if r < rows.shape[0]:
            start, end, first, last = rows[r, 0], rows[r, 1], places[r, 0], places[r, 1]
        if not (at <= start <= end <= len(source) and n <= first <= last <= len(written)):
            return False
        if first - n != start - at or not is_same(one + at, two + n, start - at):
            return False
        at, n = end, last
    return True


@kernel
def _all_touched(finds, rows):  # type: ignore[no-untyped-def]
    """Tell whether every find has a byte in common with one of the rows, which are in order."""
    low, count = 0, rows.shape[0]
    for f in range(finds.shape[0]):
        start, end = finds[f, 0], finds[f, 1]
        if low and rows[low - 1, 0] >= end:
            low = 0
        step, high = 1, low
        while high < count and rows[high, 0] < end:
            low, high, step = high + 1, high + step, 2 * step
        high = min(high, count)
        while low < high:
            middle = (low + high) >> 1
            if rows[middle, 0] < end:
                low = middle + 1
            else:
                high = middle
        # `low` rows begin before the find ends
        if low == 0 or rows[low - 1, 1] <= start:
            return False
    return True


@kernel
def _hangs_on(data, at):  # type: ignore[no-untyped-def]
    """Tell whether the bytes on both sides of a place may be of one word or one stretch of base64, hex or UTF-16."""
    before, after = data[at - 1], data[at]
    return (before == 0) != (after == 0) or (KINDS[before] & KINDS[after] & BASE64) != 0


@kernel
def _around(data, begun, places, out, origins):  # type: ignore[no-untyped-def]
    """Copy what stands around the places, which count from `begun`, and around that; return how many bytes.

    A line feed parts what is not one stretch of the text. origins: for int64[places + 1, 2] of (where a place's part
    begins in `out`, where it stood in the data).
    """
    n, done = 0, 0
    for r in range(-1, places.shape[0]):
        low = high = begun
        if r >= 0:
            low, high = begun + places[r, 0], begun + places[r, 1]
        low, high = max(low - _AROUND, done), min(high + _AROUND, len(data))
        while low > done and _hangs_on(data, low):
            low -= 1
        while high < len(data) and high > done and _hangs_on(data, high):
            high += 1
        if low > done:
            out[n] = 10
            n += 1
        origins[r + 1, 0], origins[r + 1, 1] = n, low
        if high > low:
            copied(data.ctypes.data + low, out.ctypes.data + n, high - low)
            n += high - low
        done = max(done, high)
    return n


class Proof:
    """Follows one file as it is written, window by window. Its methods raise Withheld.

    pieces: of the values that are longer than `REACH`, from `pieces_of`.
    """

    def __init__(self, known: Known, pieces: Learnt) -> None:
        self._known, self._pieces, self._tail = known, pieces, _NOTHING

    def take(self, written: Array, how: Replaced | None = None) -> None:
        """Prove what comes next. how: where it is known; without it everything is searched."""
        data = np.concatenate((self._tail, written, np.zeros(64, np.uint8)))[:-64]
        if how is None:
            self._search(data)
        else:
            self._compare(written, how)
            self._search_around(data, how.places)
        self._tail = data[-OVERLAP:].copy()

    def _compare(self, written: Array, how: Replaced) -> None:
        if not _is_copied(how.source, how.rows, written, how.places):
            raise Withheld("what was written differs from what was read in more than what was replaced")
        if not all(_all_touched(finds, how.rows) for finds in how.finds):
            raise Withheld("a value found in it was not replaced")

    def _search_around(self, data: Array, places: Array) -> None:
        out = np.empty(len(data) + len(places) + 1 + PADDING, np.uint8)
        origins = np.empty((len(places) + 1, 2), np.int64)
        size = _around(data, len(self._tail), places, out, origins)
        out[size : size + PADDING] = 0
        around = out[:size]
        around.flags.writeable = False  # loops are compiled once, for arrays that are only read
        view = unescaped(data)
        if (
            self._known.remains(around) is not None
            or self._remains_near(data, origins, self._pieces.plain(around)[:, 0])
            or (view is not None and self._known.remains(padded(view.data.tobytes())) is not None)
        ):
            self._search(data)

    def _remains_near(self, data: Array, origins: Array, found: Array) -> bool:
        """Tell whether a value may stand where pieces of values were found around the places."""
        if not len(found):
            return False
        part = np.searchsorted(origins[:, 0], found, "right") - 1
        at = np.unique(origins[part, 1] + found - origins[part, 0])
        reach = self._known.learnt.longest
        last = np.append(np.flatnonzero(np.diff(at) > 2 * reach), len(at) - 1)  # of those close to each other
        begins, ends = at[np.append(0, last[:-1] + 1)] - reach, at[last] + reach
        near = (
            data[max(low, 0) : high].tobytes()
            for low, high in zip(begins.tolist(), ends.tolist(), strict=True)
        )
        return any(self._known.remains(padded(text)) is not None for text in near)

    def _search(self, data: Array) -> None:
        if (hit := self._known.remains(data)) is not None:
            raise Withheld(f"a value found elsewhere ({hit[0]} bytes, writing {hit[1]}) is still in it")


def pieces_of(known: Known) -> Learnt:
    """Return the pieces of all that is looked for and is longer than `REACH`."""
    pieces = known.learnt.pieces(REACH, PIECE)
    return Learnt(pieces, np.zeros(len(pieces), np.bool_))
