"""What a search for known values looks for: their letters in every writing, and by which of them each is found.

A value that counts as a whole word only ends where a word ends, and so does every word within it: most are found by
the bytes in front of such a place, and only there. The others are found by bytes at places a few bytes apart.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from holdfast.redaction.grams import bytes_hash
from holdfast.redaction.hidden import CORE, IN_BASE64, IN_HEX, LEAST
from holdfast.redaction.kernels import ALNUM, KINDS, kernel
from holdfast.redaction.texts import Texts
from holdfast.redaction.views import AROUND

Array = np.ndarray[Any, Any]
PLAIN, URL, JSON, BASE64, HEXED, UTF16 = range(6)
"""How a value may be written. Texts of nothing but escapes are undone first (`views`) and searched plain, so are those
percent-encoded that a view holds whole; so is what stands in base64, hex or UTF-16 (`hidden`)."""
ENDING, SWEPT, ENDING_FEW, SWEPT_FEW = range(4)
"""How a needle is found: by seven or four bytes that end with a word, by five or three bytes at places apart."""
WIDTHS, STRIDES = (7, 5, 4, 3), (1, 4, 1, 2)
SIZE, VALUE, WRITING, BOUNDED, BEGUN, LINK = range(6)
"""Numbers of a needle's record: bytes, its value and writing, whether it is a word, where the bytes begin by which it
is found, and links of `_index`, one for each place at which these may begin."""
HEAD = LINK + max(STRIDES)
_LONG, _LEAST, _MOST = 8, 4, 16
"""Bytes of needles that are swept for by five, of those that are looked for at all; how many may share an end."""
_TRIED = 8
"""Places of a needle among which the rarest is chosen."""
_LOW = np.uint64(0xFFFFFFFF)
_DIGITS = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_URLSAFE = bytes.maketrans(b"+/", b"-_")
_SAFE = np.array([(chr(c).isalnum() and c < 128) or chr(c) in "-._~" for c in range(256)], np.uint8)


class Index(NamedTuple):
    """Needles of one kind, found by a hash of their bytes."""

    records: Array  # int32: of each needle `HEAD` numbers, then its letters
    texts: Array  # uint8: the same
    slots: Array  # uint64[power of two]: see `_index`
    bits: Array  # uint64[power of two]: two bits of the hash in a word chosen by it
    shift: int  # how far to shift a hash for that word


@kernel
def _written(arena, offsets, bounded, letters, rows):  # type: ignore[no-untyped-def]
    """Write the needles of all values; return how many.

    rows: int32[n, 6] of (first letter, size, value, writing, bounded, 0).
    """
    n, count = 0, 0
    for v in range(len(offsets) - 1):
        value = arena[offsets[v] : offsets[v + 1]]
        for writing in range(3):
            if writing == URL and len(value) <= AROUND:
                continue
            begun, differs = n, writing == PLAIN
            for code in value:
                if writing == URL and not _SAFE[code]:
                    differs = True
                    letters[n], letters[n + 1], letters[n + 2] = 37, _DIGITS[code >> 4], _DIGITS[code & 15]
                    n += 3
                    continue
                if writing == JSON and (code == 34 or code == 92):
                    differs = True
                    letters[n] = 92
                    n += 1
                letters[n] = code
                n += 1
            if not differs or n - begun < (_LEAST if writing == PLAIN else _LONG):
                n = begun
                continue
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = begun, n - begun, v, writing
            rows[count, 4] = writing == PLAIN and bounded[v]
            count += 1
    return count


@kernel
def _window(letters, at, width):  # type: ignore[no-untyped-def]
    key = np.uint64(0)
    for k in range(width):
        key |= np.uint64(letters[at + k]) << np.uint64(8 * (8 - width + k))
    return bytes_hash(key)


@kernel
def _tallied(letters, first, tally, shift, width, count):  # type: ignore[no-untyped-def]
    """Return how many needles share the most common of `count` windows in a row, of those counted."""
    most = 0
    for k in range(count):
        most = max(most, tally[_window(letters, first + k, width) >> shift])
    return most


@kernel
def _by_ends(letters, rows, ways, tally, shift):  # type: ignore[no-untyped-def]
    """Choose for each bounded needle the end of a word in it that fewest others share."""
    for turn in range(2):
        for r in range(rows.shape[0]):
            first, size = rows[r, 0], rows[r, 1]
            ways[r] = SWEPT if size >= _LONG else SWEPT_FEW
            if not rows[r, 4]:
                continue
            least, tried, end = 1 << 30, 0, size
            while end >= 4 and tried < _TRIED:
                is_end = KINDS[letters[first + end - 1]] & ALNUM
                if is_end and (end == size or not (KINDS[letters[first + end]] & ALNUM)):
                    if end >= 7:
                        tried += 1
                        if turn == 0:
                            tally[_window(letters, first + end - 7, 7) >> shift] += 1
                        else:
                            shared = _tallied(letters, first + end - 7, tally, shift, 7, 1)
                            if shared < least and (shared <= _MOST or size < _LONG):
                                least, ways[r], rows[r, 5] = shared, ENDING, end - 7
                    elif size < _LONG and least == 1 << 30:
                        least, ways[r], rows[r, 5] = least - 1, ENDING_FEW, end - 4
                end -= 1


@kernel
def _by_places(letters, rows, ways, tally, shift):  # type: ignore[no-untyped-def]
    """Choose for each needle that is swept for the bytes that fewest others share, wherever in it they begin."""
    for turn in range(2):
        for r in range(rows.shape[0]):
            first, size = rows[r, 0], rows[r, 1]
            if ways[r] != SWEPT:
                continue
            least, last = 1 << 30, size - _LONG
            for at in range(last, -1, -max(1, last // (_TRIED - 1))):
                if turn == 0:
                    for k in range(4):
                        tally[_window(letters, first + at + k, 5) >> shift] += 1
                else:
                    shared = _tallied(letters, first + at, tally, shift, 5, 4)
                    if shared < least:
                        least, rows[r, 5] = shared, at


@kernel
def _packed(letters, rows, records):  # type: ignore[no-untyped-def]
    """Write a record for each needle; nothing else has to be read of a hit."""
    n, texts = 0, records.view(np.uint8)
    for r in range(rows.shape[0]):
        first, size = rows[r, 0], rows[r, 1]
        records[n] = size
        for k in range(VALUE, LINK):
            records[n + k] = rows[r, k + 1]
        records[n + LINK : n + HEAD] = -1
        for k in range(size):
            texts[4 * (n + HEAD) + k] = letters[first + k]
        n += HEAD + (size + 3) // 4


@kernel
def place_of(slots, code):  # type: ignore[no-untyped-def]
    """Return the slot of a hash, free or with its mark, and the mark: the low half of the slot's number."""
    code = (code ^ code >> np.uint64(29)) * np.uint64(0xBF58476D1CE4E5B9)
    mark, mask = code >> np.uint64(32), np.uint64(len(slots) - 1)
    at = (code ^ mark) & mask
    while slots[at] and slots[at] & _LOW != mark:
        at = (at + np.uint64(1)) & mask
    return at, mark


@kernel
def _index(records, width, stride, slots, bits, shift):  # type: ignore[no-untyped-def]
    """Enter each needle by the bytes from `stride` places on: one of them is looked at wherever it stands.

    A slot holds where in the records the needle is (times four, plus which place, plus 1) and the mark of their hash;
    needles of the same mark hang at each other.
    """
    n, texts = 0, records.view(np.uint8)
    while n < len(records):
        for k in range(stride):
            code = _window(texts, 4 * (n + HEAD) + records[n + BEGUN] + k, width)
            one, two = code >> np.uint64(shift - 6), code >> np.uint64(shift - 12)
            bits[code >> np.uint64(shift)] |= np.uint64(1) << (one & np.uint64(63))
            bits[code >> np.uint64(shift)] |= np.uint64(1) << (two & np.uint64(63))
            at, mark = place_of(slots, code)
            records[n + LINK + k] = np.int64(slots[at] >> np.uint64(32)) - 1
            slots[at] = np.uint64(4 * n + k + 1) << np.uint64(32) | mark
        n += HEAD + (records[n] + 3) // 4


@kernel
def needle_hash(index, n, width):  # type: ignore[no-untyped-def]
    """Return the hash of the first bytes by which the needle of a record is found."""
    return _window(index.texts, 4 * (n + HEAD) + index.records[n + BEGUN], width)


def _indexed(letters: Array, rows: Array, way: int) -> Index:
    records = np.zeros(int((HEAD + (rows[:, 1].astype(np.int64) + 3) // 4).sum()), np.int32)
    _packed(letters, rows, records)
    entries = len(rows) * STRIDES[way]
    words = max(6, entries.bit_length() - 2)
    slots = np.zeros(1 << max(8, (entries * 2).bit_length()), np.uint64)
    bits = np.zeros(1 << words, np.uint64)
    _index(records, WIDTHS[way], STRIDES[way], slots, bits, 64 - words)
    texts = records.view(np.uint8)
    texts.flags.writeable = False
    return Index(records, texts, slots, bits, 64 - words)


@kernel
def _pieces(records, least, size, starts):  # type: ignore[no-untyped-def]
    """Write where in the records pieces of needles begin that have more than `least` bytes; return how many."""
    n, count = 0, 0
    while n < len(records):
        for k in range(0, records[n] - size + 1 if records[n] > least else 0, size):
            starts[count] = 4 * (n + HEAD) + k
            count += 1
        n += HEAD + (records[n] + 3) // 4
    return count


def pieces(index: Index, least: int, size: int) -> Array:
    """Return where in an index's texts pieces of `size` of needles of more than `least` bytes stand, what is left over
    left out: int64[n, 4] of (start, end, 0, 0)."""
    places = np.zeros((len(index.texts) // size, 4), np.int64)
    places = places[: _pieces(index.records, least, size, places[:, 0])]
    places[:, 1] = places[:, 0] + size
    return places


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


def _odd(values: Texts, numbers: Array, used: int) -> tuple[Array, Array]:
    """Return letters and rows for values of other bytes than printable ones: too rare to decode every text for."""
    texts, rows = [], []
    for number in numbers[numbers < len(values)].tolist():
        for text, writing in _encoded(values[number]):
            rows.append((used, len(text), number, writing, 0, 0))
            texts.append(text)
            used += len(text)
    return np.frombuffer(b"".join(texts), np.uint8), np.array(rows, np.int32).reshape(-1, 6)


def needles(values: Texts, bounded: Array) -> tuple[tuple[Index, ...], Array, int]:
    """Return the needles of values, an index for each way, the printable bytes in them, uint8[256], and the bytes of
    the longest needle.

    bounded: which values count as whole words only.
    """
    offsets = values.offsets
    arena = values.arena[: max(int(offsets[-1]), 1)]
    printable = (arena >= 32) & (arena < 127)
    alphabet = (np.bincount(arena[printable], minlength=256) > 0).astype(np.uint8)
    letters = np.empty(int(offsets[-1]) * 6 + 64, np.uint8)
    rows = np.zeros((3 * len(values) + 1, 6), np.int32)
    count = _written(arena, offsets, np.append(bounded, False).astype(np.uint8), letters, rows)
    used = int(rows[count - 1, 0] + rows[count - 1, 1]) if count else 0
    odd = np.unique(np.searchsorted(offsets, np.flatnonzero(~printable), "right") - 1)
    texts, more = _odd(values, odd, used)
    letters = np.concatenate((letters[: max(used, 1)], texts))
    rows = np.concatenate((rows[:count], more))
    ways = np.zeros(len(rows), np.uint8)
    most = max(10, (2 * len(rows)).bit_length())
    for choose in (_by_ends, _by_places):
        choose(letters, rows, ways, np.zeros(1 << most, np.int32), np.uint64(64 - most))
    indexes = tuple(_indexed(letters, rows[ways == way], way) for way in range(4))
    return indexes, alphabet, int(rows[:, 1].max(initial=0))
