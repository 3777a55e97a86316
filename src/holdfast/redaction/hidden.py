"""Stretches of base64, hex and UTF-16 in which a known value may stand, decoded: cheap to find, searched plain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.redaction.kernels import BASE64, HEX, KINDS, SEXTETS, kernel
from holdfast.redaction.masks import ahead, base64_of, behind, lowest, mask_of, within

Array = np.ndarray[Any, Any]
IN_BASE64, IN_HEX, IN_UTF16 = range(3)
LEAST = np.array([6, 4, 5], np.int64)
"""Bytes of the shortest value that is looked for in each form."""
CORE = 8
"""Characters of base64 that have to depend on the value alone."""
_SEXTET, _OTHER, _IS_HEX = 63, 64, 128
_CODES = np.array(
    [
        (int(SEXTETS[c]) if KINDS[c] & BASE64 else _OTHER) | (_IS_HEX if KINDS[c] & HEX else 0)
        for c in range(256)
    ],
    np.uint8,
)
"""Of each byte: its six bits, whether it is none of base64, whether it is a digit of hex."""
_NIBBLES = np.array([int(chr(c), 16) if KINDS[c] & HEX else 255 for c in range(256)], np.uint8)
_SLACK = 64
_any_hex = mask_of(c for c in range(256) if _NIBBLES[c] != 255)
# digits that may begin a byte in hex where it is printable ASCII
_first_hex = mask_of(range(50, 56))
_zero = mask_of((0,))


@dataclass(slots=True)
class Hidden:
    """Decoded stretches, a line feed behind each; rows: int64[n, 4] of (start here, start in the text, form, skip).

    skip: of base64, how many bytes of its first group are left out.
    """

    data: Array
    rows: Array

    def placed(self, hits: Array) -> tuple[Array, Array]:
        """Return where hits, int64[n, 4] of (start, end, ...), stand in the text, and their forms; some fall away."""
        if not len(hits):
            return hits, hits[:, 2]
        rows = self.rows[np.searchsorted(self.rows[:, 0], hits[:, 0], "right") - 1]
        first, size, form = hits[:, 0] - rows[:, 0] + rows[:, 3], hits[:, 1] - hits[:, 0], rows[:, 2]
        based, wide = form == IN_BASE64, form == IN_UTF16
        placed = hits.copy()
        placed[:, 0] = rows[:, 1] + np.where(based, (first * 8 + 5) // 6, first * 2)
        placed[:, 1] = rows[:, 1] + np.where(based, (first + size) * 8 // 6, (first + size) * 2 - wide)
        good = (size >= LEAST[form]) & (~based | (placed[:, 1] - placed[:, 0] >= CORE))
        return placed[good], form[good]


def hidden(data: Array, alphabet: Array) -> Hidden | None:
    """Return the stretches of a text, decoded, that are long enough and of bytes of the alphabet (uint8[256]) only.

    The alphabet holds nothing but printable characters of ASCII.
    """
    looked = np.zeros((6, (len(data) + 63) // 64 + 2), np.uint64)
    wide = _looked(data, looked)
    room, most = len(data) // 8 + 1024, len(data) // 64 + 64
    while True:
        out, rows = np.empty(room + _SLACK, np.uint8), np.empty((most, 4), np.int64)
        size, count = _in_digits(data, looked, alphabet, np.zeros(6, np.int64), out[:room], rows)
        if wide:
            size, count = _in_utf16(data, len(data), alphabet, out[:room], rows, size, count)
        if size <= room and count <= most:
            break
        room, most = max(room, size), max(most, count)
    out[size:] = 0
    return Hidden(out[:size], rows[:count]) if count else None


@kernel
def _looked(data, planes):  # type: ignore[no-untyped-def]
    """Write the masks of the classes above, planes: uint64[6, blocks + 2], the first and last of each left empty.

    Return whether a byte is zero.
    """
    base, size, zeros = data.ctypes.data, len(data), np.uint64(0)
    for block in range(planes.shape[1] - 2):
        at, inside = base + 64 * block, within(block, size)
        every, first, second, third = base64_of(at)
        planes[0, block + 1] = every & inside
        planes[1, block + 1] = first & inside
        planes[2, block + 1] = second & inside
        planes[3, block + 1] = third & inside
        planes[4, block + 1] = _any_hex(at) & inside
        planes[5, block + 1] = _first_hex(at) & inside
        zeros |= _zero(at) & inside
    return zeros != 0


@kernel
def _groups(planes, n):  # type: ignore[no-untyped-def]
    """Return where in a block a group of base64 may begin that has three bytes more around it."""
    digits, after = planes[0, n], planes[0, n + 1]
    begins = (
        digits & ahead(digits, after, 1) & ahead(digits, after, 2) & ahead(digits, after, 3) & planes[1, n]
    )
    first, second, third = planes[1, n + 1], planes[2, n + 1], planes[3, n + 1]
    begins &= ahead(planes[2, n], second, 1) & ahead(planes[3, n], third, 2) & ahead(planes[1, n], first, 4)
    if begins == 0:
        return begins
    tail, head = ahead(planes[2, n], second, 5), behind(planes[3, n], planes[3, n - 1], 2)
    longer = behind(planes[2, n], planes[2, n - 1], 3)
    return begins & ((head & (tail | longer)) | (tail & ahead(planes[3, n], third, 6)))


@kernel
def _hexes(planes, n):  # type: ignore[no-untyped-def]
    """Return where in a block four bytes in hex may begin."""
    nibbles, after, digits, more = planes[5, n], planes[5, n + 1], planes[4, n], planes[4, n + 1]
    begins = nibbles & ahead(nibbles, after, 2) & ahead(nibbles, after, 4) & ahead(nibbles, after, 6)
    return (
        begins
        & ahead(digits, more, 1)
        & ahead(digits, more, 3)
        & ahead(digits, more, 5)
        & ahead(digits, more, 7)
    )


@kernel
def _in_digits(data, planes, alphabet, done, out, rows):  # type: ignore[no-untyped-def]
    """Decode what stands in base64 and hex; return (bytes, stretches), both perhaps more than there is room.

    Six bytes in a row hold a whole group of three, wherever they begin. Masks say of 64 places at once whether bytes
    may begin there that stand for such; only then it is read. done: where what is read ends, of base64 by the place in
    its group of four and then of hex by that in its pair.
    """
    size, count, high = 0, 0, len(data)
    for n in range(1, planes.shape[1] - 1):
        begins = _groups(planes, n)
        while begins:
            at = 64 * (n - 1) + lowest(begins)
            begins &= begins - np.uint64(1)
            if at >= done[at & 3] and _is_whole(data, at, 4, high, alphabet):
                while _is_whole(data, at - 4, 4, high, alphabet):
                    at -= 4
                size, count, k = _in_base64(data, at, high, alphabet, out, rows, size, count)
                done[at & 3] = at + 4 * (k // 3)
        begins = _hexes(planes, n)
        while begins:
            at = 64 * (n - 1) + lowest(begins)
            begins &= begins - np.uint64(1)
            if at >= done[4 + (at & 1)] and _is_whole(data, at, 2, high, alphabet):
                while _is_whole(data, at - 2, 2, high, alphabet):
                    at -= 2
                size, count, end = _in_hex(data, at, high, alphabet, out, rows, size, count)
                done[4 + (at & 1)] = end
    return size, count


@kernel
def _is_whole(data, at, step, high, alphabet):  # type: ignore[no-untyped-def]
    """Tell whether a group of base64 (step 4) or a byte in hex (step 2) of the alphabet stands at `at`."""
    if at < 0:
        return False
    for k in range(3 if step == 4 else 1):
        code = _byte(data, at, k, high) if step == 4 else _hex_byte(data, at, high)
        if code < 0 or not alphabet[code]:
            return False
    return True


@kernel
def _byte(data, group, k, high):  # type: ignore[no-untyped-def]
    """Return byte k of base64 whose groups begin at `group`, -1 where there is none."""
    at = group + (k // 3) * 4 + k % 3
    if at < 0 or at + 1 >= high:
        return -1
    one, two = np.int64(_CODES[data[at]]), np.int64(_CODES[data[at + 1]])
    if (one | two) & _OTHER:
        return -1
    shift = 2 * (k % 3)
    return ((one & _SEXTET) << (2 + shift) | (two & _SEXTET) >> (4 - shift)) & 255


@kernel
def _in_base64(data, group, high, alphabet, out, rows, size, count):  # type: ignore[no-untyped-def]
    """Write the bytes of the alphabet from a group on, those at the end of the one before included.

    Return the bytes and stretches written, and how many bytes of the group and those behind it were of the alphabet.
    """
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
    at, skip = (group - 4, 3 + first) if first else (group, 0)
    size, count = _closed(out, rows, size, n, count, at, IN_BASE64, skip)
    return size, count, k


@kernel
def _closed(out, rows, begun, size, count, at, form, skip):  # type: ignore[no-untyped-def]
    """Keep a stretch that is long enough."""
    if size - begun < LEAST[form]:
        return begun, count
    if size < len(out):
        out[size] = 10
    if count < len(rows):
        rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, at, form, skip
    return size + 1, count + 1


@kernel
def _hex_byte(data, at, high):  # type: ignore[no-untyped-def]
    """Return the byte that stands at `at` in hex, -1 where there is none."""
    if at + 1 >= high:
        return -1
    one, two = np.int64(_NIBBLES[data[at]]), np.int64(_NIBBLES[data[at + 1]])
    return -1 if (one | two) == 255 else one << 4 | two


@kernel
def _in_hex(data, low, high, alphabet, out, rows, size, count):  # type: ignore[no-untyped-def]
    """Write the bytes of the alphabet from `low` on; return the bytes and stretches written, and where they end."""
    n, at = size, low
    while True:
        code = _hex_byte(data, at, high)
        if code < 0 or not alphabet[code]:
            break
        if n < len(out):
            out[n] = code
        n += 1
        at += 2
    size, count = _closed(out, rows, size, n, count, low, IN_HEX, 0)
    return size, count, at


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
