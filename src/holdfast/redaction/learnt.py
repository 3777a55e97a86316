"""Values known from anywhere in the case, found wherever they stand in whatever writing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from holdfast.redaction.hidden import CORE, IN_BASE64, IN_HEX, LEAST, hidden
from holdfast.redaction.kernels import ALNUM, KINDS, kernel
from holdfast.redaction.masks import words_of

Array = np.ndarray[Any, Any]
PLAIN, URL, JSON, BASE64, HEXED, UTF16 = range(6)
"""How a value may be written. Texts of nothing but escapes are undone first (`views`) and searched plain; so is what
stands in base64, hex or UTF-16 (`hidden`)."""
SAME_LENGTH = frozenset({BASE64, HEXED, UTF16})
"""Writings that are overwritten at the same length, so that what surrounds them can still be read."""
_DIGITS = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_THREE = np.uint64(0xFFFFFF00)
_LONG, _SHORT = 7, 3
"""Bytes by which needles are found: those of eight bytes and more, and those of four to seven."""
_HEAD, _BOUNDED, _BEGUN, _LINK = 7, 3, 4, 5
"""Numbers in front of a needle's letters in its record, and which is which."""
_LOW = np.uint64(0xFFFFFFFF)
_TRIED = 8
"""Windows of a needle among which the rarest is chosen."""
_URLSAFE = bytes.maketrans(b"+/", b"-_")
_SAFE = np.array([(chr(c).isalnum() and c < 128) or chr(c) in "-._~" for c in range(256)], np.uint8)


@kernel
def _needles(arena, offsets, bounded, letters, rows):  # type: ignore[no-untyped-def]
    """Write the needles of all values; rows: int32[n, 6] of (start, size, value, writing, bounded, 0). Return n."""
    n, count = 0, 0
    for v in range(len(offsets) - 1):
        value = arena[offsets[v] : offsets[v + 1]]
        for writing in range(3):
            begun, differs = n, writing == 0
            for code in value:
                if writing == 1 and not _SAFE[code]:
                    differs = True
                    letters[n], letters[n + 1], letters[n + 2] = 37, _DIGITS[code >> 4], _DIGITS[code & 15]
                    n += 3
                    continue
                if writing == 2 and (code == 34 or code == 92):
                    differs = True
                    letters[n] = 92
                    n += 1
                letters[n] = code
                n += 1
            if not differs or n - begun < (4 if writing == 0 else 8):
                n = begun
                continue
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, n - begun, v, writing
            rows[count, 4] = 1 if writing == 0 and bounded[v] else 0
            count += 1
    return count


@kernel
def _window(letters, at, width):  # type: ignore[no-untyped-def]
    """Return a hash of up to seven bytes whose high bits depend on all of them."""
    key = np.uint64(0)
    for k in range(width):
        key |= np.uint64(letters[at + k]) << np.uint64(8 * k + 8)
    return key * _MIX


@kernel
def _pair(code, shift):  # type: ignore[no-untyped-def]
    """Return a word with the two bits of a product, taken from below the `shift` bits that choose the word."""
    one, two = code >> np.uint64(shift - 6), code >> np.uint64(shift - 12)
    return np.uint64(1) << (one & np.uint64(63)) | np.uint64(1) << (two & np.uint64(63))


@kernel
def _chosen(letters, rows, tally):  # type: ignore[no-untyped-def]
    """Choose the eight bytes by which each needle is found, those that fewest others share; rows[:, 5] is where they
    begin in it."""
    for turn in range(2):
        for r in range(rows.shape[0]):
            size, best, least = rows[r, 1], 0, 1 << 30
            step = max(1, (size - 7) // _TRIED)
            for at in range(0, size - 7, step):
                slot = _window(letters, rows[r, 0] + at, _LONG) >> np.uint64(44)
                if turn == 0:
                    tally[slot] += 1
                elif tally[slot] < least:
                    best, least = at, tally[slot]
            rows[r, 5] = best


@kernel
def _packed(letters, rows, records):  # type: ignore[no-untyped-def]
    """Write a record for each needle: `_HEAD` numbers, then its letters; nothing else has to be read of a hit.

    The numbers: size, value, writing, bounded, where the bytes begin by which it is found, and two links of `_index`.
    """
    n, texts = 0, records.view(np.uint8)
    for r in range(rows.shape[0]):
        first, size = rows[r, 0], rows[r, 1]
        records[n] = size
        for k in range(2, 6):
            records[n + k - 1] = rows[r, k]
        records[n + _LINK] = records[n + _LINK + 1] = -1
        for k in range(size):
            texts[4 * (n + _HEAD) + k] = letters[first + k]
        n += _HEAD + (size + 3) // 4


@kernel
def _place(slots, code):  # type: ignore[no-untyped-def]
    """Return the slot of a hash, free or with its mark, and the mark: the low half of the slot's number."""
    code = (code ^ code >> np.uint64(29)) * np.uint64(0xBF58476D1CE4E5B9)
    mark, mask = code >> np.uint64(32), np.uint64(len(slots) - 1)
    at = (code ^ mark) & mask
    while slots[at] and slots[at] & _LOW != mark:
        at = (at + np.uint64(1)) & mask
    return at, mark


@kernel
def _index(records, width, slots, bits, shift):  # type: ignore[no-untyped-def]
    """Enter each needle by so many bytes and by as many one further: one of them begins at an even place.

    A slot holds where in the records the needle is (twice, plus 1 for the second bytes, plus 1) and the mark of their
    hash; needles of the same mark hang at each other.
    """
    n, texts = 0, records.view(np.uint8)
    while n < len(records):
        for second in range(2):
            code = _window(texts, 4 * (n + _HEAD) + records[n + _BEGUN] + second, width)
            bits[code >> np.uint64(shift)] |= _pair(code, shift)
            at, mark = _place(slots, code)
            records[n + _LINK + second] = np.int64(slots[at] >> np.uint64(32)) - 1
            slots[at] = np.uint64(2 * n + second + 1) << np.uint64(32) | mark
        n += _HEAD + (records[n] + 3) // 4


@kernel
def _bounds(data, at, end, high):  # type: ignore[no-untyped-def]
    """Tell whether no word or number goes on at either end; an escaped line feed is an end."""
    if at > 0 and (KINDS[data[at - 1]] & ALNUM) and (KINDS[data[at]] & ALNUM):
        code = data[at - 1]
        if not (at > 1 and data[at - 2] == 92 and (code == 110 or code == 116 or code == 114)):
            return False
    return not (end < high and (KINDS[data[end]] & ALNUM) and (KINDS[data[end - 1]] & ALNUM))


@kernel
def _noted(data, start, high, records, texts, n, free, out, count):  # type: ignore[no-untyped-def]
    """Note a needle where it stands at `start`, within its bounds unless `free`; return the count."""
    first, end = 4 * (n + _HEAD), start + records[n]
    if start < 0 or end > high:
        return count
    for k in range(start, end):
        if data[k] != texts[first + k - start]:
            return count
    if records[n + _BOUNDED] and not free and not _bounds(data, start, end, high):
        return count
    if count < out.shape[0]:
        out[count, 0], out[count, 1] = start, end
        out[count, 2], out[count, 3] = records[n + 1], records[n + 2]
    return count + 1


@kernel
def _hits(data, at, high, code, records, texts, slots, free, out, count):  # type: ignore[no-untyped-def]
    """Note the needles that stand where bytes of this hash begin at `at`; return the count."""
    place, _ = _place(slots, code)
    entry = np.int64(slots[place] >> np.uint64(32)) - 1
    while entry >= 0:
        n, second = entry >> 1, entry & 1
        count = _noted(data, at - records[n + _BEGUN] - second, high, records, texts, n, free, out, count)
        entry = np.int64(records[n + _LINK + second])
    return count


@kernel
def _find(data, words, high, long, short, free, out):  # type: ignore[no-untyped-def]
    """Search data[:high] at its even places; words: the same and more, eight bytes each. Return the count."""
    count, after = 0, words[0]
    records, texts, slots, wide, shift = long
    few, few_texts, few_slots, narrow, little = short
    shift, little = np.uint64(shift), np.uint64(little)
    for at in range(0, high, 8):
        now, after = after, words[np.uint64(at >> 3) + np.uint64(1)]
        for k in range(0, 8, 2):
            # the seven bytes from at + k on, eight bits up
            key = now >> np.uint64(8 * k) << np.uint64(8)
            if k:
                key |= after << np.uint64(72 - 8 * k)
            code = key * _MIX
            pair = _pair(code, shift)
            if wide[code >> shift] & pair == pair:
                count = _hits(data, at + k, high, code, records, texts, slots, free, out, count)
            code = (key & _THREE) * _MIX
            pair = _pair(code, little)
            if narrow[code >> little] & pair == pair:
                count = _hits(data, at + k, high, code, few, few_texts, few_slots, free, out, count)
    return count


def _indexed(letters: Array, rows: Array, width: int) -> tuple[Any, ...]:
    records = np.zeros(int((_HEAD + (rows[:, 1].astype(np.int64) + 3) // 4).sum()), np.int32)
    _packed(letters, rows, records)
    words = max(10, len(rows).bit_length() - 2)
    slots = np.zeros(1 << max(8, (len(rows) * 3).bit_length()), np.uint64)
    bits = np.zeros(1 << words, np.uint64)
    _index(records, width, slots, bits, 64 - words)
    return records, records.view(np.uint8), slots, bits, 64 - words


def _encoded(value: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield what of a value's base64 and hex depends on it alone, wherever it stands in them, and the writing."""
    if len(value) >= LEAST[IN_BASE64]:
        for phase in range(3):
            text = b64encode(bytes(phase) + value + bytes(3))
            text = text[(phase * 8 + 5) // 6 : (phase + len(value)) * 8 // 6]
            if len(text) >= CORE:
                yield from ((one, BASE64) for one in {text, text.translate(_URLSAFE)})
    if len(value) >= LEAST[IN_HEX]:
        yield from ((one, HEXED) for one in (value.hex().encode(), value.hex().upper().encode()))


class Learnt:
    """A set of values and their writings. bounded: which count as whole words only."""

    def __init__(self, values: Sequence[bytes], bounded: Sequence[bool] | Array) -> None:
        self.values = values
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        arena = np.frombuffer(b"".join(values) or b"\0", np.uint8)
        printable = (arena >= 32) & (arena < 127)
        self._alphabet = (np.bincount(arena[printable], minlength=256) > 0).astype(np.uint8)
        letters = np.empty(int(offsets[-1]) * 6 + 64, np.uint8)
        rows = np.zeros((3 * len(values) + 1, 6), np.int32)
        count = _needles(arena, offsets, np.array([*bounded, False], np.uint8), letters, rows)
        used = int(rows[count - 1, 0] + rows[count - 1, 1]) if count else 0
        odd = np.unique(np.searchsorted(offsets, np.flatnonzero(~printable), "right") - 1)
        texts, more = self._odd(odd, used)
        letters = np.concatenate((letters[: max(used, 1)], texts))
        self._out = np.empty((4096, 4), np.int64)
        rows = np.concatenate((rows[:count], more))
        short = rows[:, 1] < 8
        long = rows[~short]
        _chosen(letters, long, np.zeros(1 << 20, np.int32))
        self._long = _indexed(letters, long, _LONG)
        self._short = _indexed(letters, rows[short], _SHORT)

    def _odd(self, numbers: Array, used: int) -> tuple[Array, Array]:
        """Return letters and rows for values of other bytes than printable ones: too rare to decode every text for."""
        texts, rows = [], []
        for number in numbers[numbers < len(self.values)].tolist():
            for text, writing in _encoded(self.values[number]):
                rows.append((used, len(text), number, writing, 0, 0))
                texts.append(text)
                used += len(text)
        return np.frombuffer(b"".join(texts), np.uint8), np.array(rows, np.int32).reshape(-1, 6)

    def find(self, data: Array) -> Array:
        """Return int64[n, 4] of (start, end, value, writing). The data comes from `padded`."""
        found = self._search(data, False)
        decoded = hidden(data, self._alphabet) if self.values else None
        if decoded is None:
            return found
        placed, form = decoded.placed(self._search(decoded.data, True))
        placed[:, 3] = BASE64 + form
        return np.concatenate((found, placed))

    def _search(self, data: Array, free: bool) -> Array:
        while True:
            count = int(_find(data, words_of(data), len(data), self._long, self._short, free, self._out))
            if count <= len(self._out):
                return self._out[:count].copy()
            self._out = np.empty((2 * count, 4), np.int64)
