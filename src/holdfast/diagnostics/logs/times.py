"""Kernels for the parts of a time, and the moment they make. Registers are given by address."""

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.memory import byte_at, get, is_digit, is_letter, put
from holdfast.diagnostics.logs.opcodes import Clock, Op, Reg
from holdfast.kernels import inlined, kernel

YEAR4, YEAR2, MONTH, MONTH_NAME = int(Op.YEAR4), int(Op.YEAR2), int(Op.MONTH), int(Op.MONTH_NAME)
DAY, HOUR, MINUTE, SECOND = int(Op.DAY), int(Op.HOUR), int(Op.MINUTE), int(Op.SECOND)
FRACTION, ZONE, AMPM, WEEKDAY = int(Op.FRACTION), int(Op.ZONE), int(Op.AMPM), int(Op.WEEKDAY)
EPOCH, UPTIME, ISO = int(Op.EPOCH), int(Op.UPTIME), int(Op.ISO)
TIME_OF_DAY = int(Op.TIME_OF_DAY)

R_CLOCK, R_YEAR, R_MONTH, R_DAY = int(Reg.CLOCK), int(Reg.YEAR), int(Reg.MONTH), int(Reg.DAY)
R_HOUR, R_MINUTE, R_SECOND, R_NANOS = int(Reg.HOUR), int(Reg.MINUTE), int(Reg.SECOND), int(Reg.NANOS)
R_ZONE = int(Reg.ZONE)

C_DATE, C_YEAR, C_TIME = int(Clock.DATE), int(Clock.YEAR), int(Clock.TIME)
C_ZONE, C_ABSOLUTE, C_UPTIME = int(Clock.ZONE), int(Clock.ABSOLUTE), int(Clock.UPTIME)
MONTHS = np.array(
    [0x6A616E, 0x666562, 0x6D6172, 0x617072, 0x6D6179, 0x6A756E, 0x6A756C, 0x617567, 0x736570, 0x6F6374,
     0x6E6F76, 0x646563], np.int64,
)  # fmt: skip
BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)  # days, of no leap year
SCALES = np.array([10 ** (9 - length) for length in range(10)], np.int64)  # ns, of a fraction's last digit
FOUR, HUNDRED, CYCLE = np.uint64(4), np.uint64(100), np.uint64(400)  # years
BEFORE_1970 = 719_162  # days since the first of January of the year 1


@kernel
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


@inlined
def pair(pos: int) -> int:
    """Value of the two digits at pos, or a number above 99."""
    tens, ones = byte_at(pos) - 48, byte_at(pos + 1) - 48
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return 1000
    return tens * 10 + ones


@kernel
def month_of(pos: int, end: int) -> int:
    """Month 1..12 named by the three letters at pos, 0 when none."""
    if pos + 3 > end:
        return 0
    key = ((byte_at(pos) | 32) << 16) | ((byte_at(pos + 1) | 32) << 8) | (byte_at(pos + 2) | 32)
    for index in range(12):
        if key == MONTHS[index]:
            return index + 1
    return 0


@inlined
def fraction(pos: int, end: int, regs: int) -> int:
    """An optional fraction of a second after `.`, `,` or `:`."""
    if pos + 1 >= end:
        return pos
    mark = byte_at(pos)
    if (mark != 46 and mark != 44 and mark != 58) or not is_digit(byte_at(pos + 1)):
        return pos
    value, at, stop = 0, pos + 1, min(end, pos + 10)
    while at < stop and is_digit(byte_at(at)):
        value = value * 10 + byte_at(at) - 48
        at += 1
    put(regs, R_NANOS, value * SCALES[at - pos - 1])
    while at < end and is_digit(byte_at(at)):
        at += 1
    return at


@inlined
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


@kernel
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


@kernel
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


@kernel
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


@kernel
def any_time(pos: int, end: int, regs: int) -> int:
    """A keyed time value: ISO first, else an epoch number."""
    after = iso_time(pos, end, regs)
    return after if after >= 0 else epoch(pos, end, regs)


@inlined
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


@inlined
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


@inlined
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


@kernel
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


@inlined
def days_of(year: int, month: int, day: int) -> int:
    """Days from 1970 to a date. Only months after February have their year's leap day behind them."""
    past: Any = np.uint64(year + 400 - (month <= 2))  # unsigned, so that dividing needs no look at signs
    leaps = np.int64(past // FOUR) - np.int64(past // HUNDRED) + np.int64(past // CYCLE) - 97
    days: int = (year - 1) * 365 + leaps + BEFORE[month - 1] + day - 1 - BEFORE_1970
    return days


@inlined
def time_of(regs: int) -> int:
    """Nanoseconds since 1970 UTC from the registers; without a year the year is 1972 (a leap year)."""
    clock = get(regs, R_CLOCK)
    if clock & C_ABSOLUTE:
        return get(regs, R_SECOND) * 1000000000 + get(regs, R_NANOS)
    year = get(regs, R_YEAR) if clock & C_YEAR else 1972
    month, day = get(regs, R_MONTH), get(regs, R_DAY)
    if not clock & C_DATE:
        month, day = 1, 1
    hours = days_of(year, month, day) * 24 + get(regs, R_HOUR)
    seconds = (hours * 60 + get(regs, R_MINUTE)) * 60 + get(regs, R_SECOND) - get(regs, R_ZONE)
    return seconds * 1000000000 + get(regs, R_NANOS)
