"""Kernels for skeletons: the 64-bit hash of a message without its numbers, and the id found on the way."""

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.keyed import R_ID, R_ID_RANK
from holdfast.diagnostics.logs.matching import X_CLASSES, X_LIMIT, Bytes
from holdfast.diagnostics.logs.memory import OFFSET, PRIME, block_hash, byte_at, get, is_digit, is_letter, put
from holdfast.diagnostics.logs.opcodes import Charset

WORD, DIGIT, BEYOND_HEX, GLUE, BLANK = 1, 2, 4, 8, 16
ONE, THIRTY_ONE, NO_FOLD = np.uint64(1), np.uint64(31), np.uint64(0)


def byte_classes() -> Bytes:
    """Class bits of every byte; bytes above 127 (UTF-8) belong to words."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        char = chr(byte)
        if byte >= 128 or char == "_":
            table[byte] = WORD | BEYOND_HEX
        elif char.isalpha():
            table[byte] = WORD | (0 if char in "abcdefABCDEF" else BEYOND_HEX)
        elif char.isdigit():
            table[byte] = WORD | DIGIT
        elif char in ".-:/,+":
            table[byte] = GLUE
        elif byte in (0, 9, 13, 32):
            table[byte] = BLANK
    return table


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


CLASSES = np.concatenate([byte_classes(), charsets()])


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


@njit(cache=True, nogil=True, inline="always")
def is_id_byte(byte: int) -> bool:
    return is_digit(byte) or is_letter(byte) or byte == 45 or byte == 95


@njit(cache=True, nogil=True)
def ends_uuid(start: int) -> bool:
    """Whether the twelve digits at start are the last group of a UUID."""
    last = byte_at(start - 1) == 45 and byte_at(start - 6) == 45
    return last and byte_at(start - 11) == 45 and byte_at(start - 16) == 45


@njit(cache=True, nogil=True)
def consider_id(start: int, stop: int, end: int, hexadecimal: bool, floor: int, regs: int) -> None:
    """Keep the word [start, stop) as the record's id when its shape or key outranks the one kept."""
    length, rank, begin = stop - start, 0, start
    if length > 64:
        return
    if hexadecimal and length == 32:
        rank = 8
    elif hexadecimal and length == 12 and start - 24 >= floor and ends_uuid(start):
        begin, rank = start - 24, 4
    elif hexadecimal and start > floor and byte_at(start - 1) == 91 and stop < end and byte_at(stop) == 93:
        rank = 3  # a column of its own: [d2a0473d0cc3]
    if rank <= get(regs, R_ID_RANK) and get(regs, R_ID_RANK) > 7:
        return
    key = 0
    if rank < 8:
        while begin > floor and is_id_byte(byte_at(begin - 1)):
            begin -= 1
        key = key_before(begin, floor)
        if key > 1:
            while stop < end and is_id_byte(byte_at(stop)):
                stop += 1
    else:
        key = key_before(begin, floor)
    begin = start - 24 if rank == 4 and key == 0 else begin
    if key:
        rank = key
    if rank > get(regs, R_ID_RANK) and rank > 1:
        put(regs, R_ID, begin)
        put(regs, R_ID + 1, stop)
        put(regs, R_ID_RANK, rank)


@njit(cache=True, nogil=True)
def skeleton(ctx: int, start: int, end: int, seed: np.uint64, regs: int) -> np.uint64:
    """Hash of [start, end) with words that hold a digit, and the glue between them, taken as one mark.

    So are the names of a path and what follows `key=`: the induction takes them as variable anyway.

    The best id-like word found on the way is left in the registers.
    """
    classes, limit = get(ctx, X_CLASSES), get(ctx, X_LIMIT)
    total, glue, pos = seed, OFFSET, start
    after_var, blank, glued, forced, wordy = False, True, False, False, False
    while pos < end:
        kind = byte_at(classes + byte_at(pos))
        if kind & WORD:
            first, bits = pos, kind
            pos += 1
            while pos < end:
                kind = byte_at(classes + byte_at(pos))
                if not kind & WORD:
                    break
                bits |= kind
                pos += 1
            if bits & DIGIT or forced or (glued and bits & BEYOND_HEX == 0 and pos - first >= 4):
                if pos - first >= 8 and bits & DIGIT:
                    consider_id(first, pos, end, bits & BEYOND_HEX == 0, start, regs)
                if not glued:
                    total = (total ^ ONE) * PRIME
                after_var = True
            else:
                if glued:
                    total = (total ^ glue) * PRIME
                total = block_hash(first, pos, limit, total, NO_FOLD)
                after_var = False
            blank, glued, wordy = False, False, True
            if pos >= end:
                break
        if kind & BLANK:
            if glued:
                total = (total ^ glue) * PRIME
            if not blank:
                total = (total ^ np.uint64(32)) * PRIME
            blank, after_var, glued, forced, wordy = True, False, False, False, False
        elif kind & GLUE and after_var:
            glue = ((glue if glued else OFFSET) ^ np.uint64(byte_at(pos))) * PRIME
            glued = True
        else:
            byte = byte_at(pos)
            if glued:
                total = (total ^ glue) * PRIME
            total = (total ^ np.uint64(byte)) * PRIME
            total ^= total >> THIRTY_ONE
            after_var = glued = False
            if byte == 47 and not wordy and pos + 1 < end:  # a path: its names are values
                total, forced, after_var, glued, glue = (total ^ ONE) * PRIME, True, True, True, OFFSET
            else:
                forced = byte == 61 and wordy  # what follows `key=` is a value
            blank, wordy = False, False
        pos += 1
    if glued:
        total = (total ^ glue) * PRIME
    total ^= total >> THIRTY_ONE
    return total if total else ONE


@njit(cache=True, nogil=True)
def frame_hash(ctx: int, start: int, end: int, total: np.uint64, scratch: int) -> np.uint64:
    """Fold one continuation line into a stack's hash; free text after `Type:` does not count."""
    stop = min(end, start + 512)
    if start < stop and is_letter(byte_at(start)):
        at = start
        while at < stop and byte_at(at) != 58:
            at += 1
        stop = at
    return skeleton(ctx, start, stop, total ^ PRIME, scratch)
