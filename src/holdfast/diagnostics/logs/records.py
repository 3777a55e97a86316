"""The record loop: one pass over a byte range of a file, any range, always the same records.

A range owns the records whose first line starts inside it. It looks back one line (a container
runtime may have split a line there) and reads on past its end to finish its last record.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from holdfast.diagnostics.logs.keyed import R_ESCAPED, R_ID, R_ID_RANK, R_KEYS, R_LEVEL, R_MESSAGE, R_STACK
from holdfast.diagnostics.logs.matching import (
    C_ABSOLUTE,
    C_TIME,
    C_ZONE,
    R_CLOCK,
    R_COMPONENT,
    R_LOCATION,
    R_ZONE,
    Ints,
    Words,
    time_of,
)
from holdfast.diagnostics.logs.memory import OFFSET, PRIME, block_hash, byte_at, get, next_byte, put
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, NO_TIME, REGISTERS, Ctx, Reg
from holdfast.diagnostics.logs.scanning import R_PARTIAL, continuation_shape, leading_level, run
from holdfast.diagnostics.logs.skeletons import frame_hash, skeleton

Slots = NDArray[np.int32]

MAX_FRAMES = 10_000  # continuation lines of one record that count towards its stack
D_PAIRS, D_MASK, D_ROWS, D_FIELDS, D_USED = 0, 1, 2, 3, 4  # what describes a table to the kernels
S_FIRST, S_MESSAGE, S_LOCATION, S_LAYOUT, S_CLOCK, S_ESCAPED, S_LEVEL = 0, 1, 3, 5, 6, 7, 8
SLOT_FIELDS = 9  # first record, message span, location span, layout code, clock bits, escaped, level
INNERS = 16  # layout code = outer * INNERS + inner + 1
UNSTATED = 999_999  # zone code of a time without a zone
T_LINES, T_RECORDS, T_CUT, T_LOST_IDS, T_NULS, T_NUL_LINE = 0, 1, 2, 3, 4, 5
T_TIME, T_PART, T_ID, T_OWNED = 6, 7, 8, 9  # what fill_record hands over
T_RESUME = 10  # where the columns were full, as an offset; the range ends there
ZONES_AT = 12
NO_FOLD = np.uint64(0)
R_CONTEXT = int(Reg.CONTEXT)
X_LIMIT, X_BASE, X_BOUNDS = int(Ctx.LIMIT), int(Ctx.BASE), int(Ctx.BOUNDS)
X_OUTERS, X_ALL, X_LOOSE = int(Ctx.OUTERS), int(Ctx.ALL), int(Ctx.LOOSE)


@njit(cache=True, nogil=True)
def probe(keys: Words, key: np.uint64) -> np.int64:
    """Where the key is in an open-addressing table, or where it would go."""
    mask = np.uint64(len(keys) - 1)
    at = (key ^ (key >> np.uint64(29))) & mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.int64(at)


@njit(cache=True, nogil=True, forceinline=True)
def find(table: int, key: np.uint64) -> Any:
    """Address of the (key, number) pair of a key, or of the empty pair where it would go."""
    pairs, mask = get(table, D_PAIRS), get(table, D_MASK)
    at = np.int64(key ^ (key >> np.uint64(29))) & mask
    while True:
        held = get(pairs, at * 2)
        if held == 0 or np.uint64(held) == key:
            return pairs + at * 16
        at = (at + 1) & mask


@njit(cache=True, nogil=True, forceinline=True)
def enter(table: int, key: np.uint64) -> int:
    """Number of the key's entry; a new key gets the next number. There must be room for one more."""
    pair = find(table, key)
    if get(pair, 0) == 0:
        number = get(table, D_USED)
        put(pair, 0, np.int64(key))
        put(pair, 1, number)
        put(get(table, D_ROWS), number * get(table, D_FIELDS), np.int64(key))
        put(table, D_USED, number + 1)
    return get(pair, 1)


@njit(cache=True, nogil=True)
def describe(table: int, pairs: Ints, rows: Ints) -> None:
    """Point a table at its arrays; whoever owns the arrays keeps them."""
    put(table, D_PAIRS, pairs.ctypes.data)
    put(table, D_MASK, len(pairs) - 1)
    put(table, D_ROWS, rows.ctypes.data)
    put(table, D_FIELDS, rows.shape[1])


@njit(cache=True, nogil=True)
def larger(table: int, rows: Ints) -> tuple[Ints, Ints]:
    """The same table at four times the size: nothing is lost when it fills up."""
    size, used = (get(table, D_MASK) + 1) * 4, get(table, D_USED)
    pairs, more = np.zeros((size, 2), np.int64), np.zeros((size // 2, rows.shape[1]), np.int64)
    more[:used] = rows[:used]
    describe(table, pairs, more)
    for number in range(used):
        pair = find(table, np.uint64(more[number, 0]))
        put(pair, 0, more[number, 0])
        put(pair, 1, number)
    return pairs, more


@njit(cache=True, nogil=True)
def full(table: int) -> bool:
    return get(table, D_USED) * 2 > get(table, D_MASK)


@njit(cache=True, nogil=True, forceinline=True)
def trimmed(start: int, end: int, escaped: int) -> int:
    """End of a message without trailing blanks, NULs and escaped newlines."""
    while end > start:
        last = byte_at(end - 1)
        if last == 32 or last == 13 or last == 0 or last == 9:
            end -= 1
        elif escaped and end - 2 >= start and byte_at(end - 2) == 92 and (last == 110 or last == 114):
            end -= 2
        else:
            break
    return end


@njit(cache=True, nogil=True)
def copy_span(source: int, target: int, reg: int) -> None:
    if get(source, reg + 1):
        put(target, reg, get(source, reg))
        put(target, reg + 1, get(source, reg + 1))


@njit(cache=True, nogil=True)
def adopt(regs: int, inner: int) -> None:
    """The inner layout names message, level and component; the wrapper's clock stays when it has one."""
    put(regs, R_LOCATION + 1, 0)
    for reg in (R_MESSAGE, R_LOCATION, R_COMPONENT, R_ID, R_STACK, R_CONTEXT):
        copy_span(inner, regs, reg)
    if get(inner, R_LEVEL):
        put(regs, R_LEVEL, get(inner, R_LEVEL))
    put(regs, R_ID_RANK, max(get(regs, R_ID_RANK), get(inner, R_ID_RANK)))
    put(regs, R_KEYS, get(inner, R_KEYS))
    if not get(regs, R_CLOCK) & (C_TIME | C_ABSOLUTE):
        for reg in range(R_ZONE + 1):
            put(regs, reg, get(inner, reg))


@njit(cache=True, nogil=True)
def unwrap(ctx: int, outer: int, wraps: int, regs: int, inner: int) -> int:
    """Layout code of a wrapped line after trying the inner layouts on its text; -1 for a continuation."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    escaped, start, uncut = get(regs, R_ESCAPED), get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1)
    stop = trimmed(start, uncut, escaped)
    if escaped and wraps == 2:
        put(regs, R_PARTIAL, 1 if stop == uncut else 0)
    put(regs, R_MESSAGE + 1, stop)
    for index in range(outers, get(ctx, X_ALL)):
        if run(ctx, get(bounds, index * 3), get(bounds, index * 3 + 1), start, stop, inner):
            adopt(regs, inner)
            return outer * INNERS + index - outers + 1
    return -1 if continuation_shape(start, stop) else outer * INNERS


@njit(cache=True, nogil=True)
def classify(ctx: int, pos: int, end: int, regs: int, inner: int) -> int:
    """Layout code of a line that starts a record, or -1 for a continuation; registers are filled."""
    bounds, outers = get(ctx, X_BOUNDS), get(ctx, X_OUTERS)
    for outer in range(outers):
        if run(ctx, get(bounds, outer * 3), get(bounds, outer * 3 + 1), pos, end, regs):
            wraps = get(bounds, outer * 3 + 2)
            return unwrap(ctx, outer, wraps, regs, inner) if wraps else outer * INNERS
    for index in range(REGISTERS):
        put(regs, index, 0)
    put(regs, R_MESSAGE, pos)
    put(regs, R_MESSAGE + 1, end)
    return outers * INNERS if get(ctx, X_LOOSE) and not continuation_shape(pos, end) else -1


@njit(cache=True, nogil=True)
def message_key(ctx: int, code: int, tally: int, regs: int) -> np.uint64:
    """Skeleton hash of a record's message, apart for each layout and code location."""
    first, limit = get(regs, R_MESSAGE), get(ctx, X_LIMIT)
    last = trimmed(first, get(regs, R_MESSAGE + 1), get(regs, R_ESCAPED))
    if last - first > MAX_HASHED:
        put(tally, T_CUT, get(tally, T_CUT) + 1)
        last = first + MAX_HASHED
    put(regs, R_MESSAGE + 1, last)
    key = skeleton(ctx, first, last, OFFSET ^ (np.uint64(code + 1) * PRIME), regs)
    if get(regs, R_CONTEXT + 1) and get(regs, R_ID_RANK) < 8:
        skeleton(ctx, get(regs, R_CONTEXT), get(regs, R_CONTEXT + 1), OFFSET, regs)
    stop = get(regs, R_LOCATION + 1)
    if stop:
        begin = get(regs, R_LOCATION)
        key = block_hash(begin, min(stop, begin + 256), limit, key, NO_FOLD)
    return key


@njit(cache=True, nogil=True)
def fill_slot(ctx: int, row: int, record: int, code: int, base: int, regs: int) -> None:
    """What is kept of the first record of a skeleton; `row` is the address of the fields."""
    put(row, S_FIRST, record)
    put(row, S_LAYOUT, code)
    put(row, S_MESSAGE, get(regs, R_MESSAGE) - base)
    put(row, S_MESSAGE + 1, get(regs, R_MESSAGE + 1) - base)
    if get(regs, R_LOCATION + 1):
        put(row, S_LOCATION, get(regs, R_LOCATION) - base)
        put(row, S_LOCATION + 1, min(get(regs, R_LOCATION + 1), get(regs, R_LOCATION) + 256) - base)
    put(row, S_CLOCK, get(regs, R_CLOCK))
    put(row, S_ESCAPED, get(regs, R_ESCAPED))
    put(row, S_LEVEL, leading_level(ctx, get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1)))


@njit(cache=True, nogil=True, forceinline=True)
def note_zone(zones: int, regs: int, line: int) -> None:
    """Count the record's zone: rows of (seconds east or UNSTATED, count, first line), 31 at most."""
    code = get(regs, R_ZONE) if get(regs, R_CLOCK) & C_ZONE else UNSTATED
    row = 0
    while row < 93 and get(zones, row + 1) and get(zones, row) != code:
        row += 3
    if get(zones, row + 1) == 0:
        put(zones, row, code)
        put(zones, row + 2, line)
    put(zones, row + 1, get(zones, row + 1) + 1)


@njit(cache=True, nogil=True)
def span_number(ctx: int, table: int, regs: int, reg: int, most: int) -> int:
    """Number of the text in a register span, -1 when empty, -2 when the table may not grow further."""
    start = get(regs, reg)
    stop = min(get(regs, reg + 1), start + 128)
    if stop <= start:
        return -1
    key = block_hash(start, stop, get(ctx, X_LIMIT), OFFSET, NO_FOLD)
    before = get(table, D_USED)
    if before >= most and get(find(table, key), 0) == 0:
        return -2
    number = enter(table, key)
    if number == before:
        row = get(table, D_ROWS) + number * get(table, D_FIELDS) * 8
        put(row, 1, start - get(ctx, X_BASE))
        put(row, 2, stop - get(ctx, X_BASE))
    return number


@njit(cache=True, nogil=True, forceinline=True)
def line_start(pos: int, end: int, base: int, tally: int, line: int) -> int:
    """Where the text of a line begins: after NULs left by a crash, or a byte order mark."""
    begin = pos
    while begin < end and byte_at(begin) == 0:
        begin += 1
    if begin > pos:
        if get(tally, T_NULS) == 0:
            put(tally, T_NUL_LINE, line)
        put(tally, T_NULS, get(tally, T_NULS) + 1)
    if pos == base and end - pos >= 3 and byte_at(pos) == 0xEF and byte_at(pos + 1) == 0xBB:
        begin = pos + 3
    return begin


@njit(cache=True, nogil=True)
def keep_stack(stacks: Ints, used: int, record: int, key: np.uint64, first: int, last: int) -> Ints:
    """Append (record, key, span) to the stacks, which are made longer when full."""
    if used == len(stacks):
        more = np.zeros((len(stacks) * 2, 4), np.int64)
        more[:used] = stacks
        stacks = more
    stacks[used, 0], stacks[used, 1], stacks[used, 2], stacks[used, 3] = record, np.int64(key), first, last
    return stacks


class Columns(NamedTuple):
    """Record columns while they are filled."""

    line: Slots
    offset: Ints
    slot: Slots
    time: Ints
    level: NDArray[np.int8]
    component: Slots
    ids: Slots


@njit(cache=True, nogil=True)
def fill_record(
    ctx: int, tables: int, code: int, record: int, line: int, state: int, most_ids: int, regs: int
) -> int:
    """Number of the record's skeleton; entries are made where they are new."""
    tally, base = state, get(ctx, X_BASE)
    before = get(tables, D_USED)
    number = enter(tables, message_key(ctx, code, tally, regs))
    if number == before:
        fill_slot(ctx, get(tables, D_ROWS) + number * (SLOT_FIELDS + 1) * 8 + 8, record, code, base, regs)
    if get(regs, R_LEVEL) == 0:
        put(regs, R_LEVEL, get(get(tables, D_ROWS) + number * (SLOT_FIELDS + 1) * 8 + 8, S_LEVEL))
    if get(regs, R_CLOCK) & (C_TIME | C_ABSOLUTE):
        note_zone(state + ZONES_AT * 8, regs, line)
        put(tally, T_TIME, time_of(regs))
    else:
        put(tally, T_TIME, NO_TIME)
    put(tally, T_PART, max(span_number(ctx, tables + 64, regs, R_COMPONENT, 32_000), -1))
    named = get(regs, R_ID + 1) - get(regs, R_ID) >= 4  # a dash stands for none
    found = span_number(ctx, tables + 128, regs, R_ID, most_ids) if named else -1
    put(tally, T_LOST_IDS, get(tally, T_LOST_IDS) + (found == -2))
    put(tally, T_ID, max(found, -1))
    return number


@njit(cache=True, nogil=True)
def scan_range(
    ctx: int, start: int, stop: int, end_of_file: int, look_back: bool, capacity: int, most_ids: int
) -> tuple[Ints, Columns, Ints, Ints, Ints, Ints, Ints]:
    """Records of addresses [start, stop). With look_back the first line only tells whether it was split."""
    line_of, offset_of, slot_of = (
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int32),
    )
    time_of_record, level_of = np.empty(capacity, np.int64), np.empty(capacity, np.int8)
    part_of, id_of = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
    slots, slot_rows = np.zeros((8192, 2), np.int64), np.zeros((4096, SLOT_FIELDS + 1), np.int64)
    parts, part_rows = np.zeros((512, 2), np.int64), np.zeros((256, 3), np.int64)
    ids, id_rows = np.zeros((65536, 2), np.int64), np.zeros((32768, 3), np.int64)
    descriptors, state, registers = (
        np.zeros(24, np.int64),
        np.zeros(ZONES_AT + 96, np.int64),
        np.zeros((3, REGISTERS), np.int64),
    )
    tables, tally = descriptors.ctypes.data, state.ctypes.data
    describe(tables, slots, slot_rows)
    describe(tables + 64, parts, part_rows)
    describe(tables + 128, ids, id_rows)
    stacks, stack_used = np.zeros((64, 4), np.int64), 0
    regs, inner, scratch = registers[0].ctypes.data, registers[1].ctypes.data, registers[2].ctypes.data
    base, count, line = get(ctx, X_BASE), 0, 0
    split, frames, stack, stack_from, stack_to = False, 0, np.uint64(0), 0, 0
    at_start, pos = start == base and not look_back, start
    while pos < end_of_file:
        looking = look_back and pos == start
        past = pos >= stop and not looking
        eol = next_byte(pos, end_of_file, 10)
        end = eol - 1 if eol > pos and byte_at(eol - 1) == 13 else eol
        begin = line_start(pos, end, base, tally, line)
        code = classify(ctx, begin, end, regs, inner)
        joins = split and code % INNERS == 0  # a piece with a header of its own was never the rest
        head = (code >= 0 or (at_start and count == 0)) and not joins and begin < end and not looking
        split = get(regs, R_PARTIAL) == 1
        if past and (head or count == 0 or frames >= MAX_FRAMES):
            break
        if head and count == capacity:
            break
        if head:
            if stack:
                stacks = keep_stack(stacks, stack_used, count - 1, stack, stack_from, stack_to)
                stack_used += 1
            stack, frames = np.uint64(0), 0
            if full(tables):
                slots, slot_rows = larger(tables, slot_rows)
            if full(tables + 64):
                parts, part_rows = larger(tables + 64, part_rows)
            if full(tables + 128):
                ids, id_rows = larger(tables + 128, id_rows)
            code = get(ctx, X_OUTERS) * INNERS if code < 0 else code
            slot_of[count] = fill_record(ctx, tables, code, count, line, tally, most_ids, regs)
            line_of[count], offset_of[count], level_of[count] = line, pos - base, get(regs, R_LEVEL)
            time_of_record[count] = get(tally, T_TIME)
            part_of[count], id_of[count] = get(tally, T_PART), get(tally, T_ID)
            if get(regs, R_STACK + 1):
                stack_from, stack_to = get(regs, R_STACK) - base, get(regs, R_STACK + 1) - base
                stack = frame_hash(ctx, stack_from + base, stack_to + base, OFFSET, scratch)
            count += 1
        elif count and begin < end and frames < MAX_FRAMES:
            if stack == 0:
                stack, stack_from = OFFSET, pos - base
            stack = frame_hash(ctx, get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1), stack, scratch)
            stack_to, frames = eol - base, frames + 1
        line += not past and not looking
        pos = eol + 1
    if stack:
        stacks = keep_stack(stacks, stack_used, count - 1, stack, stack_from, stack_to)
        stack_used += 1
    state[T_LINES], state[T_RECORDS], state[T_RESUME] = line, count, min(pos, stop) - base
    used = descriptors[D_USED::8]
    columns = Columns(line_of, offset_of, slot_of, time_of_record, level_of, part_of, id_of)
    state[T_OWNED] = len(slots) + len(parts) + len(ids) + len(registers)  # so that they live until here
    return (
        state[:ZONES_AT].copy(), columns, slot_rows[: used[0]].copy(), part_rows[: used[1]].copy(),
        id_rows[: used[2]].copy(), stacks[:stack_used].copy(), state[ZONES_AT:].copy().reshape(-1, 3),
    )  # fmt: skip
