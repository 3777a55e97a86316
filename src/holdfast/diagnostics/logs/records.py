"""The record loop: one pass over a byte range of a file, any range, always the same records.

A range owns the records whose first line starts inside it. It looks back one line (a container
runtime may have split a line there) and reads on past its end to finish its last record.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from holdfast.diagnostics.logs.keyed import R_STACK
from holdfast.diagnostics.logs.matching import (
    C_ABSOLUTE,
    C_TIME,
    C_ZONE,
    OFFSET,
    PRIME,
    R_CLOCK,
    R_COMPONENT,
    R_ESCAPED,
    R_ID,
    R_LEVEL,
    R_LOCATION,
    R_MESSAGE,
    R_PARTIAL,
    R_ZONE,
    Bytes,
    Ints,
    Words,
    is_letter,
    time_of,
)
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, NO_TIME, REGISTERS
from holdfast.diagnostics.logs.scanning import continuation_shape, raw_hash, run, skeleton

Slots = NDArray[np.int32]

MAX_FRAMES = 10_000
SLOT_FIELDS = 9  # first record, message span, location span, layout code, clock, escaped, line offset
S_FIRST, S_MESSAGE, S_LOCATION, S_LAYOUT, S_CLOCK, S_ESCAPED, S_OFFSET = 0, 1, 3, 5, 6, 7, 8
INNERS = 16  # layout code = outer * INNERS + inner + 1
UNSTATED = 999_999  # zone code of a time without a zone
TALLY_LINES, TALLY_RECORDS, TALLY_CUT, TALLY_IDS, TALLY_STOP, TALLY_LOOSE, TALLY_PARTIAL = range(7)


@njit(cache=True, nogil=True)
def probe(keys: Words, key: np.uint64) -> int:
    """Where the key is, or where it would go."""
    mask = np.uint64(len(keys) - 1)
    at = (key ^ (key >> np.uint64(29))) & mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.int64(at)


@njit(cache=True, nogil=True)
def grown(keys: Words, slots: Slots) -> tuple[Words, Slots]:
    """The same table at four times the size."""
    more, moved = np.zeros(len(keys) * 4, np.uint64), np.zeros(len(keys) * 4, np.int32)
    for index in range(len(keys)):
        if keys[index]:
            at = probe(more, keys[index])
            more[at], moved[at] = keys[index], slots[index]
    return more, moved


@njit(cache=True, nogil=True)
def longer(rows: Ints) -> Ints:
    more = np.zeros((len(rows) * 2, rows.shape[1]), np.int64)
    more[: len(rows)] = rows
    return more


@njit(cache=True, nogil=True)
def line_end(buf: Bytes, words: Words, pos: int, size: int) -> int:
    """Position of the next newline at or after pos, or size; eight bytes at a time where aligned."""
    while pos < size and pos & 7:
        if buf[pos] == 10:
            return pos
        pos += 1
    at, last = pos >> 3, len(words)
    low, high = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
    newline = np.uint64(0x0A0A0A0A0A0A0A0A)
    while at < last:
        mixed = words[at] ^ newline
        if (mixed - low) & ~mixed & high:
            break
        at += 1
    pos = max(pos, at << 3)
    while pos < size and buf[pos] != 10:
        pos += 1
    return min(pos, size)


@njit(cache=True, nogil=True)
def trimmed(buf: Bytes, start: int, end: int, escaped: int) -> int:
    """End of a message without trailing blanks, NULs and escaped newlines."""
    while end > start:
        last = buf[end - 1]
        if last == 32 or last == 13 or last == 0 or last == 9:
            end -= 1
        elif (
            escaped
            and end - 2 >= start
            and buf[end - 2] == 92
            and (last == 110 or last == 114 or last == 116)
        ):
            end -= 2
        else:
            break
    return end


@njit(cache=True, nogil=True)
def adopt(regs: Ints, inner: Ints) -> None:
    """The inner layout names message, level and component; the wrapper's clock stays when it has one."""
    regs[R_MESSAGE], regs[R_MESSAGE + 1] = inner[R_MESSAGE], inner[R_MESSAGE + 1]
    regs[R_LOCATION], regs[R_LOCATION + 1] = inner[R_LOCATION], inner[R_LOCATION + 1]
    if inner[R_LEVEL]:
        regs[R_LEVEL] = inner[R_LEVEL]
    if inner[R_COMPONENT + 1]:
        regs[R_COMPONENT], regs[R_COMPONENT + 1] = inner[R_COMPONENT], inner[R_COMPONENT + 1]
    if inner[R_ID + 1]:
        regs[R_ID], regs[R_ID + 1] = inner[R_ID], inner[R_ID + 1]
    if inner[R_STACK + 1]:
        regs[R_STACK], regs[R_STACK + 1] = inner[R_STACK], inner[R_STACK + 1]
    if not regs[R_CLOCK] & (C_TIME | C_ABSOLUTE):
        regs[0:9] = inner[0:9]


@njit(cache=True, nogil=True)
def classify(
    buf: Bytes,
    pos: int,
    end: int,
    programs: Ints,
    bounds: Ints,
    outers: int,
    loose: int,
    keys: Words,
    values: Ints,
    path: Words,
    regs: Ints,
    inner: Ints,
) -> int:
    """Layout code of a line that starts a record, or -1 for a continuation; registers are filled.

    `bounds` rows are (first row, stop row, wraps); the first `outers` are tried on the line, the rest
    on the text inside a wrapper. `loose` = 1 lets any line that is no continuation by shape be a record.
    """
    for outer in range(outers):
        if not run(programs, bounds[outer, 0], bounds[outer, 1], buf, pos, end, keys, values, path, regs):
            continue
        if not bounds[outer, 2]:
            return outer * INNERS
        escaped, start = regs[R_ESCAPED], regs[R_MESSAGE]
        stop = trimmed(buf, start, regs[R_MESSAGE + 1], escaped)
        if escaped:
            regs[R_PARTIAL] = 1 if stop == regs[R_MESSAGE + 1] else 0
        regs[R_MESSAGE + 1] = stop
        for index in range(outers, len(bounds)):
            low, high = bounds[index, 0], bounds[index, 1]
            if run(programs, low, high, buf, start, stop, keys, values, path, inner):
                adopt(regs, inner)
                return outer * INNERS + index - outers + 1
        return -1 if continuation_shape(buf, start, stop) else outer * INNERS
    regs[:] = 0
    if loose and not continuation_shape(buf, pos, end):
        regs[R_MESSAGE], regs[R_MESSAGE + 1] = pos, end
        return outers * INNERS
    regs[R_MESSAGE], regs[R_MESSAGE + 1] = pos, end
    return -1


@njit(cache=True, nogil=True)
def frame_hash(
    buf: Bytes, start: int, end: int, total: np.uint64, classes: Bytes, scratch: Ints
) -> np.uint64:
    """Fold one continuation line into a stack's hash; free text after `Type:` does not count."""
    stop = min(end, start + 512)
    if start < stop and is_letter(buf[start]):
        at = start
        while at < stop and buf[at] != 58:
            at += 1
        stop = at
    scratch[:] = 0
    return skeleton(buf, start, stop, total ^ PRIME, classes, scratch)


@njit(cache=True, nogil=True)
def scan_range(
    buf: Bytes,
    words: Words,
    start: int,
    stop: int,
    size: int,
    look_back: bool,
    programs: Ints,
    bounds: Ints,
    outers: int,
    loose: int,
    keys: Words,
    values: Ints,
    classes: Bytes,
    capacity: int,
    most_ids: int,
) -> tuple[NDArray[np.int64], ...]:
    """Records of [start, stop). With look_back the line at start only tells whether it was split."""
    line_of, offset_of = np.empty(capacity, np.int32), np.empty(capacity, np.int64)
    slot_of, time_at = np.empty(capacity, np.int32), np.empty(capacity, np.int64)
    level_of, part_of, id_of = (
        np.empty(capacity, np.int8),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
    )
    table, slots, rows = (
        np.zeros(4096, np.uint64),
        np.zeros(4096, np.int32),
        np.zeros((1024, SLOT_FIELDS), np.int64),
    )
    parts, part_slots, part_rows = (
        np.zeros(1024, np.uint64),
        np.zeros(1024, np.int32),
        np.zeros((256, 2), np.int64),
    )
    ids, id_slots, id_rows = (
        np.zeros(4096, np.uint64),
        np.zeros(4096, np.int32),
        np.zeros((1024, 2), np.int64),
    )
    stack_rows = np.zeros((256, 4), np.int64)
    slot_keys, part_keys, id_keys = (
        np.zeros(1024, np.uint64),
        np.zeros(256, np.uint64),
        np.zeros(1024, np.uint64),
    )
    zones, zone_count = np.zeros((32, 3), np.int64), 0
    used, part_used, id_used, stack_used, count, line = 0, 0, 0, 0, 0, 0
    regs, inner, scratch = (
        np.zeros(REGISTERS, np.int64),
        np.zeros(REGISTERS, np.int64),
        np.zeros(REGISTERS, np.int64),
    )
    path, tally = np.zeros(16, np.uint64), np.zeros(8, np.int64)
    split, frames, stack, stack_from, stack_to = False, 0, np.uint64(0), 0, 0
    pos = start
    while pos < size:
        past = pos >= stop and not (look_back and pos == start)
        eol = line_end(buf, words, pos, size)
        begin, end = pos, eol
        while begin < end and buf[begin] == 0:
            begin += 1
        if end > begin and buf[end - 1] == 13:
            end -= 1
        code = classify(buf, begin, end, programs, bounds, outers, loose, keys, values, path, regs, inner)
        if look_back and pos == start:
            split = regs[R_PARTIAL] == 1
            pos = eol + 1
            start = -1
            continue
        head = code >= 0 and not split and begin < end
        if not head and count == 0 and start == 0 and begin < end:
            head, code = True, (outers * INNERS if code < 0 else code)
        split = regs[R_PARTIAL] == 1
        if head or past:
            if past and (head or count == 0 or frames >= MAX_FRAMES):
                break
        if head:
            if stack:
                if stack_used == len(stack_rows):
                    stack_rows = longer(stack_rows)
                stack_rows[stack_used, 0], stack_rows[stack_used, 1] = count - 1, np.int64(stack)
                stack_rows[stack_used, 2], stack_rows[stack_used, 3] = stack_from, stack_to
                stack_used += 1
            stack, frames = np.uint64(0), 0
            escaped, first = regs[R_ESCAPED], regs[R_MESSAGE]
            last = trimmed(buf, first, regs[R_MESSAGE + 1], escaped)
            if last - first > MAX_HASHED:
                tally[TALLY_CUT] += 1
                last = first + MAX_HASHED
            seed = OFFSET ^ (np.uint64(code + 1) * PRIME)
            key = skeleton(buf, first, last, seed, classes, regs)
            if regs[R_LOCATION + 1]:
                key = raw_hash(buf, regs[R_LOCATION], min(regs[R_LOCATION + 1], regs[R_LOCATION] + 256), key)
            at = probe(table, key)
            if table[at] == 0:
                if used * 10 > len(table) * 6:
                    table, slots = grown(table, slots)
                    at = probe(table, key)
                if used == len(rows):
                    rows = longer(rows)
                    wider = np.zeros(len(slot_keys) * 2, np.uint64)
                    wider[:used] = slot_keys
                    slot_keys = wider
                table[at], slots[at], slot_keys[used] = key, used, key
                rows[used, 0], rows[used, 1], rows[used, 2] = count, first, last
                rows[used, 3], rows[used, 4], rows[used, 5] = regs[R_LOCATION], regs[R_LOCATION + 1], code
                rows[used, 6], rows[used, 7], rows[used, 8] = regs[R_CLOCK], escaped, pos
                used += 1
            slot_of[count] = slots[at]
            line_of[count], offset_of[count], level_of[count] = line, pos, regs[R_LEVEL]
            clock = regs[R_CLOCK]
            time_at[count] = time_of(regs) if clock & (C_TIME | C_ABSOLUTE) else NO_TIME
            if clock & (C_TIME | C_ABSOLUTE):
                code = regs[R_ZONE] if clock & C_ZONE else UNSTATED
                index = 0
                while index < zone_count and zones[index, 0] != code:
                    index += 1
                if index == zone_count and zone_count < 31:
                    zones[index, 0], zones[index, 2] = code, line
                    zone_count += 1
                zones[index, 1] += 1
            part_of[count] = -1
            if regs[R_COMPONENT + 1] > regs[R_COMPONENT]:
                low, high = regs[R_COMPONENT], min(regs[R_COMPONENT + 1], regs[R_COMPONENT] + 128)
                key = raw_hash(buf, low, high, OFFSET)
                at = probe(parts, key)
                if parts[at] == 0 and part_used < 32_000:
                    if part_used * 10 > len(parts) * 6:
                        parts, part_slots = grown(parts, part_slots)
                        at = probe(parts, key)
                    if part_used == len(part_rows):
                        part_rows = longer(part_rows)
                        wider = np.zeros(len(part_keys) * 2, np.uint64)
                        wider[:part_used] = part_keys
                        part_keys = wider
                    parts[at], part_slots[at], part_keys[part_used] = key, part_used, key
                    part_rows[part_used, 0], part_rows[part_used, 1] = low, high
                    part_used += 1
                if parts[at]:
                    part_of[count] = part_slots[at]
            id_of[count] = -1
            if regs[R_ID + 1] > regs[R_ID]:
                low, high = regs[R_ID], min(regs[R_ID + 1], regs[R_ID] + 128)
                key = raw_hash(buf, low, high, OFFSET)
                at = probe(ids, key)
                if ids[at] == 0 and id_used < most_ids:
                    if id_used * 10 > len(ids) * 6:
                        ids, id_slots = grown(ids, id_slots)
                        at = probe(ids, key)
                    if id_used == len(id_rows):
                        id_rows = longer(id_rows)
                        wider = np.zeros(len(id_keys) * 2, np.uint64)
                        wider[:id_used] = id_keys
                        id_keys = wider
                    ids[at], id_slots[at], id_keys[id_used] = key, id_used, key
                    id_rows[id_used, 0], id_rows[id_used, 1] = low, high
                    id_used += 1
                if ids[at]:
                    id_of[count] = id_slots[at]
                else:
                    tally[TALLY_IDS] += 1
            if regs[R_STACK + 1] > regs[R_STACK]:
                stack = frame_hash(buf, regs[R_STACK], regs[R_STACK + 1], OFFSET, classes, scratch)
                stack_from, stack_to = regs[R_STACK], regs[R_STACK + 1]
            count += 1
        elif begin < end and count > 0 and frames < MAX_FRAMES:
            if frames == 0 and stack == 0:
                stack, stack_from = OFFSET, pos
            low, high = regs[R_MESSAGE], regs[R_MESSAGE + 1]
            stack = frame_hash(buf, low, high, stack, classes, scratch)
            stack_to = eol
            frames += 1
        if not past:
            line += 1
        pos = eol + 1
    if stack:
        if stack_used == len(stack_rows):
            stack_rows = longer(stack_rows)
        stack_rows[stack_used, 0], stack_rows[stack_used, 1] = count - 1, np.int64(stack)
        stack_rows[stack_used, 2], stack_rows[stack_used, 3] = stack_from, stack_to
        stack_used += 1
    tally[TALLY_LINES], tally[TALLY_RECORDS] = line, count
    return (
        tally, line_of[:count].copy(), offset_of[:count].copy(), slot_of[:count].copy(), time_at[:count].copy(),
        level_of[:count].copy(), part_of[:count].copy(), id_of[:count].copy(), slot_keys[:used].copy(),
        rows[:used].copy(), part_keys[:part_used].copy(), part_rows[:part_used].copy(), id_keys[:id_used].copy(),
        id_rows[:id_used].copy(), stack_rows[:stack_used].copy(), zones[:zone_count].copy(),
    )  # fmt: skip
