"""Kernels for keyed lines: JSON objects and logfmt. Keys are known by hash, values never copied."""

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.lanes import next_byte
from holdfast.diagnostics.logs.matching import R_COMPONENT, R_LOCATION, X_LIMIT, X_MASK, X_TABLE, level_at
from holdfast.diagnostics.logs.memory import OFFSET, block_hash, byte_at, get, is_digit, lookup, put
from holdfast.diagnostics.logs.opcodes import Ctx, Reg, Role
from holdfast.diagnostics.logs.times import R_CLOCK, any_time, digits
from holdfast.kernels import kernel

R_HOST, R_THREAD, R_STACK = int(Reg.HOST), int(Reg.THREAD), int(Reg.STACK)
R_LEVEL, R_MESSAGE, R_ID, R_ID_RANK = int(Reg.LEVEL), int(Reg.MESSAGE), int(Reg.ID), int(Reg.ID_RANK)
R_ESCAPED, R_MARKS, R_KEYS = int(Reg.ESCAPED), int(Reg.MARKS), int(Reg.KEYS)
X_PATH = int(Ctx.PATH)
ROLE_TIME, ROLE_LEVEL, ROLE_MESSAGE = int(Role.TIME), int(Role.LEVEL), int(Role.MESSAGE)
ROLE_COMPONENT, ROLE_LOCATION, ROLE_ID = int(Role.COMPONENT), int(Role.LOCATION), int(Role.ID)
ROLE_HOST, ROLE_THREAD, ROLE_STACK = int(Role.HOST), int(Role.THREAD), int(Role.STACK)
ROLE_PRIORITY, ROLE_SEVERITY_NUMBER = int(Role.PRIORITY), int(Role.SEVERITY_NUMBER)
ROLE_STATUS, ROLE_WEAK_ID, ROLE_MARK = int(Role.STATUS), int(Role.WEAK_ID), int(Role.MARK)
DEPTH = 8
PRIORITY_LEVELS = np.array([8, 8, 7, 6, 5, 4, 3, 2], np.int64)
SIX_LEVELS = np.array([1, 2, 3, 5, 6, 8], np.int64)


@kernel
def string_end(pos: int, end: int, deep: int) -> int:
    """Position of the quote that closes the string whose first byte is at pos, or -1.

    With `deep` 1 the object is itself inside a JSON string: its quotes are written `\\"`.
    """
    while True:
        pos = next_byte(pos, end, 34)
        if pos >= end:
            return -1
        back = pos - 1
        while byte_at(back) == 92:
            back -= 1
        escapes = pos - back - 1
        if deep and not escapes & 1:
            return -1
        if not (escapes >> deep) & 1:
            return pos
        pos += 1


@kernel
def array_end(pos: int, end: int, deep: int) -> int:
    """Position after the array or object that starts at pos, or -1."""
    depth = 0
    while pos < end:
        byte = byte_at(pos)
        if byte == 34:
            pos = string_end(pos + 1, end, deep)
            if pos < 0:
                return -1
        elif byte == 91 or byte == 123:
            depth += 1
        elif byte == 93 or byte == 125:
            depth -= 1
            if depth == 0:
                return pos + 1
        pos += 1
    return -1


@kernel
def number_level(value: int, role: int) -> Any:
    """Level of a number: syslog priority, OpenTelemetry severity number, HTTP status, or bunyan/pino tens."""
    if role == ROLE_PRIORITY:
        return PRIORITY_LEVELS[value] if value < 8 else 0
    if role == ROLE_SEVERITY_NUMBER:
        return SIX_LEVELS[min((value - 1) // 4, 5)] if value > 0 else 0
    if role == ROLE_STATUS:
        return 6 if value >= 500 else (5 if value >= 400 else 3)
    if 10 <= value <= 60 and value % 10 == 0:
        return SIX_LEVELS[value // 10 - 1]
    return 0


@kernel
def set_span(regs: int, reg: int, start: int, stop: int) -> None:
    if get(regs, reg + 1) == 0 and stop > start:
        put(regs, reg, start)
        put(regs, reg + 1, stop)


@kernel
def take_level(ctx: int, role: int, start: int, stop: int, salt: int, regs: int) -> None:
    if start < stop and is_digit(byte_at(start)):
        found = number_level(digits(start, stop, 1, 6)[0], role)
    else:
        found = level_at(ctx, start, stop, salt ^ 1)[0]
    if found and (get(regs, R_LEVEL) == 0 or role != ROLE_STATUS):
        put(regs, R_LEVEL, found)


@kernel
def take(ctx: int, role: int, start: int, stop: int, salt: int, regs: int) -> None:
    """Give one keyed value its role."""
    if role == ROLE_TIME:
        if get(regs, R_CLOCK) == 0:
            any_time(start, stop, regs)
    elif role == ROLE_MESSAGE:
        set_span(regs, R_MESSAGE, start, stop)
    elif role in (ROLE_LEVEL, ROLE_SEVERITY_NUMBER, ROLE_PRIORITY, ROLE_STATUS):
        take_level(ctx, role, start, stop, salt, regs)
    elif role == ROLE_COMPONENT:
        set_span(regs, R_COMPONENT, start, stop)
    elif role == ROLE_LOCATION:
        set_span(regs, R_LOCATION, start, stop)
    elif role in (ROLE_ID, ROLE_WEAK_ID):
        rank = 9 if role == ROLE_ID else 7
        if rank > get(regs, R_ID_RANK) and stop - start >= 4:
            put(regs, R_ID, start)
            put(regs, R_ID + 1, stop)
            put(regs, R_ID_RANK, rank)
    elif role == ROLE_HOST:
        set_span(regs, R_HOST, start, stop)
    elif role == ROLE_THREAD:
        set_span(regs, R_THREAD, start, stop)
    elif role == ROLE_STACK:
        set_span(regs, R_STACK, start, stop)
    elif role == ROLE_MARK:
        put(regs, R_MARKS, get(regs, R_MARKS) + 1)


@kernel
def label_hash(pos: int, end: int, limit: int, seed: np.uint64) -> np.uint64:
    """Hash of a key, label by label."""
    total = seed
    while True:
        dot = next_byte(pos, end, 46)
        total = block_hash(pos, dot, limit, total, np.uint64(0))
        if dot == end:
            return total
        pos = dot + 1


@kernel
def skip_blanks(pos: int, end: int) -> int:
    while pos < end and (byte_at(pos) == 32 or byte_at(pos) == 9):
        pos += 1
    return pos


@kernel
def scan_json(ctx: int, pos: int, end: int, salt: int, regs: int) -> int:
    """Walk one JSON object; nested keys count as dotted paths. Position after it, or -1.

    A missing closing brace (a truncated line) is accepted once a message was read.
    """
    path, table, mask, limit = get(ctx, X_PATH), get(ctx, X_TABLE), get(ctx, X_MASK), get(ctx, X_LIMIT)
    depth = 0
    put(path, 0, np.int64(OFFSET ^ np.uint64(salt)))
    pos += 1
    deep = 1 if pos + 1 < end and byte_at(pos) == 92 and byte_at(pos + 1) == 34 else 0
    quote = 92 if deep else 34
    while pos < end:
        byte = byte_at(pos)
        if byte == 32 or byte == 44 or byte == 9:
            pos += 1
            continue
        if byte == 125:
            pos += 1
            if depth == 0:
                return pos
            depth -= 1
            continue
        stop = string_end(pos + 1 + deep, end, deep) if byte == quote else -1
        if stop < 0:
            break
        key = label_hash(pos + 1 + deep, stop - deep, limit, np.uint64(get(path, depth)))
        put(regs, R_KEYS, get(regs, R_KEYS) + np.int64(key))
        pos = skip_blanks(stop + 1, end)
        if pos >= end or byte_at(pos) != 58:
            break
        pos = skip_blanks(pos + 1, end)
        if pos < end and byte_at(pos) == 123 and depth + 1 < DEPTH:
            depth += 1
            put(path, depth, np.int64(key))
            pos += 1
            continue
        pos = json_value(ctx, pos, end, lookup(table, mask, key), salt, deep, regs)
        if pos < 0:
            break
    return end if get(regs, R_MESSAGE + 1) else -1


@kernel
def json_value(ctx: int, pos: int, end: int, role: int, salt: int, deep: int, regs: int) -> int:
    """Read one value that is no object to descend into, give it its role; position after it or -1."""
    if pos >= end:
        return -1
    byte = byte_at(pos)
    if byte == (92 if deep else 34):
        stop = string_end(pos + 1 + deep, end, deep)
        if role:
            take(ctx, role, pos + 1 + deep, end if stop < 0 else stop - deep, salt, regs)
            if role == ROLE_MESSAGE:
                put(regs, R_ESCAPED, 1)
        return end if stop < 0 else stop + 1
    if byte == 91 or byte == 123:
        return array_end(pos, end, deep)
    stop = pos
    while stop < end and byte_at(stop) != 44 and byte_at(stop) != 125 and byte_at(stop) != 32:
        stop += 1
    if role and role != ROLE_MESSAGE:
        take(ctx, role, pos, stop, salt, regs)
    return stop if stop > pos else -1


@kernel
def scan_logfmt(ctx: int, pos: int, end: int, salt: int, regs: int) -> int:
    """Walk `key=value key="quoted value"`; other words are passed over. Number of known keys, or -1."""
    table, mask, limit = get(ctx, X_TABLE), get(ctx, X_MASK), get(ctx, X_LIMIT)
    known, pairs, start = 0, 0, pos
    while pos < end:
        pos = skip_blanks(pos, end)
        first = pos
        while pos < end and byte_at(pos) != 61 and byte_at(pos) != 32 and byte_at(pos) != 34:
            pos += 1
        if pos >= end or byte_at(pos) != 61 or pos == first:
            if pairs == 0:
                return -1
            pos += 1
            continue
        key = label_hash(first, pos, limit, OFFSET ^ np.uint64(salt))
        begin, pairs = pos + 1, pairs + 1
        if begin < end and byte_at(begin) == 34:
            begin += 1
            stop = string_end(begin, end, 0)
            stop = end if stop < 0 else stop
            pos = stop + 1
        else:
            stop = next_byte(begin, end, 32)
            pos = stop
        role = lookup(table, mask, key)
        if role:
            known += 1
            take(ctx, role, begin, stop, salt, regs)
    if get(regs, R_MESSAGE + 1) == 0:
        put(regs, R_MESSAGE, start)
        put(regs, R_MESSAGE + 1, end)
    return known if pairs >= 2 else -1
