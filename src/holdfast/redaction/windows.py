"""Cuts a file into windows that can be read alone: at ends of lines, never within a key in PEM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from holdfast.diagnostics.bundle.spool import Readable
from holdfast.redaction.kernels import PADDING, as_read

Array = np.ndarray[Any, Any]

SIZE = 1 << 20
"""Bytes of a window: of smaller ones what is done once for each would be felt."""
LARGEST = 64 << 20
"""Bytes of one stretch without any separator; a file with a longer one is withheld."""
_LONGEST_KEY = (1 << 16) - 1
"""Bytes of a key in PEM that is kept in one window."""
_SEPARATORS = (b",", b";", b" ", b"}", b">", b"\x00")


class Unbroken(Exception):
    """A stretch without separator that is too long to be read whole."""


def windows(stream: Readable, size: int = SIZE) -> Iterator[Array]:
    """Yield a file in windows of about `size` bytes, as `padded` gives them; raises Unbroken."""
    held = b""
    while True:
        text, cut = bytearray(held), 0
        while not cut:
            if len(text) > LARGEST:
                raise Unbroken(f"a stretch of more than {LARGEST >> 20} MiB without any separator")
            block = stream.read(size)
            if not block:
                break
            text += block
            cut = _cut(text, size) if len(text) >= size else 0
        end = cut or len(text)
        held = bytes(text[end:])
        text[end:] = bytes(PADDING)
        if end:
            yield as_read(text)
        if not cut:
            return


def _cut(held: bytearray, size: int) -> int:
    """Return where to cut, 0 when there is no good place."""
    cut = held.rfind(b"\n") + 1
    if cut:
        begun = held.rfind(b"-----BEGIN ", max(0, cut - _LONGEST_KEY), cut)
        if begun >= 0 and held.find(b"-----END ", begun, cut) < 0:
            return held.rfind(b"\n", 0, begun) + 1
        return _before_folded(held, cut)
    if len(held) < 4 * size:
        return 0
    return max(held.rfind(one) + 1 for one in _SEPARATORS)


def _before_folded(held: bytearray, cut: int) -> int:
    """Do not part lines of one block of base64: go back to a line that is not as long as the next."""
    at, width = cut, -1
    for _ in range(2000):
        start = held.rfind(b"\n", 0, at - 1) + 1
        line = held[start : at - 1].rstrip(b"\r")
        if not (60 <= len(line) <= 80) or b" " in line or (width >= 0 and len(line) != width):
            return at if at else cut
        width, at = len(line), start
        if not start:
            return cut
    return cut
