"""Kernels that run a layout program over a line."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.keyed import (
    PRIORITY_LEVELS,
    R_ID,
    R_ID_RANK,
    R_LEVEL,
    R_MARKS,
    R_MESSAGE,
    scan_json,
    scan_logfmt,
)
from holdfast.diagnostics.logs.matching import (
    ANY,
    QUOTES,
    R_COMPONENT,
    X_LIMIT,
    X_MASK,
    X_TABLE,
    Ints,
    capture,
    level_at,
    location,
)
from holdfast.diagnostics.logs.memory import (
    OFFSET,
    block_hash,
    byte_at,
    get,
    is_digit,
    is_letter,
    lookup,
    put,
)
from holdfast.diagnostics.logs.opcodes import MOST_STEPS, REGISTERS, Ctx, Level, Op, Reg
from holdfast.diagnostics.logs.times import (
    DAY,
    EPOCH,
    HOUR,
    ISO,
    MINUTE,
    MONTH,
    MONTH_NAME,
    R_CLOCK,
    SECOND,
    TIME_OF_DAY,
    WEEKDAY,
    YEAR2,
    YEAR4,
    calendar_step,
    clock_step,
    digits,
)
from holdfast.kernels import inlined, kernel, making

LITERAL, BLANKS, CAPTURE, LEVEL = int(Op.LITERAL), int(Op.BLANKS), int(Op.CAPTURE), int(Op.LEVEL)
LEVEL_CHAR, OPTIONAL, OPTIONAL_END = int(Op.LEVEL_CHAR), int(Op.OPTIONAL), int(Op.OPTIONAL_END)
PRIORITY, STATUS, MESSAGE, JSON = int(Op.PRIORITY), int(Op.STATUS), int(Op.MESSAGE), int(Op.JSON)
LOGFMT, PARTIAL_FLAG, LOCATION = int(Op.LOGFMT), int(Op.PARTIAL_FLAG), int(Op.LOCATION)
BEGIN, UPTO, END = int(Op.BEGIN), int(Op.UPTO), int(Op.END)
ANY_LEVEL, LITERALS = int(Op.ANY_LEVEL), int(Op.YEAR4)
NAMES = (MONTH_NAME, WEEKDAY)
R_PARTIAL = int(Reg.PARTIAL)
R_REFUSED, R_FIXED, R_STEPS, R_TRAIL = int(Reg.REFUSED), int(Reg.FIXED), int(Reg.STEPS), int(Reg.TRAIL)
X_PROGRAM = int(Ctx.PROGRAM)
Bools = NDArray[np.bool_]
L_INFO, L_WARN, L_ERROR = int(Level.INFO), int(Level.WARN), int(Level.ERROR)


@kernel
def skip_escape(pos: int, end: int) -> int:
    """Position after terminal colour sequences (ESC [ ... letter, or its JSON form \\u001b[...)."""
    while pos < end:
        if byte_at(pos) == 27 and pos + 1 < end and byte_at(pos + 1) == 91:
            pos += 2
        elif byte_at(pos) == 92 and pos + 6 < end and byte_at(pos + 1) == 117 and byte_at(pos + 4) == 49:
            if (byte_at(pos + 5) | 32) != 98 or byte_at(pos + 6) != 91:
                return pos
            pos += 7
        else:
            return pos
        while pos < end and not is_letter(byte_at(pos)):
            pos += 1
        pos += 1
    return min(pos, end)


@kernel
def named_level(ctx: int, op: int, salt: int, pos: int, end: int, regs: int) -> int:
    """Level by word or by single byte; new position or -1."""
    if op == LEVEL_CHAR:
        if pos >= end:
            return -1
        key = block_hash(pos, pos + 1, get(ctx, X_LIMIT), OFFSET ^ np.uint64(salt), np.uint64(0))
        found = lookup(get(ctx, X_TABLE), get(ctx, X_MASK), key)
        put(regs, R_LEVEL, found)
        return pos + 1 if found else -1
    found, stop = level_at(ctx, pos, end, salt)
    if found:
        put(regs, R_LEVEL, found)
        return stop
    return stop if op == ANY_LEVEL and stop > pos else -1


@kernel
def number_step(op: int, pos: int, end: int, regs: int) -> int:
    """Syslog priority, HTTP status or CRI flag; new position or -1."""
    if op == PARTIAL_FLAG:
        if pos >= end or (byte_at(pos) != 70 and byte_at(pos) != 80):
            return -1
        put(regs, R_PARTIAL, 1 if byte_at(pos) == 80 else 0)
        return pos + 1
    value, stop = digits(pos, end, 1, 3)
    if op == PRIORITY:
        if stop < 0 or value > 191:
            return -1
        put(regs, R_LEVEL, PRIORITY_LEVELS[value & 7])
        return stop
    if stop - pos != 3 and not (stop - pos == 1 and value == 0):
        return -1
    put(regs, R_LEVEL, L_ERROR if value >= 500 else (L_WARN if value >= 400 else L_INFO))
    return stop


@kernel
def field_step(ctx: int, op: int, row: int, pos: int, end: int, regs: int) -> int:
    """Run one step that reads a field; `row` is the address of the program row. New position or -1."""
    a = get(row, 1)
    if op in (CAPTURE, LOCATION):
        stop = capture(ctx, pos, end, get(row, 2), get(row, 3))
        if stop < 0:
            return -1
        if op == CAPTURE:
            put(regs, a, pos)
            put(regs, a + 1, stop)
            if a == R_ID:
                put(regs, R_ID_RANK, 6 if stop - pos >= 4 else 0)
        elif not location(pos, stop, regs):
            if a:
                return -1
            put(regs, R_COMPONENT, pos)
            put(regs, R_COMPONENT + 1, stop)
        return stop
    if op in (PRIORITY, STATUS, PARTIAL_FLAG):
        return number_step(op, pos, end, regs)
    if op in (LEVEL, LEVEL_CHAR, ANY_LEVEL):
        return named_level(ctx, op, a, pos, end, regs)
    put(regs, R_FIXED, 0)
    if op in (BEGIN, UPTO):
        put(regs, R_MESSAGE + (op == UPTO), pos)
        return pos
    if op == END:
        return pos if pos >= end else -1
    if op == JSON:
        return scan_json(ctx, pos, end, a, regs) if pos < end and byte_at(pos) == 123 else -1
    if op == LOGFMT:
        return end if scan_logfmt(ctx, pos, end, a, regs) >= get(row, 2) else -1
    return -1


@kernel
def blanks(pos: int, end: int) -> int:
    """Position after one or more blanks (an escaped tab counts), or -1."""
    start = pos
    while pos < end:
        byte = byte_at(pos)
        if byte == 32 or byte == 9:
            pos += 1
        elif byte == 92 and pos + 1 < end and byte_at(pos + 1) == 116:
            pos += 2
        else:
            break
    return pos if pos > start else -1


@kernel
def keep_step(regs: int, op: int, start: int, stop: int) -> None:
    """Remember where a step whose digits carry meaning was taken."""
    at = get(regs, R_STEPS)
    if at == MOST_STEPS:
        put(regs, R_FIXED, 0)
        return
    put(regs, R_TRAIL + at * 3, op)
    put(regs, R_TRAIL + at * 3 + 1, start)
    put(regs, R_TRAIL + at * 3 + 2, stop)
    put(regs, R_STEPS, at + 1)


@kernel
def step(ctx: int, op: int, row: int, pos: int, end: int, regs: int) -> int:
    """Run one step that reads a field or a part of a time; new position or -1."""
    if op < LITERALS:
        return field_step(ctx, op, row, pos, end, regs)
    if op <= DAY or op == WEEKDAY:
        return calendar_step(op, pos, end, regs)
    return clock_step(op, pos, end, regs)


@kernel
def run(ctx: int, first: int, last: int, pos: int, end: int, regs: int) -> int:
    """Run program rows [first, last) over bytes [pos, end); registers are filled when it matches (1)."""
    for index in range(R_TRAIL):
        put(regs, index, 0)
    put(regs, R_FIXED, 1)
    resume, saved, line = 0, 0, pos
    row, stop_row = get(ctx, X_PROGRAM) + first * 32, get(ctx, X_PROGRAM) + last * 32
    while row < stop_row:
        op = get(row, 0)
        if pos < end:
            byte = byte_at(pos)
            if byte == 27 or (byte == 92 and op != BLANKS):
                pos = skip_escape(pos, end)
        begin = pos
        if op == LITERAL:
            pos = pos + 1 if pos < end and byte_at(pos) == get(row, 1) else -1
        elif op == BLANKS:
            pos = blanks(pos, end)
        elif op == OPTIONAL:
            resume, saved = get(ctx, X_PROGRAM) + get(row, 1) * 32, pos
        elif op == OPTIONAL_END:
            resume = 0
        elif op == MESSAGE:
            if get(regs, R_MESSAGE + 1) == 0:
                put(regs, R_MESSAGE, pos)
                put(regs, R_MESSAGE + 1, end)
        else:
            pos = step(ctx, op, row, pos, end, regs)
            if pos >= 0 and ((op >= LITERALS and op not in NAMES) or op in (PRIORITY, STATUS)):
                keep_step(regs, op, begin, pos)
        if pos < 0:
            if resume == 0:
                return 0
            if op in (CAPTURE, LEVEL) and begin == saved and not get(row, 3) & (ANY | QUOTES):
                if get(regs, R_FIXED):  # what stands before the next blank decided
                    put(regs, R_FIXED, max(get(regs, R_FIXED), begin))
            else:
                again = get(regs, R_REFUSED + 1) == begin and get(regs, R_REFUSED) != get(row, 1)
                if op != LITERAL or begin != saved or again:
                    put(regs, R_FIXED, 0)
                put(regs, R_REFUSED, get(row, 1))
                put(regs, R_REFUSED + 1, begin)
            row, pos, resume = resume, saved, 0
            continue
        row += 32
    if get(regs, R_MESSAGE + 1) == 0:
        put(regs, R_MESSAGE, line)
        put(regs, R_MESSAGE + 1, end)
    return 1


@kernel
def leading_level(ctx: int, pos: int, end: int) -> int:
    """Level a message begins with (`[ERROR] x`, `error: x`, `ERROR x`), 0 when it does not say."""
    if pos >= end:
        return 0
    first = byte_at(pos)
    framed = first == 91 or first == 60 or first == 40
    begin = pos + 1 if framed else pos
    found, stop = level_at(ctx, begin, end, 0)
    if not found or stop >= end:
        return 0
    after, first = byte_at(stop), byte_at(begin)
    if framed:
        return found if after == 93 or after == 62 or after == 41 else 0
    capitals = first < 97 and byte_at(stop - 1) < 97
    if capitals:
        return (
            found if stop - begin >= 4 and (after == 32 or after == 58 or after == 9 or after == 124) else 0
        )
    plain = found >= L_WARN or first == 105 or (first == 100 and found < L_INFO)  # not `config:`, `default:`
    return found if after == 58 and plain else 0


@inlined
def cannot_begin(row: int, pos: int, end: int) -> bool:
    """Whether the first step of a program, at address `row`, surely does not read what stands at pos."""
    byte = byte_at(pos) if pos < end else 0
    if byte == 0 or byte == 27 or byte == 92:
        return False
    op = get(row, 0)
    if op == LITERAL:
        return byte != get(row, 1)
    if op in (YEAR4, YEAR2, MONTH, HOUR, MINUTE, SECOND, EPOCH, ISO, TIME_OF_DAY, PRIORITY, STATUS):
        return not is_digit(byte)
    if op in (MONTH_NAME, WEEKDAY, LEVEL, ANY_LEVEL):
        return not is_letter(byte)
    return op == JSON and byte != 123


@making
def vote(ctx: int, lines: Ints, bounds: Ints) -> tuple[Bools, Ints, Ints]:
    """Every program on every line: whether it reads it, the fields it finds in all it reads, the spans of messages."""
    read, fields = np.zeros((len(bounds), len(lines)), np.bool_), np.zeros(len(bounds), np.int64)
    spans, registers = np.empty((len(bounds), len(lines), 2), np.int64), np.zeros(REGISTERS, np.int64)
    # Signed: numba takes an address for unsigned, and all below would be compiled twice.
    regs: Any = np.int64(registers.ctypes.data)
    for program in range(len(bounds)):
        first, last = bounds[program, 0], bounds[program, 1]
        for index in range(len(lines)):
            start, end = lines[index, 0], lines[index, 1]
            if cannot_begin(get(ctx, X_PROGRAM) + first * 32, start, end):
                continue
            if run(ctx, first, last, start, end, regs) == 0:
                continue
            read[program, index] = True
            fields[program] += (get(regs, R_CLOCK) != 0) * 2 + (get(regs, R_LEVEL) != 0)
            fields[program] += (get(regs, R_COMPONENT + 1) != 0) + get(regs, R_MARKS)
            fields[program] += get(regs, R_MESSAGE) != start
            spans[program, index, 0] = get(regs, R_MESSAGE)
            spans[program, index, 1] = get(regs, R_MESSAGE + 1)
    registers[0] = 0  # held until here: the programs wrote into it by its address
    return read, fields, spans
