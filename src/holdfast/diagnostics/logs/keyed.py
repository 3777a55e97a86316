"""Kernels for keyed lines: JSON objects and logfmt. Keys are known by hash, values never copied."""

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.matching import (
    OFFSET,
    PRIME,
    PRIORITY_LEVELS,
    R_COMPONENT,
    R_ESCAPED,
    R_ID,
    R_ID_RANK,
    R_LEVEL,
    R_LOCATION,
    R_MESSAGE,
    ROLE_COMPONENT,
    ROLE_HOST,
    ROLE_ID,
    ROLE_ID_WEAK,
    ROLE_LEVEL,
    ROLE_LEVEL_NUMBER,
    ROLE_LOCATION,
    ROLE_MESSAGE,
    ROLE_PRIORITY,
    ROLE_STACK,
    ROLE_STATUS,
    ROLE_THREAD,
    ROLE_TIME,
    Bytes,
    Ints,
    Words,
    any_time,
    digits,
    is_digit,
    level_at,
    lookup,
)
from holdfast.diagnostics.logs.opcodes import Reg

R_HOST, R_THREAD, R_STACK = int(Reg.HOST), int(Reg.THREAD), int(Reg.STACK)
DEPTH = 8


@njit(cache=True, nogil=True)
def string_end(buf: Bytes, pos: int, end: int) -> int:
    """Position of the quote that closes the string whose first byte is at pos, or -1."""
    while pos < end:
        byte = buf[pos]
        if byte == 34:
            return pos
        if byte == 92:
            pos += 1
        pos += 1
    return -1


@njit(cache=True, nogil=True)
def array_end(buf: Bytes, pos: int, end: int) -> int:
    """Position after the array that starts at pos, or -1; objects inside are skipped whole."""
    depth = 0
    while pos < end:
        byte = buf[pos]
        if byte == 34:
            pos = string_end(buf, pos + 1, end)
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


@njit(cache=True, nogil=True)
def number_level(value: int, role: int) -> int:
    """Level of a number: syslog priority, OpenTelemetry severity number, or bunyan/pino tens."""
    if role == ROLE_PRIORITY:
        return PRIORITY_LEVELS[value] if value < 8 else 0
    if role == ROLE_LEVEL_NUMBER:
        return (1, 2, 3, 5, 6, 8)[min(max(value - 1, 0) // 4, 5)] if value else 0
    if role == ROLE_STATUS:
        return 6 if value >= 500 else (5 if value >= 400 else 3)
    if 10 <= value <= 60 and value % 10 == 0:
        return (1, 2, 3, 5, 6, 8)[value // 10 - 1]
    return 0


@njit(cache=True, nogil=True)
def set_span(regs: Ints, reg: int, start: int, stop: int) -> None:
    if regs[reg + 1] == 0 and stop > start:
        regs[reg], regs[reg + 1] = start, stop


@njit(cache=True, nogil=True)
def take(
    role: int, buf: Bytes, start: int, stop: int, salt: int, keys: Words, values: Ints, regs: Ints
) -> None:
    """Give one keyed value its role."""
    if role == ROLE_TIME:
        if regs[0] == 0:
            any_time(buf, start, stop, regs)
    elif role == ROLE_LEVEL or role == ROLE_LEVEL_NUMBER or role == ROLE_PRIORITY or role == ROLE_STATUS:
        if start < stop and is_digit(buf[start]):
            value, _ = digits(buf, start, stop, 1, 6)
            found = number_level(value, role)
        else:
            found, _ = level_at(buf, start, stop, salt, keys, values)
        if found and (regs[R_LEVEL] == 0 or role != ROLE_STATUS):
            regs[R_LEVEL] = found
    elif role == ROLE_MESSAGE:
        set_span(regs, R_MESSAGE, start, stop)
    elif role == ROLE_COMPONENT:
        set_span(regs, R_COMPONENT, start, stop)
    elif role == ROLE_LOCATION:
        set_span(regs, R_LOCATION, start, stop)
    elif role == ROLE_ID or role == ROLE_ID_WEAK:
        rank = 9 if role == ROLE_ID else 7
        if rank > regs[R_ID_RANK] and stop - start >= 4:
            regs[R_ID], regs[R_ID + 1], regs[R_ID_RANK] = start, stop, rank
    elif role == ROLE_HOST:
        set_span(regs, R_HOST, start, stop)
    elif role == ROLE_THREAD:
        set_span(regs, R_THREAD, start, stop)
    elif role == ROLE_STACK:
        set_span(regs, R_STACK, start, stop)


@njit(cache=True, nogil=True)
def scan_json(
    buf: Bytes, pos: int, end: int, salt: int, keys: Words, values: Ints, path: Words, regs: Ints
) -> int:
    """Walk one JSON object; nested keys count as dotted paths. Position after it, or -1.

    A missing closing brace (a truncated line) is accepted once a message was read.
    """
    depth, path[0] = 0, OFFSET ^ np.uint64(salt)
    pos += 1
    while pos < end:
        byte = buf[pos]
        if byte == 125:
            pos += 1
            if depth == 0:
                return pos
            depth -= 1
            continue
        if byte == 32 or byte == 44 or byte == 9:
            pos += 1
            continue
        if byte != 34:
            return -1
        pos += 1
        key = path[depth]
        while pos < end and buf[pos] != 34:
            key = (key ^ np.uint64(buf[pos])) * PRIME
            pos += 2 if buf[pos] == 92 else 1
        pos += 1
        while pos < end and (buf[pos] == 32 or buf[pos] == 9):
            pos += 1
        if pos >= end or buf[pos] != 58:
            return -1
        pos += 1
        while pos < end and (buf[pos] == 32 or buf[pos] == 9):
            pos += 1
        if pos < end and buf[pos] == 123 and depth + 1 < DEPTH:
            depth += 1
            path[depth] = (key ^ np.uint64(46)) * PRIME
            pos += 1
            continue
        pos = json_value(buf, pos, end, lookup(keys, values, key), salt, keys, values, regs)
        if pos < 0:
            return -1
    return end if regs[R_MESSAGE + 1] else -1


@njit(cache=True, nogil=True)
def json_value(
    buf: Bytes, pos: int, end: int, role: int, salt: int, keys: Words, values: Ints, regs: Ints
) -> int:
    """Read one value that is no object to descend into, give it its role; position after it or -1."""
    if pos >= end:
        return -1
    byte = buf[pos]
    if byte == 34:
        stop = string_end(buf, pos + 1, end)
        cut = end if stop < 0 else stop
        if role:
            take(role, buf, pos + 1, cut, salt, keys, values, regs)
            if role == ROLE_MESSAGE:
                regs[R_ESCAPED] = 1
        return end if stop < 0 else stop + 1
    if byte == 91 or byte == 123:
        return array_end(buf, pos, end)
    stop = pos
    while stop < end and buf[stop] != 44 and buf[stop] != 125 and buf[stop] != 32:
        stop += 1
    if role and role != ROLE_MESSAGE:
        take(role, buf, pos, stop, salt, keys, values, regs)
    return stop if stop > pos else -1


@njit(cache=True, nogil=True)
def scan_logfmt(buf: Bytes, pos: int, end: int, salt: int, keys: Words, values: Ints, regs: Ints) -> int:
    """Walk `key=value key="quoted value"`; words without `=` are passed over. Number of known keys, or -1."""
    known, pairs, start = 0, 0, pos
    while pos < end:
        while pos < end and buf[pos] == 32:
            pos += 1
        key, first = OFFSET ^ np.uint64(salt), pos
        while pos < end and buf[pos] != 61 and buf[pos] != 32 and buf[pos] != 34:
            key = (key ^ np.uint64(buf[pos])) * PRIME
            pos += 1
        if pos >= end or buf[pos] != 61 or pos == first:
            if pairs == 0:
                return -1
            pos += 1
            continue
        pos += 1
        pairs += 1
        if pos < end and buf[pos] == 34:
            stop = string_end(buf, pos + 1, end)
            after = end if stop < 0 else stop + 1
            begin, stop = pos + 1, (end if stop < 0 else stop)
        else:
            begin, stop = pos, pos
            while stop < end and buf[stop] != 32:
                stop += 1
            after = stop
        role = lookup(keys, values, key)
        if role:
            known += 1
            take(role, buf, begin, stop, salt, keys, values, regs)
        pos = after
    if regs[R_MESSAGE + 1] == 0:
        regs[R_MESSAGE], regs[R_MESSAGE + 1] = start, end
    return known if pairs >= 2 else -1
