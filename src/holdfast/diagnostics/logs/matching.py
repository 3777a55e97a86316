"""Kernels for the fields of a header: levels, captured text, code locations. Registers are given by address."""

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.lanes import LANES, equal_at, next_byte
from holdfast.diagnostics.logs.memory import (
    FOLD,
    OFFSET,
    block_hash,
    byte_at,
    get,
    is_digit,
    is_letter,
    lookup,
    put,
    trailing_zeros,
)
from holdfast.diagnostics.logs.opcodes import Charset, Ctx, Reg
from holdfast.kernels import inlined, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

R_COMPONENT, R_LOCATION = int(Reg.COMPONENT), int(Reg.LOCATION)
X_TABLE, X_MASK, X_LIMIT = int(Ctx.TABLE), int(Ctx.MASK), int(Ctx.LIMIT)
X_CHARSETS = int(Ctx.CHARSETS)
VISIBLE, ANY = int(Charset.VISIBLE), int(Charset.ANY)
NESTED, QUALIFIED, MAY_BE_EMPTY = 1024, 256, 512 | int(Charset.ANY)
TOKEN_RULE, AGE_RULE, QUOTES = 2048, 4096, 8192


@kernel
def level_at(ctx: int, pos: int, end: int, salt: int) -> tuple[int, int]:
    """Level named by the letters at pos and where they stop: the layout's own names win."""
    at = pos
    while at < end and at - pos < 16 and is_letter(byte_at(at)):
        at += 1
    if at == pos:
        return 0, pos
    table, mask, limit = get(ctx, X_TABLE), get(ctx, X_MASK), get(ctx, X_LIMIT)
    found = lookup(table, mask, block_hash(pos, at, limit, OFFSET, FOLD))
    if salt:
        own = lookup(table, mask, block_hash(pos, at, limit, OFFSET ^ np.uint64(salt), FOLD))
        return (own if own else found), at
    return found, at


@kernel
def quoted_end(pos: int, end: int, stop: int) -> int:
    """Position after a value in quotes (a doubled quote stands for one), or -1 when it is not one."""
    at = next_byte(pos + 1, end, 34)
    while at + 1 < end and byte_at(at + 1) == 34:
        at = next_byte(at + 2, end, 34)
    at += 1
    if at == end:
        return at if stop < 0 else -1
    after = byte_at(at) if at < end else 0
    return at if (after == stop if stop >= 0 else after == 32 or after == 9) else -1


@kernel
def unbroken(pos: int, end: int, limit: int, stop: int, visible: bool) -> int:
    """Where the first `stop` (-1 for none) stands, or the first blank of what must be `visible`; 64 bytes at a time."""
    sought = stop if stop >= 0 else 32
    while pos < end and pos + LANES <= limit and (visible or stop >= 0):
        found = equal_at(pos, sought)
        if visible:
            found |= equal_at(pos, 32) | equal_at(pos, 9)
        if found:
            return min(pos + trailing_zeros(found), end)
        pos += LANES
    while pos < end:
        byte = byte_at(pos)
        if byte == stop or (visible and (byte == 32 or byte == 9)):
            return pos
        pos += 1
    return end


@inlined
def capture(ctx: int, pos: int, end: int, stop: int, charset: int) -> int:
    """Where a field ends; -1 when it is empty, or when what must follow does not."""
    table, at = get(ctx, X_CHARSETS), pos
    if charset & QUOTES and pos < end and byte_at(pos) == 34:
        at = quoted_end(pos, end, stop)
        if at >= 0:
            return at
        at = pos
    kind = charset & (255 | NESTED)
    if kind in (VISIBLE, ANY):
        at = unbroken(pos, end, get(ctx, X_LIMIT), stop, kind == VISIBLE)
    while at < end and kind != VISIBLE and kind != ANY:
        byte = byte_at(at)
        if byte == stop and (not charset & NESTED or at + 1 >= end or byte_at(at + 1) == 32):
            break
        if not byte_at(table + byte) & charset:
            break
        at += 1
    if stop >= 0 and (at >= end or byte_at(at) != stop):
        return -1
    if charset & QUALIFIED and not (at < end and byte_at(at) == 58):
        dot = pos
        while dot < at and byte_at(dot) != 46:
            dot += 1
        if dot >= at - 1:
            return -1
    if charset & TOKEN_RULE and at - pos < 8 and not (at == pos + 1 and byte_at(pos) == 45):
        return -1
    if charset & AGE_RULE and not (at > pos and (is_digit(byte_at(pos)) or byte_at(pos) == 60)):
        return -1
    return at if at > pos or charset & MAY_BE_EMPTY else -1


@kernel
def location(pos: int, stop: int, regs: int) -> bool:
    """Split `logger#12`, `file.go:12`, `Class.method(File.java:12)` into component and line number."""
    at = stop
    if at > pos and byte_at(at - 1) == 41:
        at -= 1
    digits_end = at
    while at > pos and is_digit(byte_at(at - 1)):
        at -= 1
    if at in (digits_end, pos):
        return False
    mark = byte_at(at - 1)
    if mark != 35 and mark != 58 and mark != 64:
        return False
    put(regs, R_LOCATION, pos)
    put(regs, R_LOCATION + 1, stop)
    if get(regs, R_COMPONENT + 1) == 0:
        put(regs, R_COMPONENT, pos)
        put(regs, R_COMPONENT + 1, at - 1)
    return True
