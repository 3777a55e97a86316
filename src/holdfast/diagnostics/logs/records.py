"""The record loop: one pass over a byte range of a file, any range, always the same records.

A range owns the records whose first line starts inside it. It looks back one line (a container
runtime may have split a line there) and reads on past its end to finish its last record.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.keyed import R_ESCAPED, R_ID, R_ID_RANK, R_LEVEL, R_MESSAGE, R_STACK
from holdfast.diagnostics.logs.lanes import next_byte
from holdfast.diagnostics.logs.lines import HEAD, INNERS, R_CONTEXT, classify, form_of, read_head, trimmed
from holdfast.diagnostics.logs.matching import R_COMPONENT, R_LOCATION, Words
from holdfast.diagnostics.logs.memory import (
    NO_FOLD,
    OFFSET,
    PRIME,
    block_hash,
    byte_at,
    fetch_ahead,
    get,
    put,
    put_8,
    put_32,
)
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, NO_TIME, REGISTERS, Ctx
from holdfast.diagnostics.logs.scanning import R_PARTIAL, leading_level
from holdfast.diagnostics.logs.skeletons import MIX_SECOND, ONE, absorbed, frame_hash, skeleton
from holdfast.diagnostics.logs.times import C_ABSOLUTE, C_TIME, C_ZONE, R_CLOCK, R_ZONE, time_of
from holdfast.kernels import inlined, kernel

Slots = NDArray[np.int32]

LONGEST_NAME = 128  # bytes of a component or id that count
MOST_COMPONENTS = 32_000
MAX_FRAMES = 10_000  # continuation lines of one record that count towards its stack
D_PAIRS, D_MASK, D_KEYS, D_ROWS, D_FIELDS, D_USED = 0, 1, 2, 3, 4, 5  # what describes a table to the kernels
S_FIRST, S_MESSAGE, S_LOCATION, S_LAYOUT, S_CLOCK, S_ESCAPED, S_LEVEL = 0, 1, 3, 5, 6, 7, 8
LEVEL_AT = (
    32  # bit of a skeleton's number in its pair from which on its level is kept, so that its row is not read
)
SLOT_FIELDS = 9  # first record, message span, location span, layout code, clock bits, escaped, level
UNSTATED = 999_999  # zone code of a time without a zone
T_LINES, T_RECORDS, T_CUT, T_LOST_IDS, T_NULS, T_NUL_LINE = 0, 1, 2, 3, 4, 5
T_RESUME = 6  # where the columns were full, as an offset; the range ends there
TALLY = 8  # the rest is of use only while a range is scanned
T_DONE, T_CAPACITY, T_MOST_IDS, T_LOOK_BACK, T_SPLIT, T_FRAMES = 8, 9, 10, 11, 12, 13
T_STACK, T_STACK_FROM, T_STACK_TO = 14, 15, 16
T_BELOW = 17  # lines before this address belong to the head of the record above
# An id to be entered: key, span, record.
T_PENDING, T_PENDING_FROM, T_PENDING_TO, T_PENDING_OF = 18, 19, 20, 21
ZONES_AT = 22
STATE = ZONES_AT + 96
PARTS, IDS, STACKS = 64, 128, 192  # where the tables of components, ids and stacks are described
K_LINE, K_OFFSET, K_SLOT, K_TIME, K_LEVEL, K_PART, K_ID = 0, 1, 2, 3, 4, 5, 6  # columns
AHEAD = 2048  # bytes: the text is brought in before it is read, also where it crosses a page
X_LIMIT, X_BASE = int(Ctx.LIMIT), int(Ctx.BASE)
X_OUTERS, X_HEADS = int(Ctx.OUTERS), int(Ctx.HEADS)


@kernel
def probe(keys: Words, key: np.uint64) -> np.int64:
    """Where the key is in an open-addressing table, or where it would go."""
    mask = np.uint64(len(keys) - 1)
    at = (key ^ (key >> np.uint64(29))) & mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.int64(at)


@inlined
def find(table: int, key: np.uint64) -> Any:
    """Address of the (key, number) pair of a key, or of the empty pair where it would go."""
    pairs, mask = get(table, D_PAIRS), get(table, D_MASK)
    at = np.int64(key ^ (key >> np.uint64(29))) & mask
    while True:
        held = get(pairs, at * 2)
        if held == 0 or np.uint64(held) == key:
            return pairs + at * 16
        at = (at + 1) & mask


@inlined
def fetch_pair(table: int, key: np.uint64) -> None:
    """Have the pair that a key will be looked for at brought in."""
    place: Any = np.int64(key ^ (key >> np.uint64(29))) & get(table, D_MASK)
    fetch_ahead(get(table, D_PAIRS) + place * 16)


@inlined
def enter(table: int, key: np.uint64) -> int:
    """Number of the key's entry; a new key gets the next number. There must be room for one more."""
    pair = find(table, key)
    if get(pair, 0) == 0:
        number = get(table, D_USED)
        put(pair, 0, np.int64(key))
        put(pair, 1, number)
        put(get(table, D_KEYS), number, np.int64(key))
        put(table, D_USED, number + 1)
    return get(pair, 1)


@kernel
def enter_again(table: int, level: int) -> None:
    """Enter every key of a table whose pairs were emptied and made more; `level` is a field kept in the pair, or 0."""
    keys, rows, fields = get(table, D_KEYS), get(table, D_ROWS), get(table, D_FIELDS)
    for number in range(get(table, D_USED)):
        pair = find(table, np.uint64(get(keys, number)))
        put(pair, 0, get(keys, number))
        put(pair, 1, number + (get(rows, number * fields + level) << LEVEL_AT if level else 0))


@inlined
def full(table: int) -> bool:
    return get(table, D_USED) * 2 > get(table, D_MASK)


@inlined
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


@kernel
def fill_slot(ctx: int, row: int, record: int, code: int, base: int, regs: int) -> None:
    """What is kept of the first record of a skeleton; `row` is the address of the fields."""
    put(row, S_FIRST, record)
    put(row, S_LAYOUT, code)
    put(row, S_MESSAGE, get(regs, R_MESSAGE) - base)
    put(row, S_MESSAGE + 1, get(regs, R_MESSAGE + 1) - base)
    if get(regs, R_LOCATION + 1):
        put(row, S_LOCATION, get(regs, R_LOCATION) - base)
        put(row, S_LOCATION + 1, min(get(regs, R_LOCATION + 1), get(regs, R_LOCATION) + 256) - base)
    else:
        put(row, S_LOCATION, 0)
        put(row, S_LOCATION + 1, 0)
    put(row, S_CLOCK, get(regs, R_CLOCK))
    put(row, S_ESCAPED, get(regs, R_ESCAPED))
    put(row, S_LEVEL, leading_level(ctx, get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1)))


@inlined
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


@inlined
def name_key(start: int, stop: int, limit: int) -> np.uint64:
    """Key of a component's name or of an id; never 0."""
    return absorbed(start, stop, limit, MIX_SECOND, OFFSET) | ONE


@inlined
def span_entry(ctx: int, table: int, key: np.uint64, start: int, stop: int) -> int:
    """Number of a text by its key; its span is kept when it is new."""
    before = get(table, D_USED)
    number = enter(table, key)
    if number == before:
        row = get(table, D_ROWS) + number * get(table, D_FIELDS) * 8
        put(row, 0, start - get(ctx, X_BASE))
        put(row, 1, stop - get(ctx, X_BASE))
    return number


@inlined
def component_number(ctx: int, table: int, regs: int) -> int:
    """Number of the component's name, -1 when there is none or there are too many."""
    start = get(regs, R_COMPONENT)
    stop = min(get(regs, R_COMPONENT + 1), start + LONGEST_NAME)
    if stop <= start:
        return -1
    key = name_key(start, stop, get(ctx, X_LIMIT))
    if get(table, D_USED) >= MOST_COMPONENTS and get(find(table, key), 0) == 0:
        return -1
    return span_entry(ctx, table, key, start, stop)


@inlined
def await_id(ctx: int, table: int, state: int, record: int, regs: int) -> None:
    """Note the record's id, to be entered with the next record's: its place in the table is fetched meanwhile."""
    start = get(regs, R_ID)
    if get(regs, R_ID + 1) - start < 4:  # a dash stands for none
        return
    stop = min(get(regs, R_ID + 1), start + LONGEST_NAME)
    key = name_key(start, stop, get(ctx, X_LIMIT))
    fetch_pair(table, key)
    put(state, T_PENDING, np.int64(key))
    put(state, T_PENDING_FROM, start)
    put(state, T_PENDING_TO, stop)
    put(state, T_PENDING_OF, record)


@inlined
def enter_id(ctx: int, table: int, columns: int, state: int) -> None:
    """Enter the id that waits; those of too many are lost and counted."""
    key = np.uint64(get(state, T_PENDING))
    put(state, T_PENDING, 0)
    if get(table, D_USED) >= get(state, T_MOST_IDS) and get(find(table, key), 0) == 0:
        put(state, T_LOST_IDS, get(state, T_LOST_IDS) + 1)
        return
    number = span_entry(ctx, table, key, get(state, T_PENDING_FROM), get(state, T_PENDING_TO))
    put_32(get(columns, K_ID) + get(state, T_PENDING_OF) * 4, number)


@inlined
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


@kernel
def keep_stack(tables: int, state: int, base: int) -> None:
    """Append (record, key, span) of the record that ended to the stacks."""
    stacks, used = get(tables + STACKS, D_ROWS), get(tables + STACKS, D_USED)
    row = stacks + used * 32
    put(row, 0, get(state, T_RECORDS) - 1)
    put(row, 1, get(state, T_STACK))
    put(row, 2, get(state, T_STACK_FROM) - base)
    put(row, 3, get(state, T_STACK_TO) - base)
    put(tables + STACKS, D_USED, used + 1)
    put(state, T_STACK, 0)


@kernel
def fill_record(ctx: int, tables: int, columns: int, state: int, code: int, start: int, regs: int) -> None:
    """Write the columns of the next record; entries are made where they are new."""
    record, line, base = get(state, T_RECORDS), get(state, T_LINES), get(ctx, X_BASE)
    key = message_key(ctx, code, state, regs)
    fetch_pair(tables, key)
    level, clock = get(regs, R_LEVEL), get(regs, R_CLOCK) & (C_TIME | C_ABSOLUTE)
    if clock:
        note_zone(state + ZONES_AT * 8, regs, line)
    if get(state, T_PENDING):
        enter_id(ctx, tables + IDS, columns, state)
    await_id(ctx, tables + IDS, state, record, regs)
    put_32(get(columns, K_LINE) + record * 4, line)
    put(get(columns, K_OFFSET), record, start - base)
    put(get(columns, K_TIME), record, time_of(regs) if clock else NO_TIME)
    put_32(get(columns, K_PART) + record * 4, component_number(ctx, tables + PARTS, regs))
    put_32(get(columns, K_ID) + record * 4, -1)
    before = get(tables, D_USED)
    number = enter(tables, key)
    if number == before:
        row = get(tables, D_ROWS) + number * SLOT_FIELDS * 8
        fill_slot(ctx, row, record, code, base, regs)
        number += get(row, S_LEVEL) << LEVEL_AT
        put(find(tables, key), 1, number)
    put_32(get(columns, K_SLOT) + record * 4, number)
    put_8(get(columns, K_LEVEL) + record, level if level else number >> LEVEL_AT)
    put(state, T_RECORDS, record + 1)


@kernel
def continue_stack(state: int, pos: int, end: int, regs: int) -> None:
    """Fold a continuation line into the stack of the record above it."""
    if get(state, T_STACK) == 0:
        put(state, T_STACK, np.int64(OFFSET))
        put(state, T_STACK_FROM, pos)
    stack = np.uint64(get(state, T_STACK))
    stack = frame_hash(get(regs, R_MESSAGE), get(regs, R_MESSAGE + 1), stack)
    put(state, T_STACK, np.int64(stack))
    put(state, T_STACK_TO, end)
    put(state, T_FRAMES, get(state, T_FRAMES) + 1)


@inlined
def room(tables: int) -> bool:
    """Whether the tables have room for what one more line may bring."""
    return not (full(tables) or full(tables + PARTS) or full(tables + IDS) or full(tables + STACKS))


@kernel
def scan_lines(
    ctx: int, tables: int, columns: int, state: int, start: int, stop: int, end_of_file: int, regs: int
) -> None:
    """Records of addresses [start, stop), from T_RESUME on, until done or a table has to grow.

    With T_LOOK_BACK the first line only tells whether it was split. There are no arrays in here: numba
    would count references to them line by line.
    """
    base, inner, pos = get(ctx, X_BASE), regs + REGISTERS * 8, get(state, T_RESUME)
    look_back, heads = get(state, T_LOOK_BACK), get(ctx, X_HEADS)
    at_start = start == base and not look_back
    while pos < end_of_file:
        put(state, T_RESUME, pos)
        if not room(tables):
            return
        looking = look_back and pos == start
        past = pos >= stop and not looking
        fetch_ahead(pos + AHEAD)
        fetch_ahead(pos + AHEAD + 64)
        eol = next_byte(pos, end_of_file, 10)
        end = eol - 1 if eol > pos and byte_at(eol - 1) == 13 else eol
        begin = line_start(pos, end, base, state, get(state, T_LINES))
        count = get(state, T_RECORDS)
        if pos < get(state, T_BELOW):
            put(state, T_LINES, get(state, T_LINES) + (pos < stop))
            pos = eol + 1
            continue
        code = classify(ctx, begin, end, regs, inner)
        joins = get(state, T_SPLIT) and code % INNERS == 0  # with a header of its own it was never the rest
        head = (code >= 0 or (at_start and count == 0)) and not joins and begin < end and not looking
        put(state, T_SPLIT, get(regs, R_PARTIAL))
        if heads and code >= 0 and not joins and form_of(ctx, code) >= HEAD:
            put(state, T_BELOW, read_head(ctx, code, eol + 1, end_of_file, regs))
        if past and (head or count == 0 or get(state, T_FRAMES) >= MAX_FRAMES):
            break
        if head and count == get(state, T_CAPACITY):
            break
        if head:
            if get(state, T_STACK):
                keep_stack(tables, state, base)
            put(state, T_FRAMES, 0)
            code = get(ctx, X_OUTERS) * INNERS if code < 0 else code
            fill_record(ctx, tables, columns, state, code, pos, regs)
            if get(regs, R_STACK + 1):
                put(state, T_STACK_FROM, get(regs, R_STACK))
                put(state, T_STACK_TO, get(regs, R_STACK + 1))
                stack = frame_hash(get(regs, R_STACK), get(regs, R_STACK + 1), OFFSET)
                put(state, T_STACK, np.int64(stack))
        elif count and begin < end and get(state, T_FRAMES) < MAX_FRAMES:
            continue_stack(state, pos, eol, regs)
        if not past and not looking:
            put(state, T_LINES, get(state, T_LINES) + 1)
        pos = eol + 1
    if get(state, T_STACK):
        keep_stack(tables, state, base)
    if get(state, T_PENDING):
        enter_id(ctx, tables + IDS, columns, state)
    put(state, T_RESUME, min(pos, stop) - base)
    put(state, T_DONE, 1)
