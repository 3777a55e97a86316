"""Kernel that cuts the exemplars of skeletons into tokens: 64-bit hashes and spans, no strings.

Words that are variable by their look (digits, paths, addresses, `key=value` values, quoted names) get
the hash VARIABLE; runs of them count once.
"""

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.matching import Bytes, Ints, Words
from holdfast.diagnostics.logs.memory import (
    NO_FOLD,
    OFFSET,
    PRIME,
    block_hash,
    fetch_ahead,
    is_digit,
    is_letter,
)
from holdfast.diagnostics.logs.records import S_ESCAPED, S_MESSAGE
from holdfast.kernels import kernel, making

VARIABLE = np.uint64(1)
F_VARIABLE, F_IDENTIFIER, F_SEPARATOR, F_BLANK_BEFORE, F_AFTER_KEY = 1, 4, 8, 16, 32
MOST_TOKENS = 256
TEXT_BYTES = 8_192  # of an exemplar that are cut into tokens
SEPARATOR_BYTES = b"=:,;()[]{}\"'|<>`"


def separator_table() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """1 for separators, 2 for blanks."""
    table = np.zeros(256, np.uint8)
    table[list(SEPARATOR_BYTES)] = 1
    table[[0, 9, 10, 13, 27, 32]] = 2
    return table


SEPARATORS = separator_table()


@kernel
def request_like(buf: Bytes, pos: int, end: int) -> bool:
    """`GET /...`: a quoted HTTP request keeps its method."""
    at = pos
    while at < end and at - pos < 8 and 65 <= buf[at] <= 90:
        at += 1
    return at - pos >= 3 and at + 1 < end and buf[at] == 32 and buf[at + 1] in (47, 104, 42)


@kernel
def closing_quote(buf: Bytes, pos: int, end: int, kinds: Bytes) -> int:
    """End of a quoted name that opens at pos (few blanks, closed before a separator), or -1."""
    quote, gaps = buf[pos], 0
    if request_like(buf, pos + 1, end):
        return -1
    stop = min(end, pos + 400)
    for at in range(pos + 1, stop):
        byte = buf[at]
        if byte == quote:
            if at + 1 < end and kinds[buf[at + 1]] == 0 and buf[at + 1] not in (46, 92, 33, 63):
                return -1
            return at if at + 1 >= end or buf[at + 1] != 58 else -1
        if kinds[byte] == 2:
            gaps += 1
            if gaps > 3:
                return -1
    return -1


@kernel
def host_like(buf: Bytes, start: int, end: int) -> bool:
    """A dotted name whose last label is a common top-level domain and whose first is no package root."""
    last, dots = end, 0
    for at in range(start, end):
        if buf[at] == 46:
            dots, last = dots + 1, at + 1
    if dots == 0 or end - last < 2 or end - last > 8:
        return False
    length, a, b = end - last, buf[last] | 32, buf[last + 1] | 32
    if length == 3:
        c = buf[last + 2] | 32
        known = (
            (a == 99 and b == 111 and c == 109)
            or (a == 110 and b == 101 and c == 116)
            or (a == 111 and b == 114 and c == 103)
            or (a == 101 and b == 100 and c == 117)
            or (a == 103 and b == 111 and c == 118)
        )
        first = buf[start] | 32
        package = (first == 106 and (buf[start + 1] | 32) == 97 and dots == 1) or (
            first == 111 and buf[start + 3] == 46
        )
        return known and not package
    if length == 2:
        return dots >= 2 and (a, b) in (
            (100, 101),
            (99, 110),
            (117, 107),
            (102, 114),
            (106, 112),
            (114, 117),
            (105, 110),
        )
    return (
        length == 5 and a == 108 and b == 111 and (buf[last + 2] | 32) == 99 and (buf[last + 4] | 32) == 108
    )


@kernel
def word_flags(buf: Bytes, start: int, end: int) -> int:
    """F_VARIABLE when the word is variable by its look, F_IDENTIFIER when it looks like a name in code."""
    slashes, hexes, marks, letters = 0, 0, 0, 0
    for at in range(start, end):
        byte = buf[at]
        if is_digit(byte) or byte == 64:
            return F_VARIABLE
        if is_letter(byte):
            letters += 1
            if (byte | 32) <= 102:
                hexes += 1
        elif byte == 47 or byte == 92:
            slashes += 1
        elif byte >= 128:
            letters += 1
        else:
            marks += 1 if at > start and at + 1 < end else 0
    length = end - start
    if (slashes and buf[start] == 47 and length > 1) or slashes >= 2:
        return F_VARIABLE
    if (hexes == length and length >= 8) or (marks and host_like(buf, start, end)):
        return F_VARIABLE
    return F_IDENTIFIER if (marks or slashes) and letters else 0


@kernel
def constant_value(buf: Bytes, start: int, end: int) -> bool:
    """true, false, null, none, nil in any case: values, never words of a message."""
    length, a = end - start, buf[start] | 32
    if length == 4:
        b, d = buf[start + 1] | 32, buf[start + 3] | 32
        return bool((a == 116 and b == 114 and d == 101) or (a == 110 and b == 117 and d == 108))
    if length == 5:
        return bool(a == 102 and (buf[start + 1] | 32) == 97 and (buf[start + 4] | 32) == 101)
    return False


@kernel
def word_end(buf: Bytes, pos: int, end: int, kinds: Bytes, whole: bool) -> int:
    """End of the word at pos. A colon inside stays when it belongs to an address, a time or a URL."""
    at, digit = pos, False
    while at < end:
        byte = buf[at]
        kind = kinds[byte]
        if kind == 2 or byte == 92:
            break
        if kind == 1:
            if byte == 58 and at + 1 < end and at > pos:
                following = buf[at + 1]
                if following == 47 and at + 2 < end and buf[at + 2] == 47:
                    whole, digit = True, True
                elif not (digit or is_digit(following)) or kinds[following] != 0:
                    break
            elif not (whole and byte == 61 and digit) and not (
                byte == 58 and at == pos and at + 1 < end and buf[at + 1] == 58
            ):
                break
        digit = digit or is_digit(byte)
        at += 1
    return at


@kernel
def cut(
    buf: Bytes, base: int, start: int, end: int, escaped: int, kinds: Bytes, hashes: Words, spans: Ints
) -> int:
    """Tokens of one exemplar of the bytes at `base` into `hashes` and `spans` (start, end, flags); their number."""
    count, pos, blank, after_key = 0, start, False, False
    while pos < end and count < MOST_TOKENS:
        byte = buf[pos]
        if byte == 27:
            pos += 1
            while pos < end and not is_letter(buf[pos]):
                pos += 1
            pos += 1
            continue
        if byte == 92 and escaped and pos + 1 < end and buf[pos + 1] != 117:
            blank = blank or buf[pos + 1] != 34
            pos += 1 if buf[pos + 1] == 34 else 2
            continue
        kind = kinds[byte]
        if kind == 2:
            blank, pos = True, pos + 1
            if count and not (spans[count - 1, 2] & F_SEPARATOR and buf[spans[count - 1, 0]] == 61):
                after_key = False
            continue
        flags = F_BLANK_BEFORE if blank else 0
        if kind == 1:
            stop = closing_quote(buf, pos, end, kinds) if byte in (34, 39, 96) and count else -1
            if stop > pos + 1 and (blank or pos == start or kinds[buf[pos - 1]] == 1):
                count = put(hashes, spans, count, VARIABLE, pos, stop + 1, flags | F_VARIABLE)
                pos, blank, after_key = stop + 1, False, False
                continue
            hashes[count] = (OFFSET ^ np.uint64(byte)) * PRIME
            spans[count, 0], spans[count, 1], spans[count, 2], spans[count, 3] = (
                pos,
                pos + 1,
                flags | F_SEPARATOR,
                byte,
            )
            after_key = byte == 61 and count > 0 and not spans[count - 1, 2] & F_SEPARATOR
            count, pos, blank = count + 1, pos + 1, False
            continue
        stop = max(word_end(buf, pos, end, kinds, after_key), pos + 1)
        last = stop
        while last > pos + 1 and buf[last - 1] in (46, 33, 63):
            last -= 1
        flags |= word_flags(buf, pos, last)
        if after_key or constant_value(buf, pos, last):
            flags |= F_VARIABLE
        key = VARIABLE
        if not flags & F_VARIABLE:
            key = block_hash(base + pos, base + last, base + len(buf), OFFSET, NO_FOLD)
        count = put(hashes, spans, count, key, pos, last, flags)
        pos, blank, after_key = last, False, False
        if last < stop:
            pos = stop
    return count


@kernel
def put(hashes: Words, spans: Ints, count: int, key: np.uint64, start: int, stop: int, flags: int) -> int:
    """Append a token; a variable that follows a variable (or one and a comma or colon) widens it."""
    if flags & F_VARIABLE and count:
        if hashes[count - 1] == VARIABLE:
            spans[count - 1, 1] = stop
            return count
        glue = spans[count - 1, 2] & F_SEPARATOR and spans[count - 1, 1] - spans[count - 1, 0] == 1
        if count > 1 and glue and hashes[count - 2] == VARIABLE:
            byte = spans[count - 1, 3]
            if byte == 44 or byte == 58:
                spans[count - 2, 1] = stop
                return count - 1
    hashes[count] = key
    spans[count, 0], spans[count, 1], spans[count, 2] = start, stop, flags
    return count + 1


@making
def longer(hashes: Words, spans: Ints, used: int) -> tuple[Words, Ints]:
    """Twice the room, what is used copied."""
    more, wider = np.empty(len(hashes) * 2, np.uint64), np.empty((len(hashes) * 2, 4), np.int64)
    for at in range(used):
        more[at] = hashes[at]
        for column in range(4):
            wider[at, column] = spans[at, column]
    return more, wider


@making
def tokenise(buf: Bytes, slots: Ints, kinds: Bytes) -> tuple[Words, Ints, Ints]:
    """Tokens of every slot's exemplar: hashes, spans (start, end, flags, byte) and row bounds."""
    hashes = np.empty(len(slots) * 16 + 2 * MOST_TOKENS, np.uint64)
    spans = np.empty((len(hashes), 4), np.int64)
    bounds, used = np.zeros(len(slots) + 1, np.int64), 0
    base: Any = np.int64(buf.ctypes.data)
    for row in range(len(slots)):
        coming = base + slots[min(row + 4, len(slots) - 1), S_MESSAGE]
        fetch_ahead(coming)
        fetch_ahead(coming + 64)
        first, last = slots[row, S_MESSAGE], slots[row, S_MESSAGE + 1]
        last = min(last, first + TEXT_BYTES)
        if used + MOST_TOKENS + 2 > len(hashes):
            hashes, spans = longer(hashes, spans, used)
        used += cut(buf, base, first, last, slots[row, S_ESCAPED], kinds, hashes[used:], spans[used:])
        bounds[row + 1] = used
    return hashes[:used], spans[:used], bounds
