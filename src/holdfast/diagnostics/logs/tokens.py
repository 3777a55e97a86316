"""Kernel that cuts the exemplars of skeletons into tokens: 64-bit hashes and spans, no strings.

Words that are variable by their look (digits, paths, addresses, `key=value` values, quoted names) get
the hash VARIABLE; runs of them count once.
"""

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.lanes import marks_at, spelling_at
from holdfast.diagnostics.logs.matching import Bytes, Ints, Words
from holdfast.diagnostics.logs.memory import (
    NO_FOLD,
    OFFSET,
    PRIME,
    block_hash,
    byte_at,
    fetch_ahead,
    is_digit,
    is_letter,
    ones,
    trailing_zeros,
)
from holdfast.diagnostics.logs.records import S_ESCAPED, S_MESSAGE
from holdfast.diagnostics.logs.skeletons import NONE, ONE, near_end
from holdfast.kernels import inlined, kernel, making

VARIABLE = np.uint64(1)
F_VARIABLE, F_IDENTIFIER, F_SEPARATOR = 1, 2, 4
MOST_TOKENS = 256
TEXT_BYTES = 8_192  # of an exemplar that are cut into tokens
SEPARATOR, BLANK = 1, 2
SEPARATOR_BYTES = b"=:,;()[]{}\"'|<>`"


def separator_table() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """SEPARATOR or BLANK of each byte; 0 for those that words are made of."""
    table = np.zeros(256, np.uint8)
    table[list(SEPARATOR_BYTES)] = SEPARATOR
    table[[0, 9, 10, 13, 27, 32]] = BLANK
    return table


SEPARATORS = separator_table()


@kernel
def request_like(pos: int, end: int) -> bool:
    """`GET /...`: a quoted HTTP request keeps its method."""
    at = pos
    while at < end and at - pos < 8 and 65 <= byte_at(at) <= 90:
        at += 1
    return at - pos >= 3 and at + 1 < end and byte_at(at) == 32 and byte_at(at + 1) in (47, 104, 42)


@kernel
def closing_quote(pos: int, end: int, kinds: int) -> int:
    """End of a quoted name that opens at pos (few blanks, closed before a separator), or -1."""
    quote, gaps = byte_at(pos), 0
    if request_like(pos + 1, end):
        return -1
    for at in range(pos + 1, min(end, pos + 400)):
        byte = byte_at(at)
        if byte == quote:
            after = byte_at(at + 1) if at + 1 < end else 32
            if byte_at(kinds + after) == 0 and after not in (46, 92, 33, 63):
                return -1
            return at if after != 58 else -1
        if byte_at(kinds + byte) == BLANK:
            gaps += 1
            if gaps > 3:
                return -1
    return -1


@kernel
def host_like(start: int, end: int) -> bool:
    """A dotted name whose last label is a common top-level domain and whose first is no package root."""
    last, dots = end, 0
    for at in range(start, end):
        if byte_at(at) == 46:
            dots, last = dots + 1, at + 1
    if dots == 0 or end - last < 2 or end - last > 8:
        return False
    length, a, b = end - last, byte_at(last) | 32, byte_at(last + 1) | 32
    if length == 3:
        c = byte_at(last + 2) | 32
        known = (
            (a == 99 and b == 111 and c == 109)
            or (a == 110 and b == 101 and c == 116)
            or (a == 111 and b == 114 and c == 103)
            or (a == 101 and b == 100 and c == 117)
            or (a == 103 and b == 111 and c == 118)
        )
        first = byte_at(start) | 32
        package = (first == 106 and (byte_at(start + 1) | 32) == 97 and dots == 1) or (
            first == 111 and byte_at(start + 3) == 46
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
    c, e = byte_at(last + 2) | 32, byte_at(last + 4) | 32
    return length == 5 and a == 108 and b == 111 and c == 99 and e == 108


@kernel
def word_flags(start: int, end: int) -> int:
    """F_VARIABLE when the word is variable by its look, F_IDENTIFIER when it looks like a name in code."""
    slashes, hexes, marks, letters = 0, 0, 0, 0
    for at in range(start, end):
        byte = byte_at(at)
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
    if (slashes and byte_at(start) == 47 and length > 1) or slashes >= 2:
        return F_VARIABLE
    if (hexes == length and length >= 8) or (marks and host_like(start, end)):
        return F_VARIABLE
    return F_IDENTIFIER if (marks or slashes) and letters else 0


@inlined
def seen_at(pos: int, limit: int, lines: int) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """Bit masks of the 64 bytes at pos: breaks, values and slashes (`marks_at`), letters and a to f (`spelling_at`)."""
    if pos + 64 <= limit:
        breaks, values, slashes, _, _ = marks_at(pos, lines)
        letters, hexes = spelling_at(pos)
        return breaks, values, slashes, letters, hexes
    breaks, values, slashes, _, _ = near_end(pos, limit)
    letters, hexes = NONE, NONE
    for lane in range(limit - pos):
        byte, bit = byte_at(pos + lane), ONE << np.uint64(lane)
        letters |= bit if is_letter(byte) or byte >= 128 else NONE
        hexes |= bit if 97 <= (byte | 32) <= 102 else NONE
    return breaks, values, slashes, letters, hexes


@inlined
def seen_flags(
    start: int,
    end: int,
    inside: np.uint64,
    values: np.uint64,
    slashes: np.uint64,
    letters: np.uint64,
    hexes: np.uint64,
) -> int:
    """`word_flags` of a word that is the lanes `inside` of the masks."""
    paths = slashes & inside
    if values & inside or ones(paths) >= 2 or (end - start > 1 and paths & inside & (~inside + ONE)):
        return F_VARIABLE
    if end - start >= 8 and hexes & inside == inside:
        return F_VARIABLE
    inner = inside & (inside << ONE) & (inside >> ONE)
    marks = inner & ~(letters | slashes)
    if marks and host_like(start, end):
        return F_VARIABLE
    return F_IDENTIFIER if (marks or paths) and letters & inside else 0


@kernel
def constant_value(start: int, end: int) -> bool:
    """true, false, null, none, nil in any case: values, never words of a message."""
    length, a = end - start, byte_at(start) | 32
    if length == 4:
        b, d = byte_at(start + 1) | 32, byte_at(start + 3) | 32
        return (a == 116 and b == 114 and d == 101) or (a == 110 and b == 117 and d == 108)
    if length == 5:
        return a == 102 and (byte_at(start + 1) | 32) == 97 and (byte_at(start + 4) | 32) == 101
    return False


@kernel
def word_end(pos: int, end: int, kinds: int, whole: bool) -> int:
    """End of the word at pos. A colon inside stays when it belongs to an address, a time or a URL."""
    at, digit = pos, False
    while at < end:
        byte = byte_at(at)
        kind = byte_at(kinds + byte)
        if kind == BLANK or byte == 92:
            break
        if kind == SEPARATOR:
            if byte == 58 and at + 1 < end:
                following = byte_at(at + 1)
                if following == 47 and at + 2 < end and byte_at(at + 2) == 47:
                    whole, digit = True, True
                elif not (digit or is_digit(following)) or byte_at(kinds + following) != 0:
                    break
            elif not (whole and byte == 61 and digit):
                break
        digit = digit or is_digit(byte)
        at += 1
    return at


@inlined
def ends_word(stop: int, end: int, kinds: int, whole: bool) -> bool:
    """Whether a word surely ends at the byte `stop`, one of BREAKS; else `word_end` tells."""
    byte = byte_at(stop)
    if byte == 58:
        return stop + 1 >= end or byte_at(kinds + byte_at(stop + 1)) != 0
    return byte == 92 or (byte_at(kinds + byte) != 0 and not (whole and byte == 61))


@inlined
def word_stop(pos: int, end: int, left: np.uint64, kinds: int, whole: bool) -> int:
    """Where the word at pos ends; `left` are the breaks seen from there on."""
    stop = min(pos + (trailing_zeros(left) if left else 64), end)
    if stop < end and not (left and ends_word(stop, end, kinds, whole)):
        stop = word_end(pos, end, kinds, whole)
    return max(stop, pos + 1)


@inlined
def unpunctuated(pos: int, stop: int) -> int:
    """End of a word without the marks that end a sentence."""
    while stop > pos + 1 and byte_at(stop - 1) in (46, 33, 63):
        stop -= 1
    return stop


@kernel
def cut(
    base: int, start: int, end: int, limit: int, escaped: int, kinds: int, lines: int,
    hashes: Words, spans: Ints, flags: Bytes, first: int,
) -> int:  # fmt: skip
    """Tokens of the exemplar at addresses [start, end) into `hashes` and `flags` from `first` on; where they end.

    Their spans go into the first rows of `spans`.
    """
    count, pos, blank, after_key = first, start, False, False
    held = 0  # the last token when it is a separator
    window, (breaks, values, slashes, letters, hexes) = start, seen_at(start, limit, lines)
    while pos < end and count < first + MOST_TOKENS:
        byte = byte_at(pos)
        if byte == 27:
            pos += 1
            while pos < end and not is_letter(byte_at(pos)):
                pos += 1
            pos += 1
            continue
        if byte == 92 and escaped and pos + 1 < end and byte_at(pos + 1) != 117:
            blank = blank or byte_at(pos + 1) != 34
            pos += 1 if byte_at(pos + 1) == 34 else 2
            continue
        kind = byte_at(kinds + byte)
        if kind == BLANK:
            blank, pos = True, pos + 1
            after_key = after_key and (count == first or held == 61)
            continue
        if kind == SEPARATOR:
            stop = closing_quote(pos, end, kinds) if byte in (34, 39, 96) and count > first else -1
            if stop > pos + 1 and (blank or pos == start or byte_at(kinds + byte_at(pos - 1)) == SEPARATOR):
                count = put(
                    hashes, spans, flags, first, count, held, VARIABLE, pos - base, stop + 1 - base,
                    F_VARIABLE,
                )  # fmt: skip
                pos, blank, after_key, held = stop + 1, False, False, 0
                continue
            after_key = byte == 61 and count > first and held == 0
            count = put(
                hashes, spans, flags, first, count, 0, (OFFSET ^ np.uint64(byte)) * PRIME, pos - base,
                pos + 1 - base, F_SEPARATOR,
            )  # fmt: skip
            pos, blank, held = pos + 1, False, byte
            continue
        if pos - window >= 64 or not breaks >> np.uint64(pos - window):
            window, (breaks, values, slashes, letters, hexes) = pos, seen_at(pos, limit, lines)
        stop = word_stop(pos, end, breaks >> np.uint64(pos - window), kinds, after_key)
        last = unpunctuated(pos, stop)
        if last - window <= 64:
            inside = (~NONE >> np.uint64(64 - (last - pos))) << np.uint64(pos - window)
            flag = seen_flags(pos, last, inside, values, slashes, letters, hexes)
        else:
            flag = word_flags(pos, last)
        key = VARIABLE
        if after_key or constant_value(pos, last):
            flag |= F_VARIABLE
        elif not flag & F_VARIABLE:
            key = block_hash(pos, last, limit, OFFSET, NO_FOLD)
        count = put(hashes, spans, flags, first, count, held, key, pos - base, last - base, flag)
        pos, blank, after_key, held = stop, False, False, 0
    return count


@inlined
def put(
    hashes: Words, spans: Ints, flags: Bytes, first: int, count: int, held: int, key: np.uint64, start: int,
    stop: int, flag: int,
) -> int:  # fmt: skip
    """Append a token; a variable that follows a variable (or one and a comma or colon, `held`) widens it."""
    if flag & F_VARIABLE and count > first:
        if hashes[count - 1] == VARIABLE:
            spans[count - first - 1, 1] = stop
            return count
        if count > first + 1 and hashes[count - 2] == VARIABLE and (held == 44 or held == 58):
            spans[count - first - 2, 1] = stop
            return count - 1
    hashes[count], flags[count] = key, flag
    spans[count - first, 0], spans[count - first, 1] = start, stop
    return count + 1


@making
def longer(hashes: Words, flags: Bytes, used: int) -> tuple[Words, Bytes]:
    """Twice the room, what is used copied."""
    size = len(hashes) * 2
    more, others = np.empty(size, np.uint64), np.empty(size, np.uint8)
    more[:used], others[:used] = hashes[:used], flags[:used]
    return more, others


@making
def tokenise(buf: Bytes, slots: Ints, kinds: Bytes, lines: int) -> tuple[Words, Bytes, Ints]:
    """Tokens of every slot's exemplar: hashes and flags; and the bounds of each slot's tokens.

    `kinds` is the `separator_table`, `lines` the address of `marking_lines`. Where they stand `places` tells of few.
    """
    room = len(slots) * 16 + 2 * MOST_TOKENS
    hashes, flags = np.empty(room, np.uint64), np.empty(room, np.uint8)
    spans = np.empty((MOST_TOKENS + 2, 2), np.int64)
    bounds, used = np.zeros(len(slots) + 1, np.int64), 0
    # Signed: numba takes an address for unsigned, and all below would be compiled twice.
    base: Any = np.int64(buf.ctypes.data)
    table: Any = np.int64(kinds.ctypes.data)
    for row in range(len(slots)):
        coming = base + slots[min(row + 4, len(slots) - 1), S_MESSAGE]
        fetch_ahead(coming)
        fetch_ahead(coming + 64)
        if used + MOST_TOKENS + 2 > len(hashes):
            hashes, flags = longer(hashes, flags, used)
        first, last = slots[row, S_MESSAGE], slots[row, S_MESSAGE + 1]
        used = cut(
            base, base + first, base + min(last, first + TEXT_BYTES), base + len(buf), slots[row, S_ESCAPED],
            table, lines, hashes, spans, flags, used,
        )  # fmt: skip
        bounds[row + 1] = used
    return hashes[:used], flags[:used], bounds


@making
def places(buf: Bytes, slots: Ints, bounds: Ints, kinds: Bytes, lines: int) -> Ints:
    """Spans (start, end) of the tokens of the exemplars of a few slots; `bounds` are those of each slot's tokens."""
    hashes, flags = np.empty(MOST_TOKENS + 2, np.uint64), np.empty(MOST_TOKENS + 2, np.uint8)
    spans = np.empty((bounds[-1] + MOST_TOKENS + 2, 2), np.int64)
    base: Any = np.int64(buf.ctypes.data)
    table: Any = np.int64(kinds.ctypes.data)
    for row in range(len(slots)):
        first, last = slots[row, S_MESSAGE], slots[row, S_MESSAGE + 1]
        cut(
            base, base + first, base + min(last, first + TEXT_BYTES), base + len(buf), slots[row, S_ESCAPED],
            table, lines, hashes, spans[bounds[row] :], flags, 0,
        )  # fmt: skip
    return spans[: bounds[-1]]
