"""Remembered header shapes: a header that differs from one already read only in its digits is not read again.

Nearly every line of a file has one of a few headers but for the digits. The header's bytes with every digit
written as 0 are hashed; when it was seen before, each field stands where it stood then, and only the steps
whose digits carry meaning (clock, priority, status) are taken again at their places. The answer is the one
`scanning.run` gives.
"""

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.keyed import R_MESSAGE
from holdfast.diagnostics.logs.matching import X_LIMIT
from holdfast.diagnostics.logs.memory import (
    LANES,
    OFFSET,
    PRIME,
    byte_at,
    get,
    level_digits,
    move_addresses,
    put,
    word_at,
)
from holdfast.diagnostics.logs.opcodes import REGISTERS, Ctx
from holdfast.diagnostics.logs.scanning import (
    R_FIXED,
    R_REFUSED,
    R_STEPS,
    R_TRAIL,
    run,
    step,
)

X_SHAPES, X_BOUNDS, X_OUTERS = int(Ctx.SHAPES), int(Ctx.BOUNDS), int(Ctx.OUTERS)
LONGEST = 2 * LANES - 8  # bytes of a header that is remembered
MOST_LENGTHS = 12
SHIFT = np.uint64(32)
ENTRIES = 256  # places of the table, of which half are filled
FIELDS = 2 + REGISTERS  # of an entry: key, address of the line it was read from, registers
TRIAL = 1024  # lines after which a memory that seldom knows the header is no longer asked
# One program's memory: asked, known, filled, lengths in use, the longest of them, the lengths, levelled bytes,
# their hashes, entries.
M_ASKED, M_KNOWN, M_FILLED, M_LENGTHS, M_KEY, M_MOST, M_LENGTH, M_LEVEL, M_HASHES, M_ENTRIES = (
    0, 1, 2, 3, 4, 5, 6, 18, 36, 54
)  # fmt: skip
MEMORY_OF_ONE = M_ENTRIES + ENTRIES * FIELDS
MEMORY = 2 * MEMORY_OF_ONE


@njit(cache=True, nogil=True)
def prefix_hashes(memory: int, pos: int, most: int) -> None:
    """Hashes of the first 0, 8, 16, ... `most` bytes of a line with its digits levelled."""
    level, hashes = memory + M_LEVEL * 8, memory + M_HASHES * 8
    level_digits(pos, level)
    if most >= LANES:
        level_digits(pos + LANES, level + LANES)
    total = OFFSET
    put(hashes, 0, np.int64(total))
    for at in range(most >> 3):
        total = (total ^ word_at(level + at * 8)) * PRIME
        total ^= total >> SHIFT
        put(hashes, at + 1, np.int64(total))


@njit(cache=True, nogil=True)
def place(memory: int, length: int) -> int:
    """Address of the entry for the line's first `length` bytes, or of the free place where it would go."""
    whole, bits = length >> 3, np.uint64((length & 7) * 8)
    part = word_at(memory + (M_LEVEL + whole) * 8) & ((np.uint64(1) << bits) - np.uint64(1))
    key = (np.uint64(get(memory, M_HASHES + whole)) ^ part ^ (np.uint64(length) << np.uint64(56))) * PRIME
    key = (key ^ (key >> SHIFT)) | np.uint64(1)
    at = int(key >> np.uint64(8)) & (ENTRIES - 1)
    put(memory, M_KEY, np.int64(key))
    while True:
        entry = memory + (M_ENTRIES + at * FIELDS) * 8
        held = get(entry, 0)
        if held == 0 or np.uint64(held) == key:
            return entry
        at = (at + 1) & (ENTRIES - 1)


@njit(cache=True, nogil=True)
def again(ctx: int, entry: int, pos: int, end: int, regs: int) -> bool:
    """Fill the registers as they were for the remembered line, the clock as this line has it."""
    moved = pos - get(entry, 1)
    for reg in range(0, R_TRAIL, 8):
        move_addresses(entry + (2 + reg) * 8, regs + reg * 8, moved)
    put(regs, R_MESSAGE + 1, end)
    for number in range(get(entry, 2 + R_STEPS)):
        at = 2 + R_TRAIL + number * 3
        if (
            step(ctx, get(entry, at), entry, get(entry, at + 1) + moved, end, regs)
            != get(entry, at + 2) + moved
        ):
            return False
    return True


@njit(cache=True, nogil=True)
def known(ctx: int, memory: int, pos: int, end: int, regs: int) -> bool:
    """Whether the line's header has a remembered shape; the registers are filled then."""
    prefix_hashes(memory, pos, get(memory, M_MOST))
    for index in range(get(memory, M_LENGTHS)):
        length = get(memory, M_LENGTH + index)
        if pos + length >= end:
            continue
        entry, after = place(memory, length), byte_at(pos + length)
        if get(entry, 0) == 0 or after == 32 or after == 9 or after == 27 or after == 92:
            continue
        if after == get(entry, 2 + R_REFUSED) and get(entry, 3 + R_REFUSED) == get(entry, 2 + R_MESSAGE):
            continue
        if not again(ctx, entry, pos, end, regs):
            continue
        if index:  # lengths often met are tried first
            put(memory, M_LENGTH + index, get(memory, M_LENGTH + index - 1))
            put(memory, M_LENGTH + index - 1, length)
        return True
    return False


@njit(cache=True, nogil=True)
def remember(memory: int, pos: int, end: int, regs: int) -> None:
    """Keep the shape of a header that was read, when nothing after it had a say in that."""
    message = get(regs, R_MESSAGE)
    length, before = message - pos, byte_at(message - 1)
    if get(regs, R_FIXED) == 0 or length < 8 or length > LONGEST or get(regs, R_MESSAGE + 1) != end:
        return
    if message >= end or (before != 32 and before != 9) or get(memory, M_FILLED) * 2 >= ENTRIES:
        return
    lengths, index = get(memory, M_LENGTHS), 0
    while index < lengths and get(memory, M_LENGTH + index) != length:
        index += 1
    if index == MOST_LENGTHS:
        return
    prefix_hashes(memory, pos, length)
    entry = place(memory, length)
    if get(entry, 0):
        return
    put(memory, M_MOST, max(get(memory, M_MOST), length))
    if index == lengths:
        put(memory, M_LENGTH + index, length)
        put(memory, M_LENGTHS, lengths + 1)
    put(memory, M_FILLED, get(memory, M_FILLED) + 1)
    put(entry, 0, get(memory, M_KEY))
    put(entry, 1, pos)
    for reg in range(REGISTERS):
        put(entry, 2 + reg, get(regs, reg))


@njit(cache=True, nogil=True)
def read(ctx: int, number: int, pos: int, end: int, regs: int) -> int:
    """`run` with program `number`; the first program of lines and of wrapped texts remember shapes."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    memory = get(ctx, X_SHAPES) + (MEMORY_OF_ONE * 8 if number else 0)
    asked, hits = get(memory, M_ASKED), get(memory, M_KNOWN)
    asks = (number == 0 or number == outers) and (asked < TRIAL or hits * 2 > asked)
    asks = asks and pos + 2 * LANES <= get(ctx, X_LIMIT)
    if asks:
        put(memory, M_ASKED, asked + 1)
        if known(ctx, memory, pos, end, regs):
            put(memory, M_KNOWN, hits + 1)
            return 1
    matched = run(ctx, get(bounds, number * 3), get(bounds, number * 3 + 1), pos, end, regs)
    if matched and asks:
        remember(memory, pos, end, regs)
    return matched
