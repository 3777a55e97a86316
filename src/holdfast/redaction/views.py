"""Other writings of a text: its escapes undone, with the way back to where each byte was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.redaction.kernels import kernel, stands
from holdfast.redaction.masks import lowest, mask_of

Array = np.ndarray[Any, Any]
AROUND = 384
"""Bytes on both sides of an escape that are read with it undone."""


_PADDING = 64


@dataclass(slots=True)
class Unescaped:
    """A text with its escapes undone, padded as loops want it; `back[i]` is where byte i came from, one more entry
    than bytes."""

    data: Array
    back: Array


_escaping, _escaping_too = mask_of(b"%\\&"), mask_of(b"%\\&=")
_equals, _three, _d = mask_of(b"="), mask_of(b"3"), mask_of(b"D")
_q, _dash, _p = mask_of(b"q"), mask_of(b"-"), mask_of(b"p")
_QUOTED = np.frombuffer(b"quoted-printable", np.uint8)


@kernel
def hex_value(code):  # type: ignore[no-untyped-def]
    if 48 <= code <= 57:
        return code - 48
    if 97 <= code <= 102:
        return code - 87
    if 65 <= code <= 70:
        return code - 55
    return -1


@kernel
def _number(data, at, high, digits):  # type: ignore[no-untyped-def]
    """Return the value of `digits` hex digits at `at`, or -1."""
    if at + digits > high:
        return -1
    total = 0
    for k in range(digits):
        one = hex_value(int(data[at + k]))
        if one < 0:
            return -1
        total = total * 16 + one
    return total


@kernel
def _entity(data, at, high):  # type: ignore[no-untyped-def]
    """At an ampersand: return (code point, length) or (-1, 0)."""
    i = at + 1
    if i < high and data[i] == 35:
        i += 1
        base = 10
        if i < high and (data[i] | 32) == 120:
            base, i = 16, i + 1
        begun, total = i, 0
        while i < high and i - begun < 7:
            one = hex_value(int(data[i]))
            if one < 0 or one >= base:
                break
            total = total * base + one
            i += 1
        if i > begun and i < high and data[i] == 59 and total < 0x110000:
            return total, i + 1 - at
        return -1, 0
    if at + 5 < high:
        a, b, c, d = data[at + 1], data[at + 2], data[at + 3], data[at + 4]
        if a == 97 and b == 109 and c == 112 and d == 59:
            return 38, 5
        if a == 108 and b == 116 and c == 59:
            return 60, 4
        if a == 103 and b == 116 and c == 59:
            return 62, 4
        if a == 113 and b == 117 and c == 111 and d == 116 and data[at + 5] == 59:
            return 34, 6
        if a == 97 and b == 112 and c == 111 and d == 115 and data[at + 5] == 59:
            return 39, 6
    if (
        at + 7 < high
        and data[at + 1] == 99
        and data[at + 2] == 111
        and data[at + 3] == 109
        and data[at + 4] == 109
        and data[at + 5] == 97
        and data[at + 6] == 116
        and data[at + 7] == 59
    ):
        return 64, 8
    return -1, 0


@kernel
def _escape(data, at, high, printable):  # type: ignore[no-untyped-def]
    """Return (code point or byte, length, is a byte) of the escape at `at`; length 0 when there is none."""
    code = data[at]
    if code == 37 or (printable and code == 61):
        value = _number(data, at + 1, high, 2)
        if value >= 0:
            return value, 3, True
        if code == 61 and at + 1 < high and data[at + 1] == 10:
            return -1, 2, True
        if code == 61 and at + 2 < high and data[at + 1] == 13 and data[at + 2] == 10:
            return -1, 3, True
        return 0, 0, True
    if code == 38:
        value, size = _entity(data, at, high)
        return value, size, False
    if at + 1 >= high:
        return 0, 0, True
    second = data[at + 1]
    if second == 117:
        value = _number(data, at + 2, high, 4)
        if value < 0:
            return 0, 0, False
        if 0xD800 <= value < 0xDC00 and at + 11 < high and data[at + 6] == 92 and data[at + 7] == 117:
            low = _number(data, at + 8, high, 4)
            if 0xDC00 <= low < 0xE000:
                return 0x10000 + ((value - 0xD800) << 10) + low - 0xDC00, 12, False
        return value, 6, False
    if second == 120:
        value = _number(data, at + 2, high, 2)
        return (value, 4, True) if value >= 0 else (0, 0, True)
    if second == 34 or second == 92 or second == 47 or second == 39:
        return int(second), 2, True
    if second == 110:
        return 10, 2, True
    if second == 116:
        return 9, 2, True
    if second == 114:
        return 13, 2, True
    return 0, 0, True


@kernel
def _is_anchor(data, i, high):  # type: ignore[no-untyped-def]
    """Tell whether the mark at `i` begins an escape worth undoing. The data has three bytes more."""
    code = data[i]
    if code == 92:
        return data[i + 1] == 117 or data[i + 1] == 120 or data[i + 1] == 47
    if code == 38:
        return data[i + 1] == 35 or _entity(data, i, high)[1] > 0
    return hex_value(int(data[i + 1])) >= 0 and hex_value(int(data[i + 2])) >= 0


@kernel
def _anchors(data, low, high, printable):  # type: ignore[no-untyped-def]
    """Return the place of the first escape worth undoing, or -1."""
    base = data.ctypes.data
    for block in range(low, high, 64):
        marks = _escaping_too(base + block) if printable else _escaping(base + block)
        while marks:
            i = block + lowest(marks)
            marks &= marks - np.uint64(1)
            if i >= high:
                break
            if _is_anchor(data, i, high):
                return i
    return -1


@kernel
def _unescaped(data, low, high, printable, out, back):  # type: ignore[no-untyped-def]
    """Write every stretch around an escape, undone, one line after another; return the length."""
    n, i = 0, low
    while True:
        anchor = _anchors(data, i, high, printable)
        if anchor < 0:
            return n
        begin = max(i, anchor - AROUND)
        k = anchor
        while k > begin and data[k - 1] != 10:
            k -= 1
        i, until = k, anchor + AROUND
        while i < high:
            if i >= until:
                # what an escape further on stands around may have begun here
                following = _anchors(data, i, min(high, i + AROUND + 16), printable)
                if following < 0:
                    break
                until = following + 1
            code = data[i]
            if code == 10 and not printable:
                break
            if code == 37 or code == 38 or code == 92 or (printable and code == 61):
                value, size, single = _escape(data, i, high, printable)
                if size > 0:
                    if size > 2 or (code == 92 and data[i + 1] == 47):
                        until = i + AROUND
                    if value >= 0:
                        n = _write(value, single, i, out, back, n)
                    i += size
                    continue
            out[n] = code
            back[n] = i
            n += 1
            i += 1
        out[n] = 10
        back[n] = i
        n += 1


@kernel
def _write(value, single, at, out, back, n):  # type: ignore[no-untyped-def]
    if single or value < 128:
        out[n] = value & 255
        back[n] = at
        return n + 1
    if value < 0x800:
        parts = (0xC0 | value >> 6, 0x80 | value & 63, 0, 0)
        size = 2
    elif value < 0x10000:
        parts = (0xE0 | value >> 12, 0x80 | value >> 6 & 63, 0x80 | value & 63, 0)
        size = 3
    else:
        parts = (0xF0 | value >> 18, 0x80 | value >> 12 & 63, 0x80 | value >> 6 & 63, 0x80 | value & 63)
        size = 4
    for k in range(size):
        out[n + k] = parts[k]
        back[n + k] = at
    return n + size


@kernel
def is_printable(data):  # type: ignore[no-untyped-def]
    """Tell whether a text may hold quoted-printable: it names it, or an equals sign is written so."""
    base, one, two = data.ctypes.data, np.uint64(1), np.uint64(2)
    for block in range(0, len(data), 56):
        at = base + block
        if _equals(at) & _three(at) >> one & _d(at) >> two:
            return True
        named = _q(at) & _dash(at) >> np.uint64(6) & _p(at) >> np.uint64(7)
        while named:
            i = block + lowest(named)
            named &= named - one
            if stands(data, i, _QUOTED):
                return True
    return False


def has_escapes(data: Array, printable: bool) -> bool:
    """Tell whether there is something to undo in a text."""
    return bool(_anchors(data, 0, len(data), printable) >= 0)


def unescaped(data: Array, printable: bool = False) -> Unescaped | None:
    """Return the stretches of a text around its escapes, undone; None where there is nothing to undo.

    printable: undo `=XX` and soft line ends of quoted-printable too.
    """
    if not has_escapes(data, printable):
        return None
    room = len(data) + len(data) // 2 + 16 + _PADDING
    out, back = np.empty(room, np.uint8), np.empty(room + 1, np.int64)
    size = _unescaped(data, 0, len(data), printable, out, back)
    back[size] = back[size - 1] + 1 if size else 0
    out[size : size + _PADDING] = 0
    return Unescaped(out[:size], back[: size + 1])
