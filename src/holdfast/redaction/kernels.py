"""The texts that compiled loops read here, and the tables of bytes that they share."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast import kernels

Array = np.ndarray[Any, Any]
DIGIT, UPPER, LOWER, UNDER, DASH, BASE64, HEX, SPACE = 1, 2, 4, 8, 16, 32, 64, 128
LETTER = UPPER | LOWER
ALNUM = DIGIT | LETTER
WORD = ALNUM | UNDER
TOKEN = WORD | DASH


kernel: Any = kernels.kernel
inlined: Any = kernels.inlined
making: Any = kernels.making
"""As they are declared everywhere. What loops here take is told by their first call, so they have no types."""

PADDING = 64
"""Zeros behind a text that loops may read."""


def as_read(text: bytes | bytearray) -> Array:
    """Return a text with its `PADDING` behind it as loops take it: they are compiled once, for arrays only read."""
    data = np.frombuffer(text, np.uint8)[:-PADDING]
    data.flags.writeable = False
    return data


def padded(text: bytes) -> Array:
    """Return a text as an array that loops may read a little beyond."""
    return as_read(text + bytes(PADDING))


def _kinds() -> np.ndarray[Any, np.dtype[np.uint8]]:
    table = np.zeros(256, np.uint8)
    for code in range(256):
        one, kind = chr(code), 0
        if code < 128:
            kind |= DIGIT if one.isdigit() else 0
            kind |= UPPER if one.isupper() else 0
            kind |= LOWER if one.islower() else 0
            kind |= UNDER if one == "_" else 0
            kind |= DASH if one == "-" else 0
            kind |= BASE64 if one.isalnum() or one in "+/-_" else 0
            kind |= HEX if one in "0123456789abcdefABCDEF" else 0
        kind |= SPACE if code in (9, 10, 13, 32) else 0
        table[code] = kind
    return table


KINDS = _kinds()
"""Bit set of each byte: digit, upper, lower, underscore, dash, base64, hex, space."""


LOWERED = np.array([code + 32 if 65 <= code <= 90 else code for code in range(256)], np.uint8)


def _sextet(code: int) -> int:
    if 65 <= code <= 90:
        return code - 65
    if 97 <= code <= 122:
        return code - 71
    if 48 <= code <= 57:
        return code + 4
    return 62 if code in b"+-" else 63


SEXTETS = np.array([_sextet(code) for code in range(256)], np.int64)
"""The six bits of each character of base64, of either alphabet; of any other 63."""


@kernel
def stands(data, at, word):  # type: ignore[no-untyped-def]
    """Tell whether a word stands at a place."""
    same = 0 <= at <= len(data) - len(word)
    for k in range(len(word) if same else 0):
        same = same and data[at + k] == word[k]
    return same
