"""The one-pass scan: lines -> records with time, level, id, component and a 64-bit skeleton."""

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.keyed import scan_json, scan_logfmt
from holdfast.diagnostics.logs.matching import (
    ANY_LEVEL,
    BLANKS,
    CAPTURE,
    DAY,
    JSON,
    L_ERROR,
    L_INFO,
    L_WARN,
    LEVEL,
    LEVEL_CHAR,
    LITERAL,
    LOCATION,
    LOGFMT,
    MESSAGE,
    OFFSET,
    OPTIONAL,
    OPTIONAL_END,
    PARTIAL_FLAG,
    PRIME,
    PRIORITY,
    PRIORITY_LEVELS,
    R_COMPONENT,
    R_ID,
    R_ID_RANK,
    R_LEVEL,
    R_MESSAGE,
    R_PARTIAL,
    STATUS,
    WEEKDAY,
    YEAR4,
    Bytes,
    Ints,
    Words,
    calendar_step,
    capture,
    clock_step,
    digits,
    is_digit,
    is_letter,
    level_at,
    location,
    lookup,
)

# Byte classes: bit 0 word, 1 digit, 2 letter beyond f, 3 glue, 4 blank.
WORD, DIGIT, BEYOND_HEX, GLUE, BLANK = 1, 2, 4, 8, 16


def byte_classes() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
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


CLASSES = byte_classes()


@njit(cache=True, nogil=True)
def skip_escape(buf: Bytes, pos: int, end: int) -> int:
    """Position after terminal colour sequences (ESC [ ... letter, or its JSON form \\u001b[...)."""
    while pos < end:
        if buf[pos] == 27 and pos + 1 < end and buf[pos + 1] == 91:
            pos += 2
        elif buf[pos] == 92 and pos + 6 < end and buf[pos + 1] == 117 and buf[pos + 4] == 49:
            if (buf[pos + 5] | 32) != 98 or buf[pos + 6] != 91:
                return pos
            pos += 7
        else:
            return pos
        while pos < end and not is_letter(buf[pos]):
            pos += 1
        pos += 1
    return min(pos, end)


@njit(cache=True, nogil=True)
def field_step(
    op: int, a: int, b: int, c: int, buf: Bytes, pos: int, end: int, keys: Words, values: Ints, regs: Ints
) -> int:
    """Run one step that reads a field; new position or -1."""
    if op == CAPTURE or op == LOCATION:
        stop = capture(buf, pos, end, b, c)
        if stop < 0:
            return -1
        if op == LOCATION:
            if not location(buf, pos, stop, regs):
                regs[R_COMPONENT], regs[R_COMPONENT + 1] = pos, stop
        else:
            regs[a], regs[a + 1] = pos, stop
        return stop
    if op == LEVEL or op == ANY_LEVEL:
        found, stop = level_at(buf, pos, end, a, keys, values)
        if found:
            regs[R_LEVEL] = found
            return stop
        return stop if op == ANY_LEVEL and stop > pos else -1
    if op == LEVEL_CHAR:
        if pos >= end:
            return -1
        key = ((OFFSET ^ np.uint64(a)) ^ np.uint64(buf[pos])) * PRIME
        regs[R_LEVEL] = lookup(keys, values, key)
        return pos + 1 if regs[R_LEVEL] else -1
    value, stop = digits(buf, pos, end, 1, 3)
    if op == PRIORITY:
        if stop < 0 or value > 191:
            return -1
        regs[R_LEVEL] = PRIORITY_LEVELS[value & 7]
        return stop
    if op == STATUS:
        if stop - pos != 3 and not (stop - pos == 1 and value == 0):
            return -1
        regs[R_LEVEL] = L_ERROR if value >= 500 else (L_WARN if value >= 400 else L_INFO)
        return stop
    if op == PARTIAL_FLAG:
        if pos >= end or (buf[pos] != 70 and buf[pos] != 80):
            return -1
        regs[R_PARTIAL] = 1 if buf[pos] == 80 else 0
        return pos + 1
    return -1


@njit(cache=True, nogil=True)
def blanks(buf: Bytes, pos: int, end: int) -> int:
    """Position after one or more blanks (an escaped tab counts), or -1."""
    start = pos
    while pos < end:
        if buf[pos] == 32 or buf[pos] == 9:
            pos += 1
        elif buf[pos] == 92 and pos + 1 < end and buf[pos + 1] == 116:
            pos += 2
        else:
            break
    return pos if pos > start else -1


@njit(cache=True, nogil=True)
def run(
    program: Ints,
    row: int,
    stop_row: int,
    buf: Bytes,
    pos: int,
    end: int,
    keys: Words,
    values: Ints,
    path: Words,
    regs: Ints,
) -> bool:
    """Run program rows [row, stop_row) over bytes [pos, end); registers are filled when it matches."""
    resume, saved = -1, 0
    regs[:] = 0
    line = pos
    while row < stop_row:
        op = program[row, 0]
        if pos < end and (buf[pos] == 27 or (buf[pos] == 92 and op != BLANKS)):
            pos = skip_escape(buf, pos, end)
        if op == LITERAL:
            pos = pos + 1 if pos < end and buf[pos] == program[row, 1] else -1
        elif op == BLANKS:
            pos = blanks(buf, pos, end)
        elif op == OPTIONAL:
            resume, saved = program[row, 1], pos
        elif op == OPTIONAL_END:
            resume = -1
        elif op == MESSAGE:
            if regs[R_MESSAGE + 1] == 0:
                regs[R_MESSAGE], regs[R_MESSAGE + 1] = pos, end
        elif op == JSON:
            if pos >= end or buf[pos] != 123:
                return False
            pos = scan_json(buf, pos, end, program[row, 1], keys, values, path, regs)
        elif op == LOGFMT:
            pos = (
                end
                if scan_logfmt(buf, pos, end, program[row, 1], keys, values, regs) >= program[row, 2]
                else -1
            )
        elif YEAR4 <= op <= DAY or op == WEEKDAY:
            pos = calendar_step(op, buf, pos, end, regs)
        elif op > DAY:
            pos = clock_step(op, buf, pos, end, regs)
        else:
            pos = field_step(
                op, program[row, 1], program[row, 2], program[row, 3], buf, pos, end, keys, values, regs
            )
        if pos < 0:
            if resume < 0:
                return False
            row, pos, resume = resume, saved, -1
            continue
        row += 1
    if regs[R_MESSAGE + 1] == 0:
        regs[R_MESSAGE], regs[R_MESSAGE + 1] = line, end
        if pos > line and program[stop_row - 1, 0] != JSON:
            regs[R_MESSAGE] = pos
    return True


@njit(cache=True, nogil=True)
def continuation_shape(buf: Bytes, pos: int, end: int) -> bool:
    """Whether a line by itself looks like the rest of the record above it."""
    if pos >= end:
        return True
    first = buf[pos]
    if first == 32 or first == 9 or first == 125 or first == 41 or first == 93:
        return True
    if first == 92 and pos + 1 < end and (buf[pos + 1] == 116 or buf[pos + 1] == 110):
        return True
    if first == 97 and pos + 3 < end and buf[pos + 1] == 116 and buf[pos + 2] == 32:
        return True
    if first == 46 and pos + 2 < end and buf[pos + 1] == 46 and buf[pos + 2] == 46:
        return True
    return named_shape(buf, pos, end)


@njit(cache=True, nogil=True)
def named_shape(buf: Bytes, pos: int, end: int) -> bool:
    """`Caused by`, `Traceback (`, `goroutine 1 [`, `package.SomeException: ...`."""
    stop = pos
    dots, last = 0, pos
    while stop < end and (is_letter(buf[stop]) or is_digit(buf[stop]) or buf[stop] in (46, 36, 95)):
        if buf[stop] == 46:
            dots += 1
            last = stop + 1
        stop += 1
    length = stop - pos
    if stop < end and buf[stop] == 32 and stop + 1 < end:
        following = buf[stop + 1]
        if length == 6 and buf[pos] == 67 and buf[pos + 5] == 100 and following == 98:
            return True
        if length == 9 and buf[pos] == 84 and buf[pos + 8] == 107 and following == 40:
            return True
        if length == 9 and buf[pos] == 103 and buf[pos + 8] == 101 and is_digit(following):
            return True
        return False
    if stop < end and buf[stop] != 58:
        return False
    if stop - last < 5 or not 65 <= buf[last] <= 90:
        return False
    return ends_like_exception(buf, stop) and (dots > 0 or stop - last > 5)


@njit(cache=True, nogil=True)
def ends_like_exception(buf: Bytes, stop: int) -> bool:
    """Whether the word that ends at stop ends in Error, Exception or Throwable."""
    a, b, c = buf[stop - 3], buf[stop - 2], buf[stop - 1]
    if buf[stop - 5] == 69 and a == 114 and b == 111 and c == 114:
        return True
    if buf[stop - 4] == 116 and a == 105 and b == 111 and c == 110 and buf[stop - 5] == 112:
        return True
    return a == 98 and b == 108 and c == 101 and buf[stop - 4] == 97 and buf[stop - 5] == 119


@njit(cache=True, nogil=True)
def key_before(buf: Bytes, pos: int, floor: int) -> int:
    """Rank of the key in front of a value at pos: 9 trace id, 7 request or correlation id, 1 span id, 0."""
    at = pos - 1
    while at >= floor and (buf[at] in (32, 34, 39, 61, 58, 91, 92)):
        at -= 1
    if at < floor + 1 or at == pos - 1 or (buf[at] | 32) != 100 or (buf[at - 1] | 32) != 105:
        return 0
    at -= 2
    while at >= floor and (buf[at] == 95 or buf[at] == 45 or buf[at] == 46):
        at -= 1
    if at < floor + 2:
        return 0
    a, b, c = buf[at - 2] | 32, buf[at - 1] | 32, buf[at] | 32
    if a == 97 and b == 99 and c == 101:  # tr-ace
        return 9
    if (a == 101 and b == 115 and c == 116) or (a == 105 and b == 111 and c == 110):  # requ-est, correlat-ion
        return 7 if a == 101 or (at >= floor + 4 and (buf[at - 3] | 32) == 116) else 0
    if a == 112 and b == 97 and c == 110:  # s-pan
        return 1
    return 0


@njit(cache=True, nogil=True)
def consider_id(buf: Bytes, start: int, stop: int, hexadecimal: bool, floor: int, regs: Ints) -> None:
    """Keep the word [start, stop) as the record's id when its shape or key outranks the one kept."""
    length, rank, begin = stop - start, 0, start
    if hexadecimal and length == 32:
        rank = 8
    elif hexadecimal and length == 12 and start - 24 >= floor:
        if buf[start - 1] == 45 and buf[start - 6] == 45 and buf[start - 11] == 45 and buf[start - 16] == 45:
            begin, rank = start - 24, 4
    elif hexadecimal and length == 16:
        rank = 3
    elif length < 8:
        return
    if rank == 0 and length > 64:
        return
    key = key_before(buf, begin, floor)
    if key == 1:
        rank = 1 if rank else 0
    elif key:
        rank = key
    if rank > regs[R_ID_RANK] and (rank > 3 or key):
        regs[R_ID], regs[R_ID + 1], regs[R_ID_RANK] = begin, stop, rank


@njit(cache=True, nogil=True)
def skeleton(buf: Bytes, start: int, end: int, seed: np.uint64, classes: Bytes, regs: Ints) -> np.uint64:
    """Hash of [start, end) with words that hold a digit, and the glue between them, taken as one mark.

    The first id-like word found on the way is left in the registers.
    """
    total, word, glue = seed, OFFSET, OFFSET
    bits, first, after_var, blank, glued = 0, start, False, False, False
    pos = start
    while True:
        kind = classes[buf[pos]] if pos < end else np.uint8(0)
        if kind & WORD:
            if bits == 0:
                first = pos
            word = (word ^ np.uint64(buf[pos])) * PRIME
            bits |= kind
            pos += 1
            continue
        if bits:
            variable = bits & DIGIT
            if variable and pos - first >= 8:
                consider_id(buf, first, pos, (bits & BEYOND_HEX) == 0, start, regs)
            if not variable and glued and pos - first >= 4 and bits & BEYOND_HEX == 0:
                variable = np.uint8(DIGIT)
            if variable:
                if not glued:
                    total = (total ^ np.uint64(1)) * PRIME
                after_var = True
            else:
                if glued:
                    total = (total ^ glue) * PRIME
                total = (total ^ word) * PRIME
                total ^= total >> np.uint64(31)
                after_var = False
            bits, word, glued, blank = 0, OFFSET, False, False
        if pos >= end:
            break
        byte = np.uint64(buf[pos])
        if kind & BLANK:
            if glued:
                total = (total ^ glue) * PRIME
            if not blank:
                total = (total ^ np.uint64(32)) * PRIME
            blank, after_var, glued = True, False, False
        elif kind & GLUE and after_var:
            glue = ((glue if glued else OFFSET) ^ byte) * PRIME
            glued = True
        else:
            if glued:
                total = (total ^ glue) * PRIME
            total = (total ^ byte) * PRIME
            blank, after_var, glued = False, False, False
        pos += 1
    if glued:
        total = (total ^ glue) * PRIME
    total ^= total >> np.uint64(32)
    return total if total else np.uint64(1)


@njit(cache=True, nogil=True)
def raw_hash(buf: Bytes, start: int, end: int, seed: np.uint64) -> np.uint64:
    total = seed
    for pos in range(start, end):
        total = (total ^ np.uint64(buf[pos])) * PRIME
    return total if total else np.uint64(1)
