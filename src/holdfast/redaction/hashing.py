"""Keyed hashes of very many values: BLAKE2b, RFC 7693, with a key and eight bytes of digest, in a compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.kernels import kernel, making
from holdfast.redaction.texts import Texts

Array = np.ndarray[Any, Any]
SIZE = 8
"""Bytes of a digest."""
_BLOCK = 128
_IV = np.array(
    [
        *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
        *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
    ],
    np.uint64,
)
_ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.uint64,
)


@kernel
def _turned(word, bits):  # type: ignore[no-untyped-def]
    return word >> np.uint64(bits) | word << np.uint64(64 - bits)


@kernel
def _mixed(a, b, c, d, x, y):  # type: ignore[no-untyped-def]
    a = a + b + x
    d = _turned(d ^ a, 32)
    c = c + d
    b = _turned(b ^ c, 24)
    a = a + b + y
    d = _turned(d ^ a, 16)
    c = c + d
    return a, _turned(b ^ c, 63), c, d


@kernel
def _compressed(state, words, done, is_last):  # type: ignore[no-untyped-def]
    """Take a block of sixteen words into a state of eight; done: bytes taken with it."""
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    i, j, k, m = _IV[0], _IV[1], _IV[2], _IV[3]
    n, o, q = _IV[4] ^ np.uint64(done), _IV[5], _IV[7]
    p = ~_IV[6] if is_last else _IV[6]
    for r in range(12):
        s = _ORDER[r]
        a, e, i, n = _mixed(a, e, i, n, words[s[0]], words[s[1]])
        b, f, j, o = _mixed(b, f, j, o, words[s[2]], words[s[3]])
        c, g, k, p = _mixed(c, g, k, p, words[s[4]], words[s[5]])
        d, h, m, q = _mixed(d, h, m, q, words[s[6]], words[s[7]])
        a, f, k, q = _mixed(a, f, k, q, words[s[8]], words[s[9]])
        b, g, m, n = _mixed(b, g, m, n, words[s[10]], words[s[11]])
        c, h, i, o = _mixed(c, h, i, o, words[s[12]], words[s[13]])
        d, e, j, p = _mixed(d, e, j, p, words[s[14]], words[s[15]])
    state[0] ^= a ^ i
    state[1] ^= b ^ j
    state[2] ^= c ^ k
    state[3] ^= d ^ m
    state[4] ^= e ^ n
    state[5] ^= f ^ o
    state[6] ^= g ^ p
    state[7] ^= h ^ q


@making
def _digests(key, arena, offsets, out):  # type: ignore[no-untyped-def]
    block = np.zeros(_BLOCK, np.uint8)
    words, keyed, state = block.view(np.uint64), _IV.copy(), np.empty(8, np.uint64)
    keyed[0] ^= np.uint64(0x01010000 | len(key) << 8 | SIZE)
    block[: len(key)] = key
    start = keyed.copy()
    _compressed(keyed, words, _BLOCK, False)
    for one in range(len(out)):
        at, end, done = offsets[one], offsets[one + 1], _BLOCK
        if at == end:  # the key is the last block
            state[:] = start
            words[:] = 0
            block[: len(key)] = key
            _compressed(state, words, done, True)
        else:
            state[:] = keyed
        while at < end:
            size = min(_BLOCK, end - at)
            words[:] = 0
            for i in range(size):
                block[i] = arena[at + i]
            at, done = at + size, done + size
            _compressed(state, words, done, at == end)
        out[one] = state[0]


def digests(key: bytes, texts: Texts) -> Array:
    """Return the hash of each text: its bytes as they come, read from the first and lowest, uint64."""
    out = np.empty(len(texts), np.uint64)
    _digests(np.frombuffer(key, np.uint8), texts.arena, texts.offsets, out)
    return out
