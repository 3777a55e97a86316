"""Kernels for the parts of a header: clock, level, captured fields. Registers are given by address."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from holdfast.diagnostics.logs.memory import (
    FOLD,
    OFFSET,
    block_hash,
    byte_at,
    get,
    is_digit,
    is_letter,
    lookup,
    next_byte,
    put,
)
from holdfast.diagnostics.logs.opcodes import Charset, Clock, Ctx, Op, Reg

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

YEAR4, YEAR2, MONTH, MONTH_NAME = int(Op.YEAR4), int(Op.YEAR2), int(Op.MONTH), int(Op.MONTH_NAME)
DAY, HOUR, MINUTE, SECOND = int(Op.DAY), int(Op.HOUR), int(Op.MINUTE), int(Op.SECOND)
FRACTION, ZONE, AMPM, WEEKDAY = int(Op.FRACTION), int(Op.ZONE), int(Op.AMPM), int(Op.WEEKDAY)
EPOCH, UPTIME, ISO = int(Op.EPOCH), int(Op.UPTIME), int(Op.ISO)
TIME_OF_DAY = int(Op.TIME_OF_DAY)

R_CLOCK, R_YEAR, R_MONTH, R_DAY = int(Reg.CLOCK), int(Reg.YEAR), int(Reg.MONTH), int(Reg.DAY)
R_HOUR, R_MINUTE, R_SECOND, R_NANOS = int(Reg.HOUR), int(Reg.MINUTE), int(Reg.SECOND), int(Reg.NANOS)
R_ZONE, R_COMPONENT, R_LOCATION = int(Reg.ZONE), int(Reg.COMPONENT), int(Reg.LOCATION)

C_DATE, C_YEAR, C_TIME = int(Clock.DATE), int(Clock.YEAR), int(Clock.TIME)
C_ZONE, C_ABSOLUTE, C_UPTIME = int(Clock.ZONE), int(Clock.ABSOLUTE), int(Clock.UPTIME)
X_TABLE, X_MASK, X_LIMIT = int(Ctx.TABLE), int(Ctx.MASK), int(Ctx.LIMIT)
X_CHARSETS = int(Ctx.CHARSETS)
NESTED, QUALIFIED, MAY_BE_EMPTY = 1024, 256, 512 | int(Charset.ANY)
TOKEN_RULE, AGE_RULE, QUOTES = 2048, 4096, 8192
MONTHS = np.array(
    [0x6A616E, 0x666562, 0x6D6172, 0x617072, 0x6D6179, 0x6A756E, 0x6A756C, 0x617567, 0x736570, 0x6F6374,
     0x6E6F76, 0x646563], np.int64,
)  # fmt: skip


@njit(cache=True, nogil=True)
def digits(pos: int, end: int, least: int, most: int) -> tuple[int, int]:
    """Read up to `most` digits: (value, new position), position -1 when fewer than `least`."""
    value, start = 0, pos
    stop = min(end, pos + most)
    while pos < stop:
        digit = byte_at(pos) - 48
        if digit < 0 or digit > 9:
            break
        value = value * 10 + digit
        pos += 1
    if pos - start < least:
        return 0, -1
    return value, pos


@njit(cache=True, nogil=True, forceinline=True)
def pair(pos: int) -> int:
    """Value of the two digits at pos, or a number above 99."""
    tens, ones = byte_at(pos) - 48, byte_at(pos + 1) - 48
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return 1000
    return tens * 10 + ones


@njit(cache=True, nogil=True)
def month_of(pos: int, end: int) -> int:
    """Month 1..12 named by the three letters at pos, 0 when none."""
    if pos + 3 > end:
        return 0
    key = ((byte_at(pos) | 32) << 16) | ((byte_at(pos + 1) | 32) << 8) | (byte_at(pos + 2) | 32)
    for index in range(12):
        if key == MONTHS[index]:
            return index + 1
    return 0


@njit(cache=True, nogil=True)
def fraction(pos: int, end: int, regs: int) -> int:
    """An optional fraction of a second after `.`, `,` or `:`."""
    if pos + 1 >= end:
        return pos
    mark = byte_at(pos)
    if (mark != 46 and mark != 44 and mark != 58) or not is_digit(byte_at(pos + 1)):
        return pos
    value, scale, at = 0, 1000000000, pos + 1
    while at < end and is_digit(byte_at(at)):
        if scale > 1:
            value = value * 10 + byte_at(at) - 48
            scale //= 10
        at += 1
    put(regs, R_NANOS, value * scale)
    return at


@njit(cache=True, nogil=True)
def zone(pos: int, end: int, regs: int) -> int:
    """An optional zone: Z, +hh:mm, +hhmm, +hh, UTC, GMT, or a common American or European name."""
    at = pos
    if at < end and byte_at(at) == 32:
        at += 1
    if at >= end:
        return pos
    byte = byte_at(at)
    if byte == 90 and (at + 1 == end or not is_letter(byte_at(at + 1))):
        put(regs, R_CLOCK, get(regs, R_CLOCK) | C_ZONE)
        return at + 1
    if (byte == 43 or byte == 45) and at + 2 < end and pair(at + 1) <= 15:
        seconds, after = pair(at + 1) * 3600, at + 3
        if after < end and byte_at(after) == 58:
            after += 1
        if after + 1 < end and pair(after) < 60:
            seconds += pair(after) * 60
            after += 2
        put(regs, R_ZONE, seconds if byte == 43 else -seconds)
        put(regs, R_CLOCK, get(regs, R_CLOCK) | C_ZONE)
        return after
    return named_zone(pos, at, end, regs) if 65 <= byte <= 90 else pos


@njit(cache=True, nogil=True)
def named_zone(pos: int, at: int, end: int, regs: int) -> int:
    stop = at
    while stop < end and stop - at < 5 and 65 <= byte_at(stop) <= 90:
        stop += 1
    if stop - at < 3 or (stop < end and (is_letter(byte_at(stop)) or is_digit(byte_at(stop)))):
        return pos
    a, b, c = byte_at(at), byte_at(at + 1), byte_at(at + 2)
    seconds = -1
    if (a == 85 and b == 84 and c == 67) or (a == 71 and b == 77 and c == 84):
        seconds = 0
    elif a == 67 and b == 69 and c == 84:
        seconds = 3600
    elif a == 67 and b == 69 and c == 83:
        seconds = 7200
    elif stop - at == 3 and c == 84 and (b == 83 or b == 68) and a in (69, 67, 77, 80):
        seconds = -3600 * (5 if a == 69 else 6 if a == 67 else 7 if a == 77 else 8) + (3600 if b == 68 else 0)
    if seconds == -1:
        return pos
    put(regs, R_ZONE, seconds)
    put(regs, R_CLOCK, get(regs, R_CLOCK) | C_ZONE)
    return stop


@njit(cache=True, nogil=True)
def epoch(pos: int, end: int, regs: int) -> int:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude."""
    value, after = digits(pos, end, 9, 19)
    if after < 0:
        return -1
    width = after - pos
    put(regs, R_NANOS, 0)
    if width <= 11:
        put(regs, R_SECOND, value)
        after = fraction(after, end, regs)
    else:
        unit = 1000 if width <= 13 else (1000000 if width <= 16 else 1000000000)
        put(regs, R_SECOND, value // unit)
        put(regs, R_NANOS, value % unit * (1000000000 // unit))
        if after + 1 < end and byte_at(after) == 46 and is_digit(byte_at(after + 1)):
            after = digits(after + 1, end, 1, 18)[1]
    put(regs, R_CLOCK, C_ABSOLUTE | C_ZONE | C_DATE | C_YEAR | C_TIME)
    return after


@njit(cache=True, nogil=True)
def iso_time(pos: int, end: int, regs: int) -> int:
    """ISO 8601 / RFC 3339 with `-`, `/` or `.` in the date and `T`, blank, tab or `_` before the time of day."""
    if pos + 19 > end:
        return -1
    year = pair(pos) * 100 + pair(pos + 2)
    month, day = pair(pos + 5), pair(pos + 8)
    hour, minute, second = pair(pos + 11), pair(pos + 14), pair(pos + 17)
    dash, gap = byte_at(pos + 4), byte_at(pos + 10)
    if year > 9999 or (dash != 45 and dash != 47 and dash != 46) or byte_at(pos + 7) != dash:
        return -1
    if (
        (gap != 84 and gap != 32 and gap != 95 and gap != 58 and gap != 9)
        or month < 1
        or month > 12
        or day < 1
        or day > 31
    ):
        return -1
    if byte_at(pos + 13) != 58 or byte_at(pos + 16) != 58 or hour > 24 or minute > 59 or second > 60:
        return -1
    put(regs, R_YEAR, year)
    put(regs, R_MONTH, month)
    put(regs, R_DAY, day)
    put(regs, R_HOUR, hour)
    put(regs, R_MINUTE, minute)
    put(regs, R_SECOND, second)
    put(regs, R_CLOCK, C_DATE | C_YEAR | C_TIME)
    return zone(fraction(pos + 19, end, regs), end, regs)


@njit(cache=True, nogil=True)
def any_time(pos: int, end: int, regs: int) -> int:
    """A keyed time value: ISO first, else an epoch number."""
    after = iso_time(pos, end, regs)
    return after if after >= 0 else epoch(pos, end, regs)


@njit(cache=True, nogil=True, forceinline=True)
def calendar_step(op: int, pos: int, end: int, regs: int) -> int:
    if op == MONTH_NAME:
        value = month_of(pos, end)
        put(regs, R_MONTH, value)
        return pos + 3 if value else -1
    if op == WEEKDAY:
        at = pos
        while at < end and is_letter(byte_at(at)):
            at += 1
        return at if at - pos >= 3 else -1
    if op in (YEAR4, YEAR2):
        width = 4 if op == YEAR4 else 2
        value, pos = digits(pos, end, width, width)
        put(regs, R_YEAR, value if op == YEAR4 else (2000 + value if value < 70 else 1900 + value))
        put(regs, R_CLOCK, get(regs, R_CLOCK) | C_YEAR)
        return pos
    if op == DAY and pos < end and byte_at(pos) == 32:
        pos += 1
    value, pos = digits(pos, end, 1, 2)
    if op == MONTH:
        put(regs, R_MONTH, value)
        return pos if 1 <= value <= 12 else -1
    put(regs, R_DAY, value)
    put(regs, R_CLOCK, get(regs, R_CLOCK) | C_DATE)
    return pos if 1 <= value <= 31 else -1


@njit(cache=True, nogil=True, forceinline=True)
def time_of_day(pos: int, end: int, regs: int) -> int:
    """hh:mm:ss; the hour may have one digit."""
    if pos + 1 < end and byte_at(pos + 1) == 58:
        hour, pos = digits(pos, end, 1, 1)
    elif pos + 8 <= end:
        hour, pos = pair(pos), pos + 2
    else:
        return -1
    if pos < 0 or pos + 6 > end or byte_at(pos) != 58 or byte_at(pos + 3) != 58:
        return -1
    minute, second = pair(pos + 1), pair(pos + 4)
    if hour > 24 or minute > 59 or second > 60:
        return -1
    put(regs, R_HOUR, hour)
    put(regs, R_MINUTE, minute)
    put(regs, R_SECOND, second)
    put(regs, R_CLOCK, get(regs, R_CLOCK) | C_TIME)
    return pos + 6


@njit(cache=True, nogil=True, forceinline=True)
def clock_step(op: int, pos: int, end: int, regs: int) -> int:
    if op == ISO:
        return iso_time(pos, end, regs)
    if op == TIME_OF_DAY:
        return time_of_day(pos, end, regs)
    if op == FRACTION:
        return fraction(pos, end, regs)
    if op == ZONE:
        return zone(pos, end, regs)
    if op == EPOCH:
        return epoch(pos, end, regs)
    if op in (AMPM, UPTIME):
        return rare_clock_step(op, pos, end, regs)
    value, pos = digits(pos, end, 1 if op == HOUR else 2, 2)
    if op == HOUR:
        put(regs, R_HOUR, value)
        put(regs, R_CLOCK, get(regs, R_CLOCK) | C_TIME)
        return pos if value <= 24 else -1
    put(regs, R_MINUTE if op == MINUTE else R_SECOND, value)
    return pos if value <= 60 else -1


@njit(cache=True, nogil=True)
def rare_clock_step(op: int, pos: int, end: int, regs: int) -> int:
    if op == AMPM:
        if pos + 2 > end or (byte_at(pos + 1) | 32) != 109:
            return -1
        half, hour = byte_at(pos) | 32, get(regs, R_HOUR)
        if half == 112 and hour < 12:
            put(regs, R_HOUR, hour + 12)
        elif half == 97 and hour == 12:
            put(regs, R_HOUR, 0)
        return pos + 2
    while pos < end and byte_at(pos) == 32:
        pos += 1
    value, pos = digits(pos, end, 1, 10)
    if pos < 0 or pos >= end or byte_at(pos) != 46:
        return -1
    put(regs, R_SECOND, value)
    put(regs, R_CLOCK, get(regs, R_CLOCK) | C_UPTIME)
    return fraction(pos, end, regs)


@njit(cache=True, nogil=True, forceinline=True)
def time_of(regs: int) -> int:
    """Nanoseconds since 1970 UTC from the registers; without a year the year is 1972 (a leap year)."""
    clock = get(regs, R_CLOCK)
    if clock & C_ABSOLUTE:
        return get(regs, R_SECOND) * 1000000000 + get(regs, R_NANOS)
    year = get(regs, R_YEAR) if clock & C_YEAR else 1972
    month, day = get(regs, R_MONTH), get(regs, R_DAY)
    if not clock & C_DATE:
        month, day = 1, 1
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
    seconds = days * 86400 + get(regs, R_HOUR) * 3600 + get(regs, R_MINUTE) * 60 + get(regs, R_SECOND)
    return (seconds - get(regs, R_ZONE)) * 1000000000 + get(regs, R_NANOS)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True, forceinline=True)
def capture(ctx: int, pos: int, end: int, stop: int, charset: int) -> int:
    """Where a field ends; -1 when it is empty, or when what must follow does not."""
    table, at = get(ctx, X_CHARSETS), pos
    if charset & QUOTES and pos < end and byte_at(pos) == 34:
        at = quoted_end(pos, end, stop)
        if at >= 0:
            return at
        at = pos
    while at < end:
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


@njit(cache=True, nogil=True)
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
