"""Kernels for skeletons: the 64-bit hash of a message without its numbers, and the id found on the way."""

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.keyed import R_ID, R_ID_RANK
from holdfast.diagnostics.logs.matching import X_LIMIT, Bytes
from holdfast.diagnostics.logs.memory import (
    PRIME,
    block_hash,
    byte_at,
    first_bytes,
    get,
    is_digit,
    is_letter,
    marks_at,
    ones,
    put,
    trailing_zeros,
)
from holdfast.diagnostics.logs.opcodes import Charset

ONE, NO_FOLD, HALF = np.uint64(1), np.uint64(0), np.uint64(32)
MIX, MIX_SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
BLANK, EQUALS = np.uint64(0x20), np.uint64(0x3D)
COLON, COMMA = np.uint64(0x3A), np.uint64(0x2C)


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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True, forceinline=True)
def is_id_byte(byte: int) -> bool:
    return is_digit(byte) or is_letter(byte) or byte == 45 or byte == 95


@njit(cache=True, nogil=True)
def is_hex(byte: int) -> bool:
    return is_digit(byte) or 97 <= (byte | 32) <= 102


@njit(cache=True, nogil=True)
def keep_id(start: int, stop: int, rank: int, regs: int) -> None:
    """Keep the span as the record's id when it outranks the one kept."""
    if rank > get(regs, R_ID_RANK) and rank > 1:
        put(regs, R_ID, start)
        put(regs, R_ID + 1, stop)
        put(regs, R_ID_RANK, rank)


@njit(cache=True, nogil=True)
def dashed(at: int) -> bool:
    """Whether dashes stand where those of a UUID stand, the first at `at`."""
    return byte_at(at) == 45 and byte_at(at + 5) == 45 and byte_at(at + 10) == 45 and byte_at(at + 15) == 45


@njit(cache=True, nogil=True)
def shaped_id(start: int, stop: int) -> tuple[int, int, int]:
    """First and last byte and rank of a trace id (8) or UUID (4) inside the word; rank 0 when there is none."""
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


@njit(cache=True, nogil=True)
def consider_id(start: int, stop: int, end: int, floor: int, regs: int) -> None:
    """Keep the word [start, stop) as the record's id when its shape or key outranks the one kept."""
    if get(regs, R_ID_RANK) >= 9:
        return
    key = key_before(start, floor)
    first, last, rank = start, stop, 0
    if stop - start >= 32:
        first, last, rank = shaped_id(start, stop)
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


@njit(cache=True, nogil=True)
def opens(byte: int) -> bool:
    """Whether a byte is one of BREAKS."""
    if byte <= 44:
        return (byte <= 34 and byte != 33) or byte == 44 or 39 <= byte <= 41
    return 58 <= byte <= 62 or 91 <= byte <= 93 or byte == 96 or 123 <= byte <= 125


@njit(cache=True, nogil=True)
def near_end(pos: int, limit: int) -> tuple[np.uint64, np.uint64, np.uint64]:
    """What `marks_at` tells, where fewer than 64 bytes may be read; bytes past the limit are breaks."""
    breaks, values, slashes = np.uint64(0), np.uint64(0), np.uint64(0)
    for lane in range(64):
        byte, bit = byte_at(pos + lane) if pos + lane < limit else 0, ONE << np.uint64(lane)
        if opens(byte):
            breaks |= bit
        elif is_digit(byte) or byte == 64:
            values |= bit
        elif byte == 47:
            slashes |= bit
    return breaks, values, slashes


@njit(cache=True, nogil=True)
def long_word(pos: int, end: int, limit: int) -> tuple[int, bool]:
    """Where a word of 64 bytes and more ends, and whether it is a value."""
    value, slashes = False, 1 if byte_at(pos) == 47 else 0
    while pos < end:
        breaks, values, paths = marks_at(pos) if pos + 64 <= limit else near_end(pos, limit)
        length = trailing_zeros(breaks) if breaks else 64
        inside = (ONE << np.uint64(length)) - ONE if length < 64 else ~np.uint64(0)
        value, slashes = value or values & inside != 0, slashes + ones(paths & inside)
        pos += length
        if length < 64:
            break
    return min(pos, end), value or slashes >= 2


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def skeleton(ctx: int, start: int, end: int, seed: np.uint64, regs: int) -> np.uint64:
    """Hash of the words of [start, end) and the marks between them.

    Words that the induction takes as variable anyway (with a digit or `@`, paths, what follows `key=`, a
    name in quotes) are one mark, and so are runs of them. The best id on the way is left in the registers.
    """
    limit = get(ctx, X_LIMIT)
    total, pos, gap = seed, start, start
    was_value = False
    while pos < end:
        breaks, values, slashes = marks_at(pos) if pos + 64 <= limit else near_end(pos, limit)
        words, window = ~breaks, pos
        if end - pos < 64:
            words &= (ONE << np.uint64(end - pos)) - ONE
        pos = min(pos + 64, end)
        while words:
            low = trailing_zeros(words)
            rest = ~(words >> np.uint64(low))
            length = trailing_zeros(rest) if rest else 64
            first, stop = window + low, window + low + length
            inside = ((ONE << np.uint64(length)) - ONE) << np.uint64(low) if length < 64 else ~np.uint64(0)
            words &= ~inside
            value = values & inside != 0
            if slashes & inside and length > 1:
                value = value or byte_at(first) == 47 or ones(slashes & inside) >= 2
            if low + length == 64 and stop < end:
                if low:
                    pos = first  # the word may go on: look again from its start
                    break
                stop, value = long_word(first, end, limit)
                pos, words, length = stop, np.uint64(0), stop - first
            marks = first_bytes(gap, first - gap, limit)
            if first - gap > 8:
                marks = block_hash(gap, first, limit, marks, NO_FOLD)
            if marks == EQUALS and gap > start:
                value = True
            elif first > gap and byte_at(first - 1) != 32:
                value = value or quoted(first, stop, start, end)
            if value and length >= 8:
                consider_id(first, stop, end, start, regs)
            word = first_bytes(first, length, limit) * MIX
            word ^= first_bytes(first + 8, length - 8, limit) * MIX_SECOND
            if length > 16:
                word = block_hash(first + 16, stop, limit, word, NO_FOLD)
            joins = was_value and value and marks in (BLANK, COLON, COMMA)
            longer = ((total ^ marks) * PRIME ^ (ONE if value else word ^ (word >> HALF))) * PRIME
            total = total if joins else longer ^ (longer >> HALF)
            was_value, gap = value, stop
    while gap < end and byte_at(gap) <= 32:
        gap += 1
    if gap < end:
        total = block_hash(gap, end, limit, total, NO_FOLD)
    return total if total else ONE


@njit(cache=True, nogil=True)
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
