"""Runs of base64 and hex in a text that decode to text, and how they are written anew."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.redaction.kernels import ALNUM, BASE64, DIGIT, HEX, KINDS, SEXTETS, kernel
from holdfast.redaction.masks import lowest, mask_of, rows_of, within
from holdfast.redaction.views import hex_value

Array = np.ndarray[Any, Any]
SHORTEST_RUN = 12
BASE64_RUN, HEX_RUN = 1, 2
_any_base64, _any_hex, _any_digit = (
    mask_of(code for code in range(256) if KINDS[code] & kind) for kind in (BASE64, HEX, DIGIT)
)


@dataclass(slots=True)
class Run:
    """A run of base64 or hex that decodes to text."""

    start: int
    end: int
    form: int
    data: bytes


@kernel
def _texty(byte):  # type: ignore[no-untyped-def]
    return 32 <= byte < 127 or byte == 10 or byte == 13 or byte == 9 or byte >= 0xC2


@kernel
def _reads(data, at, end):  # type: ignore[no-untyped-def]
    """Tell whether the first bytes of base64 at `at` decode to text."""
    held, bits, seen, zeros = 0, 0, 0, 0
    for i in range(at, min(end, at + 24)):
        held = ((held << 6) | SEXTETS[data[i]]) & 0xFFFF
        bits += 6
        if bits >= 8:
            bits -= 8
            byte = (held >> bits) & 255
            if byte == 0:
                zeros += 1
            elif not _texty(byte) or byte >= 128:
                return False
            seen += 1
    return seen >= 6 and (zeros == 0 or abs(zeros * 2 - seen) <= 1)


@kernel
def _next_line(data, at, start, high):  # type: ignore[no-untyped-def]
    """Where base64 in lines goes on behind the line end at `at`: return the next line's begin, else -1."""
    j = at
    while j < high and (data[j] == 13 or data[j] == 10) and j - at < 2:
        j += 1
    width = 0
    while at - 1 - width >= start and (KINDS[data[at - 1 - width]] & BASE64):
        width += 1
    if j == at or data[j - 1] != 10 or width < 60 or width > 80 or width % 4:
        return -1
    k = j
    while k < high and (KINDS[data[k]] & BASE64):
        k += 1
    size = k - j
    while k < high and data[k] == 61:
        k += 1
    ended = k >= high or data[k] == 10 or data[k] == 13 or data[k] == 34 or data[k] == 39
    return j if 0 < size <= width and ended else -1


@kernel
def _extent(base, at, high):  # type: ignore[no-untyped-def]
    """Return where the bytes of base64 from `at` on end, and whether all are hex and one a digit."""
    k, is_hex, has_digit = at, True, False
    while k < high:
        others = ~_any_base64(base + k)
        size = min(lowest(others) if others else 64, high - k)
        held = within(0, size)
        is_hex = is_hex and (_any_hex(base + k) & held) == held
        has_digit = has_digit or (_any_digit(base + k) & held) != 0
        k += size
        if size < 64:
            break
    return k, is_hex and has_digit


@kernel
def _runs(data, low, high, out):  # type: ignore[no-untyped-def]
    """Find runs of base64 and hex that may be text: rows of (start, end, form); return their number."""
    count, i, done = 0, low, low
    base = data.ctypes.data
    while i + SHORTEST_RUN <= high:
        begins = rows_of(_any_base64(base + i), SHORTEST_RUN)
        if begins == 0:
            i += 64 - SHORTEST_RUN + 1
            continue
        i += lowest(begins)
        while i > low and i > done and (KINDS[data[i - 1]] & BASE64):
            i -= 1
        if not (KINDS[data[i]] & BASE64):
            i += 1
            continue
        s = i
        k, is_hex = _extent(base, i, high)
        following = _next_line(data, k, s, high) if k < high else -1
        while following > 0:
            k, is_hex = _extent(base, following, high)[0], False
            following = _next_line(data, k, s, high) if k < high else -1
        size = k - s
        i = done = k
        if size < SHORTEST_RUN:
            continue
        if is_hex and size % 2 == 0:
            good = True
            for j in range(s, min(k, s + 24) - 1, 2):
                byte = hex_value(int(data[j])) * 16 + hex_value(int(data[j + 1]))
                if not (_texty(byte) and byte < 128) and byte != 0:
                    good = False
                    break
            if good:
                if count < out.shape[0]:
                    out[count, 0], out[count, 1], out[count, 2] = s, k, HEX_RUN
                count += 1
                continue
        for shift in range(4):
            if k - s - shift < SHORTEST_RUN:
                break
            if _reads(data, s + shift, k):
                e = k
                while e < high and data[e] == 61 and e - k < 2:
                    e += 1
                if count < out.shape[0]:
                    out[count, 0], out[count, 1], out[count, 2] = s + shift, e, BASE64_RUN
                count += 1
                break
            # after a slash, dash or underline a new run may begin
            if shift == 3:
                for j in range(s + 1, k - SHORTEST_RUN):
                    if not (KINDS[data[j - 1]] & ALNUM) and _reads(data, j, k):
                        if count < out.shape[0]:
                            out[count, 0], out[count, 1], out[count, 2] = j, k, BASE64_RUN
                        count += 1
                        break
    return count


def bounds_of(data: Array) -> Array:
    """Return where runs of base64 and hex stand in a text that may be text, int64[n, 3] of (start, end, form)."""
    room = max(16, len(data) // 64)
    while True:
        rows = np.empty((room, 3), np.int64)
        count = _runs(data, 0, len(data), rows)
        if count <= room:
            return rows[:count].copy()
        room = count


def runs_of(data: Array, bounds: Array) -> list[Run]:
    """Return the runs of base64 and hex in a text that decode to text; bounds: from `bounds_of`."""
    found = []
    for start, end, form in bounds.tolist():
        decoded = _decoded(data[start:end].tobytes(), form)
        if decoded:
            found.append(Run(start, end, form, decoded))
    return found


def _decoded(raw: bytes, form: int) -> bytes:
    try:
        if form == HEX_RUN:
            return binascii.unhexlify(raw)
        plain = raw.translate(_STANDARD, b"\r\n=")
        return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + b"==")
    except ValueError:
        return b""


def encoded(redacted: bytes, raw: bytes, form: int) -> bytes:
    """Write a redacted text as the run `raw` was written: same alphabet, same padding, same number of lines."""
    if form == HEX_RUN:
        text = redacted.hex()
        return (text.upper() if raw.upper() == raw and raw.lower() != raw else text).encode()
    made = base64.b64encode(redacted)
    if b"-" in raw or b"_" in raw:
        made = made.translate(_URLSAFE)
    if not raw.endswith(b"="):
        made = made.rstrip(b"=")
    breaks = raw.count(b"\n")
    if breaks:
        mark = b"\r\n" if b"\r\n" in raw else b"\n"
        width = raw.find(mark)
        lines = [made[k : k + width] for k in range(0, len(made), width)]
        lines = [*lines[:breaks], b"".join(lines[breaks:])] + [b""] * max(0, breaks + 1 - len(lines))
        return mark.join(lines)
    return made


_STANDARD = bytes.maketrans(b"-_", b"+/")
_URLSAFE = bytes.maketrans(b"+/", b"-_")
