"""Spans as rows of numbers, for texts in which millions of them stand: settled and rewritten by compiled loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdfast.diagnostics.logs.lanes import count_byte
from holdfast.redaction.kernels import kernel
from holdfast.redaction.texts import Texts, copied

Array = np.ndarray[Any, Any]
START, END, RANK, WHAT, RULE = range(5)
"""Columns of a row. RANK is higher for what wins; WHAT is a number of a value or, below 0, of a special span; RULE is
below 0 for what is known from elsewhere."""


@kernel
def _settle(rows, kept):  # type: ignore[no-untyped-def]
    """Drop rows that others cover; return how many stay, or -1 when two overlap in part only."""
    n = 0
    for r in range(rows.shape[0]):
        start, end, rank = rows[r, 0], rows[r, 1], rows[r, 2]
        drop = False
        while n > 0:
            before = kept[n - 1]
            if rows[before, 1] <= start:
                break
            if rows[before, 0] == start and rows[before, 1] == end:
                if rank > rows[before, 2]:
                    n -= 1
                    continue
                drop = True
                break
            if rows[before, 1] >= end and (rows[before, 2] >> 2) >= (rank >> 2):
                drop = True
                break
            if rows[before, 0] >= start and rows[before, 1] <= end and (rank >> 2) >= (rows[before, 2] >> 2):
                n -= 1
                continue
            if rows[before, 1] > end and (rank >> 2) > (rows[before, 2] >> 2):
                n -= 1  # a secret within what is none: the secret stays
                continue
            return -1
        if not drop:
            kept[n] = r
            n += 1
    return n


def settled(rows: Array) -> Array | None:
    """Return rows by place, none overlapping; None when that needs cutting. Rank is compared without its last two bits
    where one row covers another, with them where both are the same bytes."""
    if len(rows) < 2:
        return rows
    # by start, then the longest first: a text has less than 2 ** 27 bytes
    order = (rows[:, START] << 27) + (rows[:, START] - rows[:, END])
    rows = rows[np.argsort(order, kind="stable")]
    kept = np.empty(len(rows), np.int64)
    count = _settle(rows, kept)
    return None if count < 0 else rows[kept[:count]]


@kernel
def _placed(rows, offsets, special_offsets, places):  # type: ignore[no-untyped-def]
    """Write where what replaces each row will stand; return by how much the text grows."""
    moved = 0
    for r in range(rows.shape[0]):
        what = rows[r, 3]
        places[r, 0] = places[r, 1] = rows[r, 0] + moved
        if what >= 0:
            places[r, 1] += offsets[what + 1] - offsets[what]
        else:
            places[r, 1] += special_offsets[-what] - special_offsets[-what - 1]
        moved = places[r, 1] - rows[r, 1]
    return moved


@kernel
def _write(data, rows, texts, offsets, specials, special_offsets, out):  # type: ignore[no-untyped-def]
    at, to, base = 0, out.ctypes.data, data.ctypes.data
    first, other = texts.ctypes.data, specials.ctypes.data
    for r in range(rows.shape[0]):
        to = copied(base + at, to, rows[r, 0] - at)
        what = rows[r, 3]
        if what >= 0:
            to = copied(first + offsets[what], to, offsets[what + 1] - offsets[what])
        else:
            begun, end = special_offsets[-what - 1], special_offsets[-what]
            to = copied(other + begun, to, end - begun)
        at = rows[r, 1]
    copied(base + at, to, len(data) - at)


@kernel
def lines_in(data):  # type: ignore[no-untyped-def]
    """Return how many line feeds are in a text."""
    base = data.ctypes.data
    return count_byte(base, base + len(data), 10)


def written(data: Array, rows: Array, texts: Texts, specials: Sequence[bytes]) -> tuple[Array, Array]:
    """Return the data with each row replaced by its number of `texts`, or of `specials` where WHAT is -1, -2, ...; and
    where what replaced them stands, int64[n, 2] of (start, end)."""
    extra, places = Texts.of(specials), np.empty((len(rows), 2), np.int64)
    out = np.empty(len(data) + int(_placed(rows, texts.offsets, extra.offsets, places)), np.uint8)
    _write(data, rows, texts.arena, texts.offsets, extra.arena, extra.offsets, out)
    return out, places
