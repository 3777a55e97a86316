"""Remembered header shapes: a header that differs from one already read only in its digits is not read again.

Nearly every line of a file has one of a few headers but for the digits. The header's bytes with every digit
written as 0 are hashed; when it was seen before, each field stands where it stood then, and only the steps
whose digits carry meaning (clock, priority, status) are taken again at their places. The answer is the one
`scanning.run` gives.
"""

import numpy as np

from holdfast.diagnostics.logs.keyed import R_MESSAGE
from holdfast.diagnostics.logs.lanes import LANES, equal_at, level_digits, move_addresses
from holdfast.diagnostics.logs.matching import X_LIMIT, Ints
from holdfast.diagnostics.logs.memory import OFFSET, PRIME, byte_at, folded, get, put, trailing_zeros, word_at
from holdfast.diagnostics.logs.opcodes import REGISTERS, Ctx
from holdfast.diagnostics.logs.scanning import (
    R_FIXED,
    R_REFUSED,
    R_STEPS,
    R_TRAIL,
    X_PROGRAM,
    cannot_begin,
    run,
    step,
)
from holdfast.diagnostics.logs.skeletons import MIX, MIX_SECOND
from holdfast.diagnostics.logs.times import (
    DAY,
    FRACTION,
    ISO,
    MONTH,
    R_DAY,
    R_HOUR,
    R_MINUTE,
    R_MONTH,
    R_SECOND,
    R_YEAR,
    TIME_OF_DAY,
    YEAR4,
    fraction,
    iso_time,
    pair,
    time_of_day,
)
from holdfast.kernels import inlined, kernel

X_SHAPES, X_BOUNDS, X_OUTERS = int(Ctx.SHAPES), int(Ctx.BOUNDS), int(Ctx.OUTERS)
LONGEST = 2 * LANES - 8  # bytes of a header that is remembered
SHIFT = np.uint64(32)
ENTRIES = 256  # places of the table, of which half are filled
FIELDS = 1 + REGISTERS  # of an entry: address of the line it was read from, registers
TRIAL = 1024  # lines after which a memory that seldom knows the header is no longer asked
# One program's memory: asked, known, filled, a key, the longest header, bits of the last bytes of headers, levelled
# bytes, their hashes, keys (apart from the entries, to be near each other), entries.
M_ASKED, M_KNOWN, M_FILLED, M_KEY, M_MOST, M_LASTS, M_LEVEL, M_HASHES, M_KEYS = 0, 1, 2, 3, 4, 5, 7, 25, 43
M_ENTRIES = M_KEYS + ENTRIES
MEMORY_OF_ONE = M_ENTRIES + ENTRIES * FIELDS


def new_memory() -> Ints:
    """Room for what the first program of lines and that of wrapped texts remember; nothing yet."""
    memory = np.empty(2 * MEMORY_OF_ONE, np.int64)
    memory.reshape(2, MEMORY_OF_ONE)[:, :M_ENTRIES] = 0
    return memory


@inlined
def prefix_hashes(memory: int, pos: int, most: int) -> None:
    """Hashes of the first 0, 8, 16, ... `most` bytes of a line with its digits levelled."""
    level, hashes = memory + M_LEVEL * 8, memory + M_HASHES * 8
    level_digits(pos, level)
    if most >= LANES:
        level_digits(pos + LANES, level + LANES)
    total, salt = OFFSET, MIX
    put(hashes, 0, np.int64(total))
    for at in range(most >> 3):  # each word is mixed by itself: none waits for the one before
        total += folded(word_at(level + at * 8) ^ salt, MIX_SECOND)
        salt += MIX
        put(hashes, at + 1, np.int64(total))


@inlined
def place(memory: int, length: int) -> int:
    """Number of the entry for the line's first `length` bytes, or of the free place where it would go."""
    whole, bits = length >> 3, np.uint64((length & 7) * 8)
    part = word_at(memory + (M_LEVEL + whole) * 8) & ((np.uint64(1) << bits) - np.uint64(1))
    key = (np.uint64(get(memory, M_HASHES + whole)) ^ part ^ (np.uint64(length) << np.uint64(56))) * PRIME
    key = (key ^ (key >> SHIFT)) | np.uint64(1)
    at = int(key >> np.uint64(8)) & (ENTRIES - 1)
    put(memory, M_KEY, np.int64(key))
    while True:
        held = get(memory, M_KEYS + at)
        if held == 0 or np.uint64(held) == key:
            return at
        at = (at + 1) & (ENTRIES - 1)


@inlined
def entry_at(memory: int, at: int) -> int:
    return memory + (M_ENTRIES + at * FIELDS) * 8


@inlined
def two(pos: int) -> int:
    """Value of two bytes that are known to be digits."""
    return byte_at(pos) * 10 + byte_at(pos + 1) - 528


@inlined
def signed(byte: int) -> bool:
    return byte == 43 or byte == 45


@inlined
def iso_again(pos: int, stop: int, end: int, regs: int) -> int:
    """`iso_time` where digits stand for digits; whatever may be a zone is left to it."""
    if stop + 8 >= get(regs, R_MESSAGE) or signed(byte_at(stop)) or signed(byte_at(stop + 1)):
        return iso_time(pos, end, regs)
    month, day, hour = two(pos + 5), two(pos + 8), two(pos + 11)
    minute, second = two(pos + 14), two(pos + 17)
    if month < 1 or month > 12 or day < 1 or day > 31 or hour > 24 or minute > 59 or second > 60:
        return -1
    put(regs, R_YEAR, pair(pos) * 100 + pair(pos + 2))  # of a year not every byte need be a digit
    put(regs, R_MONTH, month)
    put(regs, R_DAY, day)
    put(regs, R_HOUR, hour)
    put(regs, R_MINUTE, minute)
    put(regs, R_SECOND, second)
    if stop == pos + 19 or fraction(pos + 19, end, regs) == stop:
        return stop
    return iso_time(pos, end, regs)


@inlined
def taken(ctx: int, op: int, row: int, pos: int, stop: int, end: int, regs: int) -> int:
    """`step` where digits stand for digits, up to `stop`; the commonest steps first."""
    if op == ISO:
        return iso_again(pos, stop, end, regs)
    if op == FRACTION:
        return fraction(pos, end, regs)
    if op == TIME_OF_DAY:
        return time_of_day(pos, end, regs)
    if op == DAY and stop - pos == 2 and byte_at(pos) != 32:
        put(regs, R_DAY, two(pos))
        return stop if 1 <= two(pos) <= 31 else -1
    if op == MONTH and stop - pos == 2:
        put(regs, R_MONTH, two(pos))
        return stop if 1 <= two(pos) <= 12 else -1
    if op == YEAR4:
        put(regs, R_YEAR, two(pos) * 100 + two(pos + 2))
        return stop
    return step(ctx, op, row, pos, end, regs)


@inlined
def again(ctx: int, entry: int, pos: int, end: int, regs: int) -> bool:
    """Fill the registers as they were for the remembered line, the clock as this line has it."""
    moved = pos - get(entry, 0)
    for reg in range(0, R_TRAIL, 8):
        move_addresses(entry + (1 + reg) * 8, regs + reg * 8, moved)
    put(regs, R_MESSAGE + 1, end)
    for number in range(get(entry, 1 + R_STEPS)):
        at = entry + (1 + R_TRAIL + number * 3) * 8
        stop = get(at, 2) + moved
        if taken(ctx, get(at, 0), entry, get(at, 1) + moved, stop, end, regs) != stop:
            return False
    return True


@inlined
def read_as(ctx: int, memory: int, length: int, pos: int, end: int, regs: int) -> bool:
    """Whether the line's first `length` bytes are a header of a remembered shape; the registers are filled then."""
    if pos + length >= end:
        return False
    at, after = place(memory, length), byte_at(pos + length)
    if get(memory, M_KEYS + at) == 0 or after == 32 or after == 9 or after == 27 or after == 92:
        return False
    entry = entry_at(memory, at)
    if after == get(entry, 1 + R_REFUSED) and get(entry, 2 + R_REFUSED) == get(entry, 1 + R_MESSAGE):
        return False
    return again(ctx, entry, pos, end, regs)


@kernel
def known(ctx: int, memory: int, pos: int, end: int, regs: int) -> bool:
    """Whether the line has a header of a remembered shape, which ends in a blank; the registers are filled then."""
    prefix_hashes(memory, pos, get(memory, M_MOST))
    near = (equal_at(pos, 32) | equal_at(pos, 9)) & np.uint64(get(memory, M_LASTS))
    far = (equal_at(pos + LANES, 32) | equal_at(pos + LANES, 9)) & np.uint64(get(memory, M_LASTS + 1))
    while near | far:
        length = trailing_zeros(near) + 1 if near else trailing_zeros(far) + LANES + 1
        if read_as(ctx, memory, length, pos, end, regs):
            return True
        if near:
            near &= near - np.uint64(1)
        else:
            far &= far - np.uint64(1)
    return False


@kernel
def remember(memory: int, pos: int, end: int, regs: int) -> None:
    """Keep the shape of a header that was read, when nothing after it had a say in that."""
    message = get(regs, R_MESSAGE)
    length, before = message - pos, byte_at(message - 1)
    fixed = 0 < get(regs, R_FIXED) < message
    if not fixed or length < 8 or length > LONGEST or get(regs, R_MESSAGE + 1) != end:
        return
    if message >= end or (before != 32 and before != 9) or get(memory, M_FILLED) * 2 >= ENTRIES:
        return
    prefix_hashes(memory, pos, length)
    at = place(memory, length)
    if get(memory, M_KEYS + at):
        return
    put(memory, M_MOST, max(get(memory, M_MOST), length))
    half, last = (length - 1) // LANES, np.uint64((length - 1) % LANES)
    put(memory, M_LASTS + half, get(memory, M_LASTS + half) | np.int64(np.uint64(1) << last))
    put(memory, M_FILLED, get(memory, M_FILLED) + 1)
    put(memory, M_KEYS + at, get(memory, M_KEY))
    entry = entry_at(memory, at)
    put(entry, 0, pos)
    for reg in range(REGISTERS):
        put(entry, 1 + reg, get(regs, reg))


@kernel
def read(ctx: int, number: int, pos: int, end: int, regs: int) -> int:
    """`run` with program `number`; the first program of lines and of wrapped texts remember shapes."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    first, last = get(bounds, number * 3), get(bounds, number * 3 + 1)
    if cannot_begin(get(ctx, X_PROGRAM) + first * 32, pos, end):
        return 0
    memory = get(ctx, X_SHAPES) + (MEMORY_OF_ONE * 8 if number else 0)
    asked, hits = get(memory, M_ASKED), get(memory, M_KNOWN)
    asks = (number == 0 or number == outers) and (asked < TRIAL or hits * 2 > asked)
    asks = asks and pos + 2 * LANES <= get(ctx, X_LIMIT)
    if asks:
        put(memory, M_ASKED, asked + 1)
        if known(ctx, memory, pos, end, regs):
            put(memory, M_KNOWN, hits + 1)
            return 1
    matched = run(ctx, first, last, pos, end, regs)
    if matched and asks:
        remember(memory, pos, end, regs)
    return matched
