"""Kernels for skeletons: the 64-bit hash of a message without its numbers, and the id found on the way."""

import numpy as np

from holdfast.diagnostics.logs.keyed import R_ID, R_ID_RANK
from holdfast.diagnostics.logs.lanes import Masks, letters_at, marks_at
from holdfast.diagnostics.logs.matching import X_LIMIT, Bytes
from holdfast.diagnostics.logs.memory import (
    PRIME,
    byte_at,
    first_bytes,
    folded,
    get,
    is_digit,
    is_letter,
    leading_zeros,
    ones,
    put,
    trailing_zeros,
    word_at,
)
from holdfast.diagnostics.logs.opcodes import Charset, Ctx
from holdfast.kernels import inlined, kernel

ONE, NONE = np.uint64(1), np.uint64(0)
MIX, MIX_SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
MIX_THIRD, MIX_FOURTH = np.uint64(0x165667B19E3779F9), np.uint64(0x27D4EB2F165667C5)
LAST = np.uint64(63)
X_MARKING = int(Ctx.MARKING)


def charsets() -> Bytes:
    """Charset bits of every byte."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        char = chr(byte) if byte < 128 else "x"
        table[byte] |= Charset.ANY
        if byte not in (9, 32):
            table[byte] |= Charset.VISIBLE
        if char.isdigit():
            table[byte] |= Charset.DIGITS
        if char in "0123456789abcdefABCDEF":
            table[byte] |= Charset.HEX
        if char.isalnum() or char in "_.-$":
            table[byte] |= Charset.IDENTIFIER
        if char not in " \t[:]=":
            table[byte] |= Charset.UNIT
        if char in "0123456789abcdefABCDEF-":
            table[byte] |= Charset.TOKEN & 0xFF
        if char in "0123456789smhdy<>unkow":
            table[byte] |= Charset.AGE & 0xFF
    return table


CHARSETS = charsets()


@kernel
def key_before(pos: int, floor: int) -> int:
    """Rank of the key in front of a value at pos: 9 trace id, 7 request or correlation id, 1 span id, 0."""
    at = pos - 1
    while at >= floor and byte_at(at) in (32, 34, 39, 61, 58, 91, 92):
        at -= 1
    if at < floor + 1 or at == pos - 1 or (byte_at(at) | 32) != 100 or (byte_at(at - 1) | 32) != 105:
        return 0
    at -= 2
    while at >= floor and byte_at(at) in (95, 45, 46, 32):
        at -= 1
    if at < floor + 2:
        return 0
    a, b, c = byte_at(at - 2) | 32, byte_at(at - 1) | 32, byte_at(at) | 32
    if a == 97 and b == 99 and c == 101:  # trace
        return 9
    if a == 112 and b == 97 and c == 110:  # span
        return 1
    if (a == 101 and b == 115 and c == 116) or (a == 114 and b == 101 and c == 113):  # request, req
        return 7
    if c == 114 and not is_letter(byte_at(at - 1)):  # rid
        return 7
    if a == 105 and b == 111 and c == 110 and at >= floor + 4 and (byte_at(at - 3) | 32) == 116:
        return 7 if (byte_at(at - 4) | 32) == 97 and (byte_at(at - 5) | 32) == 108 else 0  # correlation
    return 0


@inlined
def is_id_byte(byte: int) -> bool:
    return is_digit(byte) or is_letter(byte) or byte == 45 or byte == 95


@inlined
def is_hex(byte: int) -> bool:
    return is_digit(byte) or 97 <= (byte | 32) <= 102


@inlined
def keep_id(start: int, stop: int, rank: int, regs: int) -> None:
    """Keep the span as the record's id when it outranks the one kept."""
    if rank > get(regs, R_ID_RANK) and rank > 1:
        put(regs, R_ID, start)
        put(regs, R_ID + 1, stop)
        put(regs, R_ID_RANK, rank)


@inlined
def dashed(at: int) -> bool:
    """Whether dashes stand where those of a UUID stand, the first at `at`."""
    return byte_at(at) == 45 and byte_at(at + 5) == 45 and byte_at(at + 10) == 45 and byte_at(at + 15) == 45


@kernel
def shaped_id(start: int, stop: int, limit: int) -> tuple[int, int, int]:
    """First and last byte and rank of a trace id (8) or UUID (4) inside the word; rank 0 when there is none."""
    if stop - start <= 64 and start + 64 <= limit:
        return shaped_id_near(start, stop - start)
    at = start
    while at < stop:
        first = at
        while at < stop and is_hex(byte_at(at)):
            at += 1
        length = at - first
        apart = at >= stop or not is_letter(byte_at(at))
        if length == 32 and apart:
            return first, at, 8
        if length == 8 and first + 36 <= stop and dashed(at):
            return first, first + 36, 4
        while at < stop and (is_letter(byte_at(at)) or is_digit(byte_at(at))):
            at += 1
        at += 1
    return start, stop, 0


@kernel
def shaped_id_near(start: int, length: int) -> tuple[int, int, int]:
    """`shaped_id` of a word of at most 64 bytes, which all can be read at once."""
    inside = ~NONE >> np.uint64(64 - length)
    hexes, letters = letters_at(start)
    hexes, letters = hexes & inside, letters & inside
    eight = hexes & (hexes >> ONE)
    eight &= eight >> np.uint64(2)
    eight &= eight >> np.uint64(4)
    begins = eight & ~(letters << ONE)
    while begins:
        first, lane = start + trailing_zeros(begins), np.uint64(trailing_zeros(begins))
        others = ~(hexes >> lane)
        count = trailing_zeros(others) if others else 64
        if count == 32 and not (letters >> lane) >> np.uint64(32) & ONE:
            return first, first + 32, 8
        if count == 8 and first + 36 <= start + length and dashed(first + 8):
            return first, first + 36, 4
        begins &= begins - ONE
    return start, start + length, 0


@kernel
def consider_id(start: int, stop: int, end: int, floor: int, limit: int, regs: int) -> None:
    """Keep the word [start, stop) as the record's id when its shape or key outranks the one kept."""
    if get(regs, R_ID_RANK) >= 9:
        return
    key = key_before(start, floor)
    first, last, rank = start, stop, 0
    if stop - start >= 32:
        first, last, rank = shaped_id(start, stop, limit)
    elif start > floor and byte_at(start - 1) == 91 and stop < end and byte_at(stop) == 93:
        rank = 3  # a column of its own: [d2a0473d0cc3]
        for at in range(start, stop):
            rank = rank if is_hex(byte_at(at)) else 0
    if key == 0 or rank == 8:
        keep_id(first, last, max(key, rank), regs)
    elif key > 0:
        last = start
        while last < stop and is_id_byte(byte_at(last)):
            last += 1
        if last - start <= 64:
            keep_id(start, last, key, regs)


@inlined
def opens(byte: int) -> bool:
    """Whether a byte is one of BREAKS."""
    if byte <= 44:
        return (byte <= 34 and byte != 33) or byte == 44 or 39 <= byte <= 41
    return 58 <= byte <= 62 or 91 <= byte <= 93 or byte == 96 or 123 <= byte <= 125


@kernel
def near_end(pos: int, limit: int) -> Masks:
    """What `marks_at` tells, where fewer than 64 bytes may be read; bytes past the limit are breaks."""
    breaks, values, slashes, quotes, equals = NONE, NONE, NONE, NONE, NONE
    for lane in range(64):
        byte, bit = byte_at(pos + lane) if pos + lane < limit else 0, ONE << np.uint64(lane)
        if opens(byte):
            breaks |= bit
        if is_digit(byte) or byte == 64:
            values |= bit
        elif byte == 47:
            slashes |= bit
        elif byte == 61:
            equals |= bit
        elif byte == 34 or byte == 39 or byte == 96:
            quotes |= bit
    return breaks, values, slashes, quotes, equals


@kernel
def long_word(pos: int, end: int, limit: int, lines: int) -> tuple[int, bool]:
    """Where a word of 64 bytes and more ends, and whether it is a value."""
    value, slashes = False, 1 if byte_at(pos) == 47 else 0
    while pos < end:
        breaks, values, paths, _, _ = marks_at(pos, lines) if pos + 64 <= limit else near_end(pos, limit)
        length = trailing_zeros(breaks) if breaks else 64
        inside = (ONE << np.uint64(length)) - ONE if length < 64 else ~np.uint64(0)
        value, slashes = value or values & inside != 0, slashes + ones(paths & inside)
        pos += length
        if length < 64:
            break
    return min(pos, end), value or slashes >= 2


@kernel
def quoted(first: int, stop: int, start: int, end: int) -> bool:
    """Whether the word stands alone in quotes that open after a break: the name of something."""
    quote, after = byte_at(first - 1), stop
    if first - 1 <= start or (quote != 39 and quote != 34 and quote != 96):
        return False
    if not opens(byte_at(first - 2)):
        return False
    if after < end and byte_at(after) == 92:
        after += 1
    if after >= end or byte_at(after) != quote:
        return False
    following = byte_at(after + 1) if after + 1 < end else 32
    return following != 58 and (opens(following) or following == 46 or following == 33 or following == 63)


@inlined
def word_byte(pos: int, start: int) -> np.uint64:
    """1 when the byte at pos is in the text that starts at `start` and part of a word."""
    return NONE if pos < start or opens(byte_at(pos)) else ONE


@inlined
def first_of(starts: np.uint64, stop: int) -> int:
    """First lane of the word that ends before lane `stop`, by the mask of first lanes."""
    return 63 - leading_zeros(starts & ((ONE << np.uint64(stop)) - ONE))


@kernel
def named_values(
    pos: int, start: int, end: int, words: np.uint64, starts: np.uint64, ends: np.uint64,
    paths: np.uint64, named: np.uint64,
) -> np.uint64:  # fmt: skip
    """`ends` (lanes after words that are values) with those of paths and of names in quotes.

    `paths` are the slashes of the window, `named` the first lanes of words after a quote.
    """
    left = (words + paths) & ~words & ~ends
    while left:
        stop = trailing_zeros(left)
        inside = (ONE << np.uint64(stop)) - (ONE << np.uint64(first_of(starts, stop)))
        if ones(paths & inside) >= 2:
            ends |= left & (~left + ONE)
        left &= left - ONE
    while named:
        first = trailing_zeros(named)
        stop = first + trailing_zeros(~(words >> np.uint64(first)))
        bit = ONE << np.uint64(stop)
        if not ends & bit and quoted(pos + first, pos + stop, start, end):
            ends |= bit
        named &= named - ONE
    return ends


@inlined
def absorbed(pos: int, end: int, limit: int, secret: np.uint64, total: np.uint64) -> np.uint64:
    """The hash `total` with the bytes [pos, end), at least one, folded in; `secret` says what they are."""
    total ^= np.uint64(end - pos) * MIX_FOURTH
    while end - pos > 16:
        total = folded(word_at(pos) ^ MIX, word_at(pos + 8) ^ total)
        pos += 16
    if end - pos >= 8:
        return folded(word_at(pos) ^ secret, word_at(end - 8) ^ total)
    return folded(first_bytes(pos, end - pos, limit) ^ secret, total)


@kernel
def skeleton(ctx: int, start: int, end: int, seed: np.uint64, regs: int) -> np.uint64:
    """Hash of the words of [start, end) and the marks between them.

    Words that the induction takes as variable anyway (with a digit or `@`, paths, what follows `key=`, a
    name in quotes) are one mark, and so are runs of them: what stands between two values is hashed in one go.
    The best id on the way is left in the registers.
    """
    limit, lines = get(ctx, X_LIMIT), get(ctx, X_MARKING)
    total, pos, gap, last = seed, start, start, start
    seen = False
    while pos < end:
        breaks, digits, slashes, quotes, equals = (
            marks_at(pos, lines) if pos + 64 <= limit else near_end(pos, limit)
        )
        words, window, size = ~breaks, pos, end - pos
        if size < 64:
            words &= (ONE << np.uint64(size)) - ONE
        else:
            size = 64
            if words >> LAST:  # the word may go on: it is the next window's
                size = 64 - leading_zeros(breaks) if breaks else 0
                words &= (ONE << np.uint64(size)) - ONE
        pos += size
        if size == 0:
            stop, value = long_word(window, end, limit, lines)
            after_key = window > start and byte_at(window - 1) == 61 and word_byte(window - 2, start) == ONE
            if value or after_key or quoted(window, stop, start, end):
                consider_id(window, stop, end, start, limit, regs)
                single = byte_at(gap)
                if not (seen and window - gap == 1 and (single == 32 or single == 58 or single == 44)):
                    total = absorbed(gap, window, limit, MIX_SECOND, total) if window > gap else total * PRIME
                seen, gap = True, stop
            pos = last = stop
            continue
        if not words:
            continue
        before, twice = words << ONE, words << np.uint64(2)
        equals, quotes = equals << ONE, quotes << ONE
        if window > start:
            held, byte = word_byte(window - 1, start), byte_at(window - 1)
            before |= held
            twice |= (held << ONE) | word_byte(window - 2, start)
            equals |= ONE if byte == 61 else NONE
            quotes |= ONE if byte == 34 or byte == 39 or byte == 96 else NONE
        starts = words & ~before
        marks = (digits | (equals & starts & twice) | (slashes & starts & (words >> ONE))) & words
        ends = (words + marks) & ~words
        named = quotes & starts & ~twice
        if named or slashes & words:
            ends = named_values(window, start, end, words, starts, ends, slashes & words, named)
        while ends:
            until = trailing_zeros(ends)
            ends &= ends - ONE
            first, stop = window + first_of(starts, until), window + until
            if stop - first >= 8:
                consider_id(first, stop, end, start, limit, regs)
            if first - gap == 1 and seen:
                single = byte_at(gap)
                if single == 32 or single == 58 or single == 44:
                    gap = stop
                    continue
            total = absorbed(gap, first, limit, MIX_SECOND, total) if first > gap else total * PRIME
            seen, gap = True, stop
        last = window + 64 - leading_zeros(words)
    if last > gap:
        total = absorbed(gap, last, limit, MIX_THIRD, total)
    while last < end and byte_at(last) <= 32:
        last += 1
    if last < end:
        total = absorbed(last, end, limit, MIX_FOURTH, total)
    return total if total else ONE


@kernel
def frame_hash(start: int, end: int, total: np.uint64) -> np.uint64:
    """Fold one continuation line into a stack's hash; numbers and free text after `Type:` do not count."""
    total ^= PRIME
    stop, before, titled = min(end, start + 512), 32, start < end and is_letter(byte_at(start))
    for at in range(start, stop):
        byte = byte_at(at)
        if titled and byte == 58:
            break
        if is_digit(byte) or (is_digit(before) and is_hex(byte)):
            if not is_digit(before):
                total = (total ^ ONE) * PRIME
            before = 48
            continue
        total = (total ^ np.uint64(byte)) * PRIME
        before = byte
    return total ^ (total >> np.uint64(31))
