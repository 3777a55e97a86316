"""Stretches of base64, hex and UTF-16 in which a known value may stand, decoded: cheap to find, searched plain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.redaction.kernels import BASE64, HEX, KINDS, kernel, sextet

Array = np.ndarray[Any, Any]
IN_BASE64, IN_HEX, IN_UTF16 = range(3)
_LEAST = np.array([6, 4, 5], np.int64)
"""Bytes of the shortest value that is looked for in each form."""
_CORE = 8
"""Characters of base64 that have to depend on the value alone."""
_SEXTET, _OTHER, _IS_HEX = 63, 64, 128
_CODES = np.array(
    [(sextet(c) if KINDS[c] & BASE64 else _OTHER) | (_IS_HEX if KINDS[c] & HEX else 0) for c in range(256)],
    np.uint8,
)
"""Of each byte: its six bits, whether it is none of base64, whether it is a digit of hex."""
_NIBBLES = np.array([int(chr(c), 16) if KINDS[c] & HEX else 255 for c in range(256)], np.uint8)
_SLACK = 64


@dataclass(slots=True)
class Hidden:
    """Decoded stretches, a line feed behind each; rows: int64[n, 4] of (start here, start in the text, form, skip).

    skip: of base64, how many bytes of its first group are left out.
    """

    data: Array
    rows: Array

    def placed(self, hits: Array) -> tuple[Array, Array]:
        """Return where hits, int64[n, 4] of (start, end, ...), stand in the text, and their forms; some fall away."""
        rows = self.rows[np.searchsorted(self.rows[:, 0], hits[:, 0], "right") - 1]
        first, size, form = hits[:, 0] - rows[:, 0] + rows[:, 3], hits[:, 1] - hits[:, 0], rows[:, 2]
        based, wide = form == IN_BASE64, form == IN_UTF16
        placed = hits.copy()
        placed[:, 0] = rows[:, 1] + np.where(based, (first * 8 + 5) // 6, first * 2)
        placed[:, 1] = rows[:, 1] + np.where(based, (first + size) * 8 // 6, (first + size) * 2 - wide)
        good = (size >= _LEAST[form]) & (~based | (placed[:, 1] - placed[:, 0] >= _CORE))
        return placed[good], form[good]


def hidden(data: Array, alphabet: Array) -> Hidden | None:
    """Return the stretches of a text, decoded, that are long enough and of bytes of the alphabet (uint8[256]) only."""
    wide = bool((data == 0).any())
    room, most = len(data) // 8 + 1024, len(data) // 64 + 64
    while True:
        out, rows = np.empty(room + _SLACK, np.uint8), np.empty((most, 4), np.int64)
        size, count = _in_digits(data, len(data), alphabet, out[:room], rows)
        if wide:
            size, count = _in_utf16(data, len(data), alphabet, out[:room], rows, size, count)
        if size <= room and count <= most:
            break
        room, most = max(room, size), max(most, count)
    out[size:] = 0
    return Hidden(out[:size], rows[:count]) if count else None


@kernel
def _in_digits(data, high, alphabet, out, rows):  # type: ignore[no-untyped-def]
    """Decode what stands in base64 and hex; return (bytes, stretches), both perhaps more than there is room.

    Six bytes in a row hold a whole group of three, wherever they begin: such groups are looked for at every place.
    """
    size, count, i = 0, 0, 0
    while i + _CORE <= high:
        # no run of eight lies over a byte of another kind: leap behind it
        last = i + _CORE - 1
        while last >= i and _CODES[data[last]] & _OTHER == 0:
            last -= 1
        if last >= i:
            i = last + 1
            continue
        group, passed, hexes, read = np.uint64(0), 0, 0, -3
        while i < high:
            code = int(_CODES[data[i]])
            if code & _OTHER:
                break
            group = group << np.uint64(6) | np.uint64(code & _SEXTET)
            passed <<= 1
            if (
                alphabet[group >> np.uint64(16) & np.uint64(255)]
                & alphabet[group >> np.uint64(8) & np.uint64(255)]
                & alphabet[group & np.uint64(255)]
            ) and read >= 0:
                if not passed & 16:  # else the group belongs to a stretch that began in front of it
                    size, count = _in_base64(data, i - 3, high, alphabet, out, rows, size, count)
                passed |= 1
            hexes = (hexes + 1) & -(code >> 7)
            if hexes == _CORE:
                size, count = _in_hex(data, i - 7, high, alphabet, out, rows, size, count)
            read += 1
            i += 1
    return size, count


@kernel
def _byte(data, group, k, high):  # type: ignore[no-untyped-def]
    """Return byte k of base64 whose groups begin at `group`, -1 where there is none."""
    at = group + (k // 3) * 4 + k % 3
    if at < 0 or at + 1 >= high:
        return -1
    one, two = int(_CODES[data[at]]), int(_CODES[data[at + 1]])
    if (one | two) & _OTHER:
        return -1
    shift = 2 * (k % 3)
    return ((one & _SEXTET) << (2 + shift) | (two & _SEXTET) >> (4 - shift)) & 255


@kernel
def _in_base64(data, group, high, alphabet, out, rows, size, count):  # type: ignore[no-untyped-def]
    """Write the bytes of the alphabet around a group, those at the end of the one before included."""
    first = 0
    while first > -2:
        code = _byte(data, group, first - 1, high)
        if code < 0 or not alphabet[code]:
            break
        first -= 1
    n, k = size, first
    while True:
        code = _byte(data, group, k, high)
        if code < 0 or not alphabet[code]:
            break
        if n < len(out):
            out[n] = code
        n += 1
        k += 1
    return _closed(
        out, rows, size, n, count, group - 4 if first else group, IN_BASE64, 3 + first if first else 0
    )


@kernel
def _closed(out, rows, begun, size, count, at, form, skip):  # type: ignore[no-untyped-def]
    """Keep a stretch that is long enough."""
    if size - begun < _LEAST[form]:
        return begun, count
    if size < len(out):
        out[size] = 10
    if count < len(rows):
        rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, at, form, skip
    return size + 1, count + 1


@kernel
def _in_hex(data, low, high, alphabet, out, rows, size, count):  # type: ignore[no-untyped-def]
    """Write the stretches of the run of hex digits that begins at `low`, read from its first and its second digit."""
    for odd in range(2):
        begun, at, start = size, low + odd, low + odd
        while at + 1 < high and _NIBBLES[data[at]] != 255 and _NIBBLES[data[at + 1]] != 255:
            code = _NIBBLES[data[at]] << 4 | _NIBBLES[data[at + 1]]
            at += 2
            if alphabet[code]:
                if size < len(out):
                    out[size] = code
                size += 1
                continue
            size, count = _closed(out, rows, begun, size, count, start, IN_HEX, 0)
            begun, start = size, at
        size, count = _closed(out, rows, begun, size, count, start, IN_HEX, 0)
    return size, count


@kernel
def _in_utf16(data, high, alphabet, out, rows, size, count):  # type: ignore[no-untyped-def]
    i = 0
    while i < high:
        if data[i] == 0 or (i + 1 < high and data[i + 1] != 0):
            i += 1
            continue
        begun, start = size, i
        while i < high and alphabet[data[i]] and data[i] != 0 and (i + 1 >= high or data[i + 1] == 0):
            if size < len(out):
                out[size] = data[i]
            size += 1
            i += 2
        if i < high and size > begun and data[i] != 0 and alphabet[data[i]]:
            if size < len(out):
                out[size] = data[i]
            size += 1
            i += 1
        size, count = _closed(out, rows, begun, size, count, start, IN_UTF16, 0)
        i = max(i, start + 1)
    return size, count
