"""Kernels that run a layout program over one line: fields, level, clock, keyed values."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from holdfast.diagnostics.logs.opcodes import (
    FNV_OFFSET,
    FNV_PRIME,
    Charset,
    Clock,
    Level,
    Op,
    Reg,
)

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

LITERAL, BLANKS, CAPTURE, LEVEL = int(Op.LITERAL), int(Op.BLANKS), int(Op.CAPTURE), int(Op.LEVEL)
LEVEL_CHAR, OPTIONAL, OPTIONAL_END = int(Op.LEVEL_CHAR), int(Op.OPTIONAL), int(Op.OPTIONAL_END)
PRIORITY, STATUS, MESSAGE, JSON = int(Op.PRIORITY), int(Op.STATUS), int(Op.MESSAGE), int(Op.JSON)
LOGFMT, PARTIAL_FLAG, LOCATION = int(Op.LOGFMT), int(Op.PARTIAL_FLAG), int(Op.LOCATION)
ANY_LEVEL = int(Op.ANY_LEVEL)
YEAR4, YEAR2, MONTH, MONTH_NAME = int(Op.YEAR4), int(Op.YEAR2), int(Op.MONTH), int(Op.MONTH_NAME)
DAY, HOUR, MINUTE, SECOND = int(Op.DAY), int(Op.HOUR), int(Op.MINUTE), int(Op.SECOND)
FRACTION, ZONE, AMPM, WEEKDAY = int(Op.FRACTION), int(Op.ZONE), int(Op.AMPM), int(Op.WEEKDAY)
EPOCH, UPTIME, ISO = int(Op.EPOCH), int(Op.UPTIME), int(Op.ISO)

R_CLOCK, R_YEAR, R_MONTH, R_DAY = int(Reg.CLOCK), int(Reg.YEAR), int(Reg.MONTH), int(Reg.DAY)
R_HOUR, R_MINUTE, R_SECOND, R_NANOS = int(Reg.HOUR), int(Reg.MINUTE), int(Reg.SECOND), int(Reg.NANOS)
R_ZONE, R_LEVEL, R_COMPONENT = int(Reg.ZONE), int(Reg.LEVEL), int(Reg.COMPONENT)
R_LOCATION, R_MESSAGE, R_ID, R_PARTIAL = int(Reg.LOCATION), int(Reg.MESSAGE), int(Reg.ID), int(Reg.PARTIAL)
R_ESCAPED, R_ID_RANK, R_TIME_TEXT = int(Reg.ESCAPED), int(Reg.ID_RANK), int(Reg.TIME_TEXT)

C_DATE, C_YEAR, C_TIME = int(Clock.DATE), int(Clock.YEAR), int(Clock.TIME)
C_ZONE, C_ABSOLUTE, C_UPTIME = int(Clock.ZONE), int(Clock.ABSOLUTE), int(Clock.UPTIME)
L_INFO, L_WARN, L_ERROR = int(Level.INFO), int(Level.WARN), int(Level.ERROR)
S_DIGITS, S_ANY, S_IDENTIFIER, S_HEX = (
    int(Charset.DIGITS),
    int(Charset.ANY),
    int(Charset.IDENTIFIER),
    int(Charset.HEX),
)
PRIORITY_LEVELS = np.array([8, 8, 7, 6, 5, 4, 3, 2], np.int64)

ROLE_TIME, ROLE_LEVEL, ROLE_MESSAGE, ROLE_COMPONENT, ROLE_LOCATION = 1, 2, 3, 4, 5
ROLE_ID, ROLE_HOST, ROLE_THREAD, ROLE_STACK, ROLE_PRIORITY, ROLE_LEVEL_NUMBER = 6, 7, 8, 9, 10, 11
ROLE_EPOCH_MICROS, ROLE_STATUS, ROLE_ID_WEAK = 12, 13, 14

OFFSET = np.uint64(FNV_OFFSET)
PRIME = np.uint64(FNV_PRIME)


@njit(cache=True, nogil=True, inline="always")
def is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@njit(cache=True, nogil=True, inline="always")
def is_letter(byte: int) -> bool:
    return 97 <= (byte | 32) <= 122


@njit(cache=True, nogil=True)
def digits(buf: Bytes, pos: int, end: int, least: int, most: int) -> tuple[int, int]:
    """Read up to `most` digits: (value, new position), position -1 when fewer than `least`."""
    value, start = 0, pos
    while pos < end and pos - start < most and is_digit(buf[pos]):
        value = value * 10 + (buf[pos] - 48)
        pos += 1
    if pos - start < least:
        return 0, -1
    return value, pos


@njit(cache=True, nogil=True)
def month_of(buf: Bytes, pos: int, end: int) -> int:
    """Month 1..12 named by the three letters at pos, 0 when none."""
    if pos + 3 > end:
        return 0
    a, b, c = buf[pos] | 32, buf[pos + 1] | 32, buf[pos + 2] | 32
    key = (a << 16) | (b << 8) | c
    names = (0x6A616E, 0x666562, 0x6D6172, 0x617072, 0x6D6179, 0x6A756E)
    later = (0x6A756C, 0x617567, 0x736570, 0x6F6374, 0x6E6F76, 0x646563)
    for index in range(6):
        if key == names[index]:
            return index + 1
        if key == later[index]:
            return index + 7
    return 0


@njit(cache=True, nogil=True)
def fraction(buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    """An optional fraction of a second after `.`, `,` or `:`."""
    if pos + 1 < end and (buf[pos] == 46 or buf[pos] == 44 or buf[pos] == 58) and is_digit(buf[pos + 1]):
        value, after = digits(buf, pos + 1, end, 1, 9)
        scale = 1
        for _ in range(9 - (after - pos - 1)):
            scale *= 10
        regs[R_NANOS] = value * scale
        while after < end and is_digit(buf[after]):
            after += 1
        return after
    return pos


@njit(cache=True, nogil=True)
def zone(buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    """An optional zone: Z, +hh:mm, +hhmm, +hh, UTC, GMT, or another short name (taken as unstated)."""
    at = pos
    if at < end and buf[at] == 32:
        at += 1
    if at >= end:
        return pos
    byte = buf[at]
    if (byte | 32) == 122 and (at + 1 == end or not is_letter(buf[at + 1])):
        regs[R_ZONE] = 0
        regs[R_CLOCK] |= C_ZONE
        return at + 1
    if (byte == 43 or byte == 45) and at + 2 < end and is_digit(buf[at + 1]):
        hours, after = digits(buf, at + 1, end, 2, 2)
        if after < 0:
            return pos
        minutes = 0
        if after < end and buf[after] == 58:
            after += 1
        if after + 1 < end and is_digit(buf[after]) and is_digit(buf[after + 1]):
            minutes, after = digits(buf, after, end, 2, 2)
        regs[R_ZONE] = (hours * 3600 + minutes * 60) * (1 if byte == 43 else -1)
        regs[R_CLOCK] |= C_ZONE
        return after
    return named_zone(buf, pos, at, end, regs)


@njit(cache=True, nogil=True)
def named_zone(buf: Bytes, pos: int, at: int, end: int, regs: Ints) -> int:
    stop = at
    while stop < end and stop - at < 5 and 65 <= buf[stop] <= 90:
        stop += 1
    if stop - at < 3 or (stop < end and (is_letter(buf[stop]) or is_digit(buf[stop]))):
        return pos
    seconds = -1
    a, b, c = buf[at], buf[at + 1], buf[at + 2]
    if (a == 85 and b == 84 and c == 67) or (a == 71 and b == 77 and c == 84):
        seconds = 0
    elif a == 67 and b == 69 and c == 84:
        seconds = 3600
    elif a == 67 and b == 69 and c == 83:
        seconds = 7200
    elif stop - at == 3 and c == 84 and (b == 83 or b == 68):
        for index, letter in enumerate((69, 67, 77, 80)):
            if a == letter:
                seconds = -3600 * (5 + index) + (3600 if b == 68 else 0)
                regs[R_ZONE] = seconds
                regs[R_CLOCK] |= C_ZONE
                return stop
        return pos
    else:
        return pos
    regs[R_ZONE] = seconds
    regs[R_CLOCK] |= C_ZONE
    return stop


@njit(cache=True, nogil=True)
def epoch(buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude."""
    value, after = digits(buf, pos, end, 9, 19)
    if after < 0:
        return -1
    width = after - pos
    if width <= 11:
        regs[R_SECOND] = value
        after = fraction(buf, after, end, regs)
    elif width <= 13:
        regs[R_SECOND], regs[R_NANOS] = value // 1000, value % 1000 * 1000000
        if after + 1 < end and buf[after] == 46 and is_digit(buf[after + 1]):
            after = digits(buf, after + 1, end, 1, 18)[1]
    elif width <= 16:
        regs[R_SECOND], regs[R_NANOS] = value // 1000000, value % 1000000 * 1000
    else:
        regs[R_SECOND], regs[R_NANOS] = value // 1000000000, value % 1000000000
    regs[R_CLOCK] |= C_ABSOLUTE | C_ZONE | C_DATE | C_YEAR | C_TIME
    regs[R_ZONE] = 0
    return after


@njit(cache=True, nogil=True)
def iso_time(buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    """ISO 8601 / RFC 3339 with `-` or `/` in the date and `T`, blank or `_` before the time of day."""
    if pos + 19 > end:
        return -1
    year, at = digits(buf, pos, end, 4, 4)
    if at < 0 or (buf[at] != 45 and buf[at] != 47):
        return -1
    month, at = digits(buf, at + 1, end, 2, 2)
    if at < 0 or (buf[at] != 45 and buf[at] != 47):
        return -1
    day, at = digits(buf, at + 1, end, 2, 2)
    if at < 0 or (buf[at] != 84 and buf[at] != 32 and buf[at] != 95):
        return -1
    hour, at = digits(buf, at + 1, end, 2, 2)
    if at < 0 or buf[at] != 58:
        return -1
    minute, at = digits(buf, at + 1, end, 2, 2)
    if at < 0 or at >= end or buf[at] != 58:
        return -1
    second, at = digits(buf, at + 1, end, 2, 2)
    if at < 0 or month < 1 or month > 12 or day < 1 or day > 31 or hour > 24 or minute > 59 or second > 60:
        return -1
    regs[R_YEAR], regs[R_MONTH], regs[R_DAY] = year, month, day
    regs[R_HOUR], regs[R_MINUTE], regs[R_SECOND] = hour, minute, second
    regs[R_CLOCK] |= C_DATE | C_YEAR | C_TIME
    return zone(buf, fraction(buf, at, end, regs), end, regs)


@njit(cache=True, nogil=True)
def any_time(buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    """A keyed time value: ISO first, else an epoch number."""
    after = iso_time(buf, pos, end, regs)
    if after < 0:
        after = epoch(buf, pos, end, regs)
    return after


@njit(cache=True, nogil=True)
def calendar_step(op: int, buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    if op == YEAR4 or op == YEAR2:
        width = 4 if op == YEAR4 else 2
        value, pos = digits(buf, pos, end, width, width)
        regs[R_YEAR] = value if op == YEAR4 else (2000 + value if value < 70 else 1900 + value)
        regs[R_CLOCK] |= C_YEAR
        return pos
    if op == MONTH:
        value, pos = digits(buf, pos, end, 1, 2)
        regs[R_MONTH] = value
        return pos if 1 <= value <= 12 else -1
    if op == MONTH_NAME:
        value = month_of(buf, pos, end)
        regs[R_MONTH] = value
        return pos + 3 if value else -1
    if op == DAY:
        if pos < end and buf[pos] == 32:
            pos += 1
        value, pos = digits(buf, pos, end, 1, 2)
        regs[R_DAY] = value
        regs[R_CLOCK] |= C_DATE
        return pos if 1 <= value <= 31 else -1
    if op == WEEKDAY:
        at = pos
        while at < end and is_letter(buf[at]):
            at += 1
        return at if at - pos >= 3 else -1
    return -1


@njit(cache=True, nogil=True)
def clock_step(op: int, buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    if op == HOUR:
        value, pos = digits(buf, pos, end, 1, 2)
        regs[R_HOUR] = value
        regs[R_CLOCK] |= C_TIME
        return pos if value <= 24 else -1
    if op == MINUTE:
        value, pos = digits(buf, pos, end, 2, 2)
        regs[R_MINUTE] = value
        return pos if value <= 59 else -1
    if op == SECOND:
        value, pos = digits(buf, pos, end, 2, 2)
        regs[R_SECOND] = value
        return pos if value <= 60 else -1
    if op == FRACTION:
        return fraction(buf, pos, end, regs)
    if op == ZONE:
        return zone(buf, pos, end, regs)
    if op == EPOCH:
        return epoch(buf, pos, end, regs)
    if op == ISO:
        return iso_time(buf, pos, end, regs)
    return rare_clock_step(op, buf, pos, end, regs)


@njit(cache=True, nogil=True)
def rare_clock_step(op: int, buf: Bytes, pos: int, end: int, regs: Ints) -> int:
    if op == AMPM:
        if pos + 2 > end or (buf[pos + 1] | 32) != 109:
            return -1
        half = buf[pos] | 32
        if half == 112 and regs[R_HOUR] < 12:
            regs[R_HOUR] += 12
        elif half == 97 and regs[R_HOUR] == 12:
            regs[R_HOUR] = 0
        return pos + 2
    if op == UPTIME:
        while pos < end and buf[pos] == 32:
            pos += 1
        value, pos = digits(buf, pos, end, 1, 10)
        if pos < 0 or pos >= end or buf[pos] != 46:
            return -1
        regs[R_SECOND] = value
        regs[R_CLOCK] |= C_UPTIME
        return fraction(buf, pos, end, regs)
    return -1


@njit(cache=True, nogil=True)
def time_of(regs: Ints) -> int:
    """Nanoseconds since 1970 UTC from the registers; without a year the year is 1972 (a leap year)."""
    if regs[R_CLOCK] & C_ABSOLUTE:
        return regs[R_SECOND] * 1000000000 + regs[R_NANOS]
    year = regs[R_YEAR] if regs[R_CLOCK] & C_YEAR else 1972
    month, day = regs[R_MONTH], regs[R_DAY]
    if not regs[R_CLOCK] & C_DATE:
        month, day = 1, 1
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
    seconds = days * 86400 + regs[R_HOUR] * 3600 + regs[R_MINUTE] * 60 + regs[R_SECOND] - regs[R_ZONE]
    return seconds * 1000000000 + regs[R_NANOS]


@njit(cache=True, nogil=True)
def lookup(keys: Words, values: Ints, key: np.uint64) -> int:
    """Value of a key in a fixed open-addressing table whose size is a power of two; 0 when absent."""
    mask = np.uint64(len(keys) - 1)
    at = (key ^ (key >> np.uint64(29))) & mask
    while keys[at] != 0:
        if keys[at] == key:
            return values[at]
        at = (at + np.uint64(1)) & mask
    return 0


@njit(cache=True, nogil=True)
def level_at(buf: Bytes, pos: int, end: int, salt: int, keys: Words, values: Ints) -> tuple[int, int]:
    """Level named by the letters at pos and where they stop: the layout's own names win."""
    own, shared = OFFSET ^ np.uint64(salt), OFFSET
    at = pos
    while at < end and at - pos < 14 and is_letter(buf[at]):
        byte = np.uint64(buf[at] | 32)
        own = (own ^ byte) * PRIME
        shared = (shared ^ byte) * PRIME
        at += 1
    if at == pos:
        return 0, pos
    found = lookup(keys, values, own)
    return (found if found else lookup(keys, values, shared)), at


@njit(cache=True, nogil=True)
def capture(buf: Bytes, pos: int, end: int, stop: int, charset: int) -> int:
    """Where a field ends; -1 when its first byte or the missing stop byte forbids it."""
    at = pos
    while at < end:
        byte = buf[at]
        if byte == stop:
            break
        if charset != S_ANY and (byte == 32 or byte == 9):
            break
        if charset == S_DIGITS and not is_digit(byte):
            break
        if charset == S_HEX and not (is_digit(byte) or 97 <= (byte | 32) <= 102):
            break
        if charset == S_IDENTIFIER and not (
            is_letter(byte) or is_digit(byte) or byte == 95 or byte == 46 or byte == 45 or byte == 36
        ):
            break
        at += 1
    if stop >= 0 and (at >= end or buf[at] != stop):
        return -1
    return at if at > pos or charset == S_ANY else -1


@njit(cache=True, nogil=True)
def location(buf: Bytes, pos: int, stop: int, regs: Ints) -> bool:
    """Split `logger#12`, `file.go:12`, `Class.method(File.java:12)` into component and line number."""
    at = stop
    if at > pos and buf[at - 1] == 41:
        at -= 1
    digits_end = at
    while at > pos and is_digit(buf[at - 1]):
        at -= 1
    if at == digits_end or at == pos:
        return False
    mark = buf[at - 1]
    if mark != 35 and mark != 58 and mark != 64:
        return False
    regs[R_LOCATION], regs[R_LOCATION + 1] = pos, stop
    if regs[R_COMPONENT + 1] == 0:
        regs[R_COMPONENT], regs[R_COMPONENT + 1] = pos, at - 1
    return True
