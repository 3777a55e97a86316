"""Values known from anywhere in the case, found wherever they stand in whatever writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdfast.redaction.hidden import hidden
from holdfast.redaction.kernels import ALNUM, KINDS, kernel

Array = np.ndarray[Any, Any]
PLAIN, URL, JSON, BASE64, HEXED, UTF16 = range(6)
"""How a value may be written. Texts of nothing but escapes are undone first (`views`) and searched plain; so is what
stands in base64, hex or UTF-16 (`hidden`)."""
SAME_LENGTH = frozenset({BASE64, HEXED, UTF16})
"""Writings that are overwritten at the same length, so that what surrounds them can still be read."""
_DIGITS = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_THREE = np.uint64(0xFFFFFF00)
_LONG, _SHORT = 7, 3
"""Bytes by which needles are found: those of eight bytes and more, and those of four to seven."""
_TRIED = 8
"""Windows of a needle among which the rarest is chosen."""
_SAFE = np.array([(chr(c).isalnum() and c < 128) or chr(c) in "-._~" for c in range(256)], np.uint8)


@kernel
def _needles(arena, offsets, bounded, letters, rows):  # type: ignore[no-untyped-def]
    """Write the needles of all values; rows: int32[n, 6] of (start, size, value, writing, bounded, 0). Return n."""
    n, count = 0, 0
    for v in range(len(offsets) - 1):
        value = arena[offsets[v] : offsets[v + 1]]
        for writing in range(3):
            begun, differs = n, writing == 0
            for code in value:
                if writing == 1 and not _SAFE[code]:
                    differs = True
                    letters[n], letters[n + 1], letters[n + 2] = 37, _DIGITS[code >> 4], _DIGITS[code & 15]
                    n += 3
                    continue
                if writing == 2 and (code == 34 or code == 92):
                    differs = True
                    letters[n] = 92
                    n += 1
                letters[n] = code
                n += 1
            if not differs or n - begun < (4 if writing == 0 else 8):
                n = begun
                continue
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, n - begun, v, writing
            rows[count, 4] = 1 if writing == 0 and bounded[v] else 0
            count += 1
    return count


@kernel
def _window(letters, at, width):  # type: ignore[no-untyped-def]
    """Return a hash of up to seven bytes whose high bits depend on all of them."""
    key = np.uint64(0)
    for k in range(width):
        key |= np.uint64(letters[at + k]) << np.uint64(8 * k + 8)
    return key * _MIX


@kernel
def _slot(code):  # type: ignore[no-untyped-def]
    """Mix a product so that its low bits depend on every byte of the key."""
    code ^= code >> np.uint64(29)
    code *= np.uint64(0xBF58476D1CE4E5B9)
    return code >> np.uint64(32)


@kernel
def _pair(code, shift):  # type: ignore[no-untyped-def]
    """Return a word with the two bits of a product, taken from below the `shift` bits that choose the word."""
    one, two = code >> np.uint64(shift - 6), code >> np.uint64(shift - 12)
    return np.uint64(1) << (one & np.uint64(63)) | np.uint64(1) << (two & np.uint64(63))


@kernel
def _chosen(letters, rows, tally):  # type: ignore[no-untyped-def]
    """Choose the eight bytes by which each needle is found, those that fewest others share; rows[:, 5] is where they
    begin in it."""
    for turn in range(2):
        for r in range(rows.shape[0]):
            size, best, least = rows[r, 1], 0, 1 << 30
            step = max(1, (size - 7) // _TRIED)
            for at in range(0, size - 7, step):
                slot = _window(letters, rows[r, 0] + at, _LONG) >> np.uint64(44)
                if turn == 0:
                    tally[slot] += 1
                elif tally[slot] < least:
                    best, least = at, tally[slot]
            rows[r, 5] = best


@kernel
def _index(letters, rows, width, heads, chain, bits, shift):  # type: ignore[no-untyped-def]
    """Enter each needle by so many bytes and by as many one further: one of them begins at an even place."""
    mask = np.uint64(len(heads) - 1)
    for entry in range(2 * rows.shape[0]):
        row = rows[entry >> 1]
        code = _window(letters, row[0] + row[5] + (entry & 1), width)
        bits[code >> np.uint64(shift)] |= _pair(code, shift)
        slot = _slot(code) & mask
        chain[entry] = heads[slot]
        heads[slot] = entry


@kernel
def _bounds(data, at, end, high):  # type: ignore[no-untyped-def]
    """Tell whether no word or number goes on at either end; an escaped line feed is an end."""
    if at > 0 and (KINDS[data[at - 1]] & ALNUM) and (KINDS[data[at]] & ALNUM):
        code = data[at - 1]
        if not (at > 1 and data[at - 2] == 92 and (code == 110 or code == 116 or code == 114)):
            return False
    return not (end < high and (KINDS[data[end]] & ALNUM) and (KINDS[data[end - 1]] & ALNUM))


@kernel
def _noted(data, start, high, letters, rows, r, free, out, count):  # type: ignore[no-untyped-def]
    """Note the needle of a row where it stands at `start`, within its bounds unless `free`; return the count."""
    first, end = rows[r, 0], start + rows[r, 1]
    if start < 0 or end > high:
        return count
    for k in range(start, end):
        if data[k] != letters[first + k - start]:
            return count
    if rows[r, 4] and not free and not _bounds(data, start, end, high):
        return count
    if count < out.shape[0]:
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = start, end, rows[r, 2], rows[r, 3]
    return count + 1


@kernel
def _hits(data, at, high, code, letters, rows, heads, chain, free, out, count):  # type: ignore[no-untyped-def]
    """Note the needles that stand where bytes of this hash begin at `at`; return the count."""
    entry = heads[_slot(code) & np.uint64(len(heads) - 1)]
    while entry >= 0:
        r = entry >> 1
        count = _noted(data, at - rows[r, 5] - (entry & 1), high, letters, rows, r, free, out, count)
        entry = chain[entry]
    return count


@kernel
def _find(data, words, high, letters, long, short, free, out):  # type: ignore[no-untyped-def]
    """Search data[:high] at its even places; words: the same and more, eight bytes each. Return the count."""
    count, after = 0, words[0]
    rows, heads, chain, wide, shift = long
    few, few_heads, few_chain, narrow, little = short
    shift, little = np.uint64(shift), np.uint64(little)
    for at in range(0, high, 8):
        now, after = after, words[np.uint64(at >> 3) + np.uint64(1)]
        for k in range(0, 8, 2):
            # the seven bytes from at + k on, eight bits up
            key = now >> np.uint64(8 * k) << np.uint64(8)
            if k:
                key |= after << np.uint64(72 - 8 * k)
            code = key * _MIX
            pair = _pair(code, shift)
            if wide[code >> shift] & pair == pair:
                count = _hits(data, at + k, high, code, letters, rows, heads, chain, free, out, count)
            code = (key & _THREE) * _MIX
            pair = _pair(code, little)
            if narrow[code >> little] & pair == pair:
                count = _hits(data, at + k, high, code, letters, few, few_heads, few_chain, free, out, count)
    return count


def _words(data: Array) -> Array:
    """Return an array from `padded` as words of eight bytes, the padding included."""
    whole = data.base
    assert isinstance(whole, np.ndarray)
    return whole[: len(whole) & -8].view(np.uint64)


class Learnt:
    """A set of values and their writings. bounded: which count as whole words only."""

    def __init__(self, values: Sequence[bytes], bounded: Sequence[bool] | Array) -> None:
        self.values = values
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        arena = np.frombuffer(b"".join(values) or b"\0", np.uint8)
        self._alphabet = (np.bincount(arena, minlength=256) > 0).astype(np.uint8)
        letters = np.empty(int(offsets[-1]) * 6 + 64, np.uint8)
        rows = np.zeros((3 * len(values) + 1, 6), np.int32)
        count = _needles(arena, offsets, np.array([*bounded, False], np.uint8), letters, rows)
        used = int(rows[count - 1, 0] + rows[count - 1, 1]) if count else 0
        self._letters = letters[: max(used, 1)].copy()
        self._out = np.empty((4096, 4), np.int64)
        short = rows[:count, 1] < 8
        long = rows[:count][~short]
        _chosen(self._letters, long, np.zeros(1 << 20, np.int32))
        self._long = self._indexed(long, _LONG)
        self._short = self._indexed(rows[:count][short], _SHORT)

    def _indexed(self, rows: Array, width: int) -> tuple[Any, ...]:
        words = max(10, len(rows).bit_length() - 2)
        heads = np.full(1 << max(8, (len(rows) * 2).bit_length()), -1, np.int32)
        chain, bits = np.full(2 * len(rows), -1, np.int32), np.zeros(1 << words, np.uint64)
        _index(self._letters, rows, width, heads, chain, bits, 64 - words)
        return rows, heads, chain, bits, 64 - words

    def find(self, data: Array) -> Array:
        """Return int64[n, 4] of (start, end, value, writing). The data comes from `padded`."""
        found = self._search(data, False)
        decoded = hidden(data, self._alphabet) if self.values else None
        if decoded is None:
            return found
        placed, form = decoded.placed(self._search(decoded.data, True))
        placed[:, 3] = BASE64 + form
        return np.concatenate((found, placed))

    def _search(self, data: Array, free: bool) -> Array:
        while True:
            count = int(
                _find(data, _words(data), len(data), self._letters, self._long, self._short, free, self._out)
            )
            if count <= len(self._out):
                return self._out[:count].copy()
            self._out = np.empty((2 * count, 4), np.int64)
