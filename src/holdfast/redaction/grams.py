"""Sets of a few bytes that a loop may ask of every place of a text without a branch; some say yes too often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from holdfast.redaction.kernels import kernel

Array = np.ndarray[Any, Any]
_MIX = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@kernel
def bytes_hash(key):  # type: ignore[no-untyped-def]
    """Return a hash, whose high bits depend on all bytes, of a window: its bytes in the upper bytes of a word."""
    return key * np.uint64(_MIX)


@kernel
def may_stand(bits, shift, code):  # type: ignore[no-untyped-def]
    """Return 1 where bytes of this hash may be in the set, else 0.

    bits: uint64[power of two], two bits of a hash in a word chosen by it; shift: how far to shift a hash for that word.
    """
    held = bits[code >> shift]
    one, two = code >> (shift - np.uint64(6)), code >> (shift - np.uint64(12))
    return held >> (one & np.uint64(63)) & held >> (two & np.uint64(63)) & np.uint64(1)


def set_of(keys: Iterable[int], shift: int) -> Array:
    """Return the bits of windows, each as `bytes_hash` takes it."""
    bits = np.zeros(1 << (64 - shift), np.uint64)
    for key in keys:
        code = (key * _MIX) & _WORD
        bits[code >> shift] |= np.uint64(1 << ((code >> shift - 6) & 63) | 1 << ((code >> shift - 12) & 63))
    return bits
