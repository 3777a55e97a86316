"""Numbers shared by the layout compiler and the compiled kernels.

A layout becomes a program: rows of four int64 (operation, a, b, c). The kernels run it over a line
without making a string. Registers are one int64 array per call.
"""

from enum import IntEnum


class Op(IntEnum):
    """One step of a layout program."""

    LITERAL = 1  # a: byte
    BLANKS = 2  # one or more blanks
    CAPTURE = 3  # a: register pair, b: stop byte (-1 blank, -2 end of line), c: Charset
    LEVEL = 4  # a word that names a level; a: salt of the layout's own level names
    LEVEL_CHAR = 5  # one byte that names a level; a: salt
    OPTIONAL = 6  # a: row to continue at when the group fails
    OPTIONAL_END = 7
    PRIORITY = 8  # syslog priority number
    STATUS = 9  # HTTP status
    MESSAGE = 10  # the rest of the line
    JSON = 11  # a: salt of the key table
    LOGFMT = 12  # a: salt of the key table
    PARTIAL_FLAG = 13  # CRI: F or P
    LOCATION = 14  # logger or file with a line number; a: register pair, b: stop byte
    ANY_LEVEL = 15  # a word that may name a level; unknown words are accepted
    YEAR4 = 20
    YEAR2 = 21
    MONTH = 22
    MONTH_NAME = 23
    DAY = 24
    HOUR = 25
    MINUTE = 26
    SECOND = 27
    FRACTION = 28
    ZONE = 29
    AMPM = 30
    WEEKDAY = 31
    EPOCH = 32
    UPTIME = 33
    ISO = 34


class Charset(IntEnum):
    """What a captured field may hold."""

    VISIBLE = 0  # no blanks
    DIGITS = 1
    ANY = 2
    IDENTIFIER = 3
    HEX = 4


class Reg(IntEnum):
    """Registers; a span takes two (start, end)."""

    CLOCK = 0  # bits of Clock
    YEAR = 1
    MONTH = 2
    DAY = 3
    HOUR = 4
    MINUTE = 5
    SECOND = 6
    NANOS = 7
    ZONE = 8  # seconds east of UTC
    LEVEL = 9
    COMPONENT = 10
    LOCATION = 12
    MESSAGE = 14
    ID = 16
    HOST = 18
    THREAD = 20
    PID = 22
    PARTIAL = 24
    STACK = 25
    ID_RANK = 27
    ESCAPED = 28  # the message is inside a JSON string
    IGNORED = 30
    TIME_TEXT = 32
    ANNOTATION = 34  # keyed values that are not the message


REGISTERS = 36


class Clock(IntEnum):
    """Which parts of a time were seen."""

    DATE = 1
    YEAR = 2
    TIME = 4
    ZONE = 8
    ABSOLUTE = 16  # seconds since the epoch are in SECOND
    UPTIME = 32


class Level(IntEnum):
    """Severity of a record; 0 when the line does not say."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    NOTICE = 4
    WARN = 5
    ERROR = 6
    CRITICAL = 7
    FATAL = 8


NO_TIME = -(2**63)
MAX_HASHED = 65_536  # bytes of a line that count towards its template

KEY_BITS = 0xFFFFFFFFFFFFFFFF
FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3


def fnv(text: bytes, salt: int = 0) -> int:
    """FNV-1a over 64 bits, as the kernels compute it."""
    value = FNV_OFFSET ^ salt
    for byte in text:
        value = ((value ^ byte) * FNV_PRIME) & KEY_BITS
    return value
