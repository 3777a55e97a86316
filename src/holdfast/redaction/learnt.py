"""Values known from anywhere in the case, found wherever they stand in whatever writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdfast.redaction.kernels import ALNUM, KINDS, kernel

Array = np.ndarray[Any, Any]
PLAIN, URL, JSON, BASE64, HEXED, UPPER_HEX, UTF16, PERCENT, UNICODE, ENTITY = range(10)
"""How a value may be written. The last three are looked for in what goes out only: views undo them."""
SAME_LENGTH = frozenset({BASE64, HEXED, UPPER_HEX, UTF16})
"""Writings that are overwritten at the same length, so that what surrounds them can still be read."""
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
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
def _needles(arena, offsets, bounded, whole, letters, rows):  # type: ignore[no-untyped-def]
    """Write the needles of all values; rows: int64[n, 5] of (start, size, value, writing, bounded). Return n."""
    n, count = 0, 0
    for v in range(len(offsets) - 1):
        value = arena[offsets[v] : offsets[v + 1]]
        size = len(value)
        for writing in range(14):
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
            elif whole:
                kind = 7 if writing == 12 else 8
                for k in range(size):
                    high, low = _DIGITS[value[k] >> 4], _DIGITS[value[k] & 15]
                    if kind == 7:
                        letters[n], letters[n + 1], letters[n + 2] = 37, _up(high), _up(low)
                        n += 3
                    else:
                        letters[n], letters[n + 1], letters[n + 2], letters[n + 3] = 92, 117, 48, 48
                        letters[n + 4], letters[n + 5] = high, low
                        n += 6
            else:
                continue
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
def _first_eight(letters, at, size):  # type: ignore[no-untyped-def]
    key = np.uint64(0)
    for k in range(8):
        if k < size:
            key |= np.uint64(letters[at + k]) << np.uint64(8 * k)
    return key


@kernel
def _index(letters, rows, count, heads, chain, bits, short_heads, short_bits):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(heads) - 1)
    short_mask = np.uint64(len(short_heads) - 1)
    for r in range(count):
        size = rows[r, 1]
        key = _first_eight(letters, rows[r, 0], size)
        if size >= 8:
            code = key * np.uint64(0x9E3779B97F4A7C15)
            bit = code >> np.uint64(40)
            bits[bit >> np.uint64(3)] |= np.uint8(1) << np.uint8(bit & np.uint64(7))
            slot = (code >> np.uint64(20)) & mask
            chain[r] = heads[slot]
            heads[slot] = r
        else:
            code = (key & np.uint64(0xFFFFFFFF)) * np.uint64(0x9E3779B97F4A7C15)
            bit = code >> np.uint64(48)
            short_bits[bit >> np.uint64(3)] |= np.uint8(1) << np.uint8(bit & np.uint64(7))
            slot = (code >> np.uint64(20)) & short_mask
            chain[r] = short_heads[slot]
            short_heads[slot] = r


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
def _find(data, low, high, letters, rows, heads, chain, bits, short_heads, short_bits, out):  # type: ignore[no-untyped-def]
    count = 0
    mask, short_mask = np.uint64(len(heads) - 1), np.uint64(len(short_heads) - 1)
    key = np.uint64(0)
    for i in range(low, min(low + 7, high)):
        key |= np.uint64(data[i]) << np.uint64(8 * (i - low + 1))
    for i in range(low, high):
        key >>= np.uint64(8)
        if i + 7 < high:
            key |= np.uint64(data[i + 7]) << np.uint64(56)
        code = key * np.uint64(0x9E3779B97F4A7C15)
        bit = code >> np.uint64(40)
        if (bits[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7))) & 1:
            at = heads[(code >> np.uint64(20)) & mask]
            while at >= 0:
                if _same(data, i, high, letters, rows[at]):
                    end = i + rows[at, 1]
                    if not rows[at, 4] or _bounds(data, i, end, high):
                        if count < out.shape[0]:
                            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = (
                                i,
                                end,
                                rows[at, 2],
                                rows[at, 3],
                            )
                        count += 1
                at = chain[at]
        if i > 0 and (KINDS[data[i - 1]] & ALNUM):
            continue
        code = (key & np.uint64(0xFFFFFFFF)) * np.uint64(0x9E3779B97F4A7C15)
        bit = code >> np.uint64(48)
        if (short_bits[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7))) & 1:
            at = short_heads[(code >> np.uint64(20)) & short_mask]
            while at >= 0:
                if _same(data, i, high, letters, rows[at]):
                    end = i + rows[at, 1]
                    if _bounds(data, i, end, high):
                        if count < out.shape[0]:
                            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = (
                                i,
                                end,
                                rows[at, 2],
                                rows[at, 3],
                            )
                        count += 1
                at = chain[at]
    return count


class Learnt:
    """A set of values and their writings. `whole` adds those that only what goes out is searched for."""

    def __init__(self, values: Sequence[bytes], bounded: Sequence[bool], *, whole: bool = False) -> None:
        self.values = values
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        arena = np.frombuffer(b"".join(values) or b"\0", np.uint8)
        room = int(offsets[-1]) * (36 if whole else 26) + 64 * (len(values) + 1)
        letters = np.empty(room, np.uint8)
        rows = np.empty((14 * len(values) + 1, 5), np.int64)
        count = _needles(arena, offsets, np.array([*bounded, False], np.uint8), whole, letters, rows)
        used = int(rows[count - 1, 0] + rows[count - 1, 1]) if count else 0
        self._letters, self._rows = letters[: max(used, 1)].copy(), rows[: max(count, 1)].copy()
        size = 1 << max(8, int(count * 2).bit_length())
        self._heads, self._short_heads = np.full(size, -1, np.int32), np.full(1 << 12, -1, np.int32)
        self._chain = np.full(count + 1, -1, np.int32)
        self._bits, self._short_bits = np.zeros(1 << 21, np.uint8), np.zeros(1 << 13, np.uint8)
        _index(
            self._letters,
            self._rows,
            count,
            self._heads,
            self._chain,
            self._bits,
            self._short_heads,
            self._short_bits,
        )

    def find(self, data: Array) -> Array:
        """Return int64[n, 4] of (start, end, value, writing), by place."""
        room = max(64, len(data) // 256)
        while True:
            out = np.empty((room, 4), np.int64)
            count = _find(
                data, 0, len(data), self._letters, self._rows, self._heads, self._chain, self._bits,
                self._short_heads, self._short_bits, out,
            )  # fmt: skip
            if count <= room:
                return out[:count]
            room = count
