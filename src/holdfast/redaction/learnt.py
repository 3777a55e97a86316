"""Values known from anywhere in the case, found wherever they stand in whatever writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdfast.redaction.kernels import ALNUM, KINDS, kernel

Array = np.ndarray[Any, Any]
PLAIN, URL, JSON, BASE64, HEXED, UPPER_HEX, UTF16 = range(7)
"""How a value may be written. Texts of nothing but escapes are undone first (`views`) and searched plain."""
SAME_LENGTH = frozenset({BASE64, HEXED, UPPER_HEX, UTF16})
"""Writings that are overwritten at the same length, so that what surrounds them can still be read."""
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_SEVEN = np.uint64(0xFFFFFFFFFFFFFF00)
_TRIED = 8
"""Windows of a needle among which the rarest is chosen."""
_SAFE = np.array([(chr(c).isalnum() and c < 128) or chr(c) in "-._~" for c in range(256)], np.uint8)


@kernel
def _base64_core(value, size, shift, urlsafe, out, n):  # type: ignore[no-untyped-def]
    """Write the characters of base64 that depend on the value alone when `shift` bytes stand before it."""
    first = shift * 8
    last = first + size * 8
    sextet = (first + 5) // 6
    while (sextet + 1) * 6 <= last:
        number = 0
        for bit in range(sextet * 6, sextet * 6 + 6):
            at = bit - first
            number = number * 2 + ((int(value[at >> 3]) >> (7 - (at & 7))) & 1)
        code = _ALPHABET[number]
        if urlsafe:
            code = np.uint8(45) if code == 43 else np.uint8(95) if code == 47 else code
        out[n] = code
        n += 1
        sextet += 1
    return n


@kernel
def _needles(arena, offsets, bounded, letters, rows):  # type: ignore[no-untyped-def]
    """Write the needles of all values; rows: int64[n, 6] of (start, size, value, writing, bounded, 0). Return n."""
    n, count = 0, 0
    for v in range(len(offsets) - 1):
        value = arena[offsets[v] : offsets[v + 1]]
        size = len(value)
        for writing in range(12):
            begun, kind = n, 0
            if writing == 0:
                for k in range(size):
                    letters[n + k] = value[k]
                n += size
            elif writing <= 2:
                kind = 1 if writing == 1 else 2
                differs = False
                for k in range(size):
                    code = value[k]
                    if kind == 1 and not _SAFE[code]:
                        differs = True
                        letters[n], letters[n + 1], letters[n + 2] = (
                            37,
                            _up(_DIGITS[code >> 4]),
                            _up(_DIGITS[code & 15]),
                        )
                        n += 3
                        continue
                    if kind == 2 and (code == 34 or code == 92):
                        differs = True
                        letters[n] = 92
                        n += 1
                    letters[n] = code
                    n += 1
                if not differs:
                    n = begun
                    continue
            elif writing <= 8:
                kind = 3
                urlsafe = writing >= 6
                n = _base64_core(value, size, (writing - 3) % 3, urlsafe, letters, n)
                if urlsafe:
                    differs = False
                    for k in range(begun, n):
                        differs = differs or letters[k] == 45 or letters[k] == 95
                    if not differs:
                        n = begun
                        continue
            elif writing <= 10:
                kind = 4 if writing == 9 else 5
                for k in range(size):
                    high, low = _DIGITS[value[k] >> 4], _DIGITS[value[k] & 15]
                    letters[n] = high if kind == 4 else _up(high)
                    letters[n + 1] = low if kind == 4 else _up(low)
                    n += 2
            elif writing == 11:
                kind = 6
                for k in range(size):
                    letters[n] = value[k]
                    letters[n + 1] = 0
                    n += 2
                n -= 1
            if n - begun < (4 if kind == 0 else 8):
                n = begun
                continue
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, n - begun, v, kind
            rows[count, 4] = 1 if kind == 0 and bounded[v] else 0
            count += 1
    return count


@kernel
def _up(code):  # type: ignore[no-untyped-def]
    return np.uint8(code - 32) if code >= 97 else np.uint8(code)


@kernel
def _window(letters, at):  # type: ignore[no-untyped-def]
    """Return a hash of seven bytes whose high bits depend on all of them."""
    key = np.uint64(0)
    for k in range(7):
        key |= np.uint64(letters[at + k]) << np.uint64(8 * k + 8)
    return key * np.uint64(0x9E3779B97F4A7C15)


@kernel
def _four(letters, at):  # type: ignore[no-untyped-def]
    key = np.uint64(0)
    for k in range(4):
        key |= np.uint64(letters[at + k]) << np.uint64(8 * k)
    return key


@kernel
def _slot(code):  # type: ignore[no-untyped-def]
    """Mix a product so that its low bits depend on every byte of the key."""
    code ^= code >> np.uint64(29)
    code *= np.uint64(0xBF58476D1CE4E5B9)
    return code >> np.uint64(32)


@kernel
def _chosen(letters, rows, tally):  # type: ignore[no-untyped-def]
    """Choose the eight bytes by which each needle is found; rows[:, 5] is where they begin in it.

    Of plain and escaped ones those that fewest others share, of other writings those in the middle.
    """
    for turn in range(2):
        for r in range(rows.shape[0]):
            size, best, least = rows[r, 1], 0, 1 << 30
            if rows[r, 3] > JSON:
                rows[r, 5] = max(0, (size - 8) // 2)
                continue
            step = max(1, (size - 7) // _TRIED)
            for at in range(0, size - 7, step):
                slot = _window(letters, rows[r, 0] + at) >> np.uint64(44)
                if turn == 0:
                    tally[slot] += 1
                elif tally[slot] < least:
                    best, least = at, tally[slot]
            rows[r, 5] = best


@kernel
def _index(letters, rows, heads, chain, bits, shift):  # type: ignore[no-untyped-def]
    """Enter each needle by seven bytes and by the seven one further: one of them begins at an even place."""
    mask = np.uint64(len(heads) - 1)
    for entry in range(2 * rows.shape[0]):
        row = rows[entry >> 1]
        code = _window(letters, row[0] + row[5] + (entry & 1))
        bit = code >> np.uint64(shift)
        bits[bit >> np.uint64(3)] |= np.uint8(1) << np.uint8(bit & np.uint64(7))
        slot = _slot(code) & mask
        chain[entry] = heads[slot]
        heads[slot] = entry


@kernel
def _index_short(letters, rows, heads, chain, bits):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(heads) - 1)
    for r in range(rows.shape[0]):
        key = _four(letters, rows[r, 0])
        pair = key & np.uint64(0xFFFF)
        bits[pair >> np.uint64(3)] |= np.uint8(1) << np.uint8(pair & np.uint64(7))
        slot = _slot(key * np.uint64(0x9E3779B97F4A7C15)) & mask
        chain[r] = heads[slot]
        heads[slot] = r


@kernel
def _same(data, at, high, letters, row):  # type: ignore[no-untyped-def]
    size = row[1]
    if at + size > high:
        return False
    for k in range(size):
        if data[at + k] != letters[row[0] + k]:
            return False
    return True


@kernel
def _bounds(data, at, end, high):  # type: ignore[no-untyped-def]
    """Tell whether no word or number goes on at either end; an escaped line feed is an end."""
    if at > 0 and (KINDS[data[at - 1]] & ALNUM) and (KINDS[data[at]] & ALNUM):
        code = data[at - 1]
        if not (at > 1 and data[at - 2] == 92 and (code == 110 or code == 116 or code == 114)):
            return False
    return not (end < high and (KINDS[data[end]] & ALNUM) and (KINDS[data[end - 1]] & ALNUM))


@kernel
def _noted(data, start, high, letters, row, out, count):  # type: ignore[no-untyped-def]
    """Note the needle of a row where it stands at `start`, within its bounds; return the count."""
    if start < 0 or not _same(data, start, high, letters, row):
        return count
    end = start + row[1]
    if row[4] and not _bounds(data, start, end, high):
        return count
    if count < out.shape[0]:
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = start, end, row[2], row[3]
    return count + 1


@kernel
def _find(data, high, letters, rows, heads, chain, bits, shift, out, count):  # type: ignore[no-untyped-def]
    """Search data[:high], which has eight bytes more, at its even places."""
    mask, by, seven = np.uint64(len(heads) - 1), np.uint64(shift), np.uint64(7)
    key = np.uint64(0)
    for i in range(5):
        key |= np.uint64(data[i]) << np.uint64(8 * i + 24)
    for i in range(0, high, 2):
        key = (
            (key >> np.uint64(16))
            | (np.uint64(data[i + 5]) << np.uint64(48))
            | (np.uint64(data[i + 6]) << np.uint64(56))
        )
        code = (key & _SEVEN) * np.uint64(0x9E3779B97F4A7C15)
        bit = code >> by
        if (bits[bit >> np.uint64(3)] >> np.uint8(bit & seven)) & np.uint8(1):
            at = heads[_slot(code) & mask]
            while at >= 0:
                row = at >> 1
                count = _noted(data, i - rows[row, 5] - (at & 1), high, letters, rows[row], out, count)
                at = chain[at]
    return count


@kernel
def _find_short(data, high, letters, rows, heads, chain, bits, out, count):  # type: ignore[no-untyped-def]
    """Search data[:high] for needles of less than eight bytes."""
    mask = np.uint64(len(heads) - 1)
    for i in range(high):
        pair = data[i] | data[i + 1] << 8
        if (bits[pair >> 3] >> (pair & 7)) & 1:
            at = heads[_slot(_four(data, i) * np.uint64(0x9E3779B97F4A7C15)) & mask]
            while at >= 0:
                count = _noted(data, i, high, letters, rows[at], out, count)
                at = chain[at]
    return count


class Learnt:
    """A set of values and their writings. bounded: which count as whole words only."""

    def __init__(self, values: Sequence[bytes], bounded: Sequence[bool]) -> None:
        self.values = values
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        arena = np.frombuffer(b"".join(values) or b"\0", np.uint8)
        room = int(offsets[-1]) * 26 + 64 * (len(values) + 1)
        letters = np.empty(room, np.uint8)
        rows = np.zeros((12 * len(values) + 1, 6), np.int64)
        count = _needles(arena, offsets, np.array([*bounded, False], np.uint8), letters, rows)
        used = int(rows[count - 1, 0] + rows[count - 1, 1]) if count else 0
        self._letters = letters[: max(used, 1)].copy()
        short = rows[:count, 1] < 8
        self._long = self._indexed(rows[:count][~short])
        self._short = self._indexed_short(rows[:count][short])

    def _indexed(self, rows: Array) -> tuple[Any, ...] | None:
        if not len(rows):
            return None
        _chosen(self._letters, rows, np.zeros(1 << 20, np.int32))
        width = min(26, max(16, len(rows).bit_length() + 5))
        heads = np.full(1 << max(8, (len(rows) * 4).bit_length()), -1, np.int32)
        chain, bits = np.full(2 * len(rows), -1, np.int32), np.zeros(1 << (width - 3), np.uint8)
        _index(self._letters, rows, heads, chain, bits, 64 - width)
        return self._letters, rows, heads, chain, bits, 64 - width

    def _indexed_short(self, rows: Array) -> tuple[Any, ...] | None:
        if not len(rows):
            return None
        heads, chain = (
            np.full(1 << max(8, (len(rows) * 4).bit_length()), -1, np.int32),
            np.full(len(rows), -1, np.int32),
        )
        bits = np.zeros(1 << 13, np.uint8)
        _index_short(self._letters, rows, heads, chain, bits)
        return self._letters, rows, heads, chain, bits

    def find(self, data: Array) -> Array:
        """Return int64[n, 4] of (start, end, value, writing). The data comes from `padded`."""
        room = max(64, len(data) // 128)
        while True:
            out = np.empty((room, 4), np.int64)
            count = int(_find(data, len(data), *self._long, out, 0)) if self._long else 0
            if self._short:
                count = int(_find_short(data, len(data), *self._short, out, count))
            if count <= room:
                return out[:count]
            room = count
