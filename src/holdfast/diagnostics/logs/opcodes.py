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
    BEGIN = 16  # the message begins here
    UPTO = 17  # the message ends here
    END = 18  # the line ends here
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
    TIME_OF_DAY = 35  # hh:mm:ss in one step


class Charset(IntEnum):
    """What a captured field may hold: bits of the charset table, and two rules."""

    VISIBLE = 1  # no blanks
    DIGITS = 2
    ANY = 4
    IDENTIFIER = 8
    HEX = 16
    UNIT = 32  # a program's name in syslog
    QUALIFIED = 8 + 256  # an identifier with a dot in it or a colon after it
    OPTIONAL = 1 + 512  # may be empty
    NESTED = 4 + 1024  # up to a stop byte with a blank after it
    FINAL = 1 + 1024  # the same, no blanks inside
    TOKEN = 64 + 2048  # an id of hexadecimal digits and dashes, or a dash in its place
    AGE = 128 + 4096  # `3m12s`, `<unknown>`
    FIELD = 1 + 8192  # no blanks, or anything within quotes
    CELL = 4 + 8192  # anything, perhaps within quotes


class Form(IntEnum):
    """What a line is to its record, beside being the whole of it."""

    LINE = 0
    WRAPPER = 1  # around a line of some program
    JSON_WRAPPER = 2
    HEAD = 3  # further lines of the head may follow
    HEAD_LINE = 4  # ... and below them a line with the message
    HEAD_TEXT = 5  # ... and below them the message, as many lines as it has
    HEAD_INDENTED = 6  # ... and below them an indented line with the message


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
    CONTEXT = 32  # a part of the header in which ids may stand
    MARKS = 34  # keys seen that only this layout uses
    KEYS = 35  # sum of the hashes of all keys: the shape of an object
    REFUSED = 36  # byte that would have opened the last optional group left out, and where
    FIXED = (
        38  # not 0 when bytes past the header had no say in how it was read, and it reaches past this address
    )
    STEPS = 39  # how many (operation, start, stop) follow: the steps whose digits carry meaning
    TRAIL = 40


MOST_STEPS = 8
REGISTERS = Reg.TRAIL + 3 * MOST_STEPS


class Role(IntEnum):
    """What a keyed value means; names are those of the data files."""

    TIME = 1
    LEVEL = 2
    MESSAGE = 3
    COMPONENT = 4
    LOCATION = 5
    ID = 6
    HOST = 7
    THREAD = 8
    STACK = 9
    PRIORITY = 10
    SEVERITY_NUMBER = 11
    STATUS = 13
    WEAK_ID = 14
    MARK = 15  # tells one family of layouts from another


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


def block_hash(text: bytes, seed: int = FNV_OFFSET) -> int:
    """What `memory.block_hash` computes, for tables built outside the kernels."""
    total = seed
    for at in range(0, len(text), 8):
        total = ((total ^ int.from_bytes(text[at : at + 8], "little")) * FNV_PRIME) & KEY_BITS
        total ^= total >> 32
    return total or 1


def key_hash(name: str, salt: int) -> int:
    """Hash of a dotted key: one block per label, so nested and dotted keys are the same."""
    total = FNV_OFFSET ^ salt
    for label in name.split("."):
        total = block_hash(label.encode(), total)
    return total


class Ctx(IntEnum):
    """Slots of the context the kernels are given: addresses of tables and limits."""

    PROGRAM = 0
    TABLE = 1
    MASK = 2
    CHARSETS = 3
    LIMIT = 4  # end of readable memory
    PATH = 5  # scratch for nested keys
    BASE = 6  # address of the file's first byte
    BOUNDS = (
        7  # rows of (first row, stop row, Form): programs for lines, for wrapped text, for more of a head
    )
    OUTERS = 8  # how many of them are for lines
    ALL = 9  # how many are for lines and wrapped text
    LOOSE = 10  # 1 when any line that is no continuation by shape is a record
    SHAPES = 11  # remembered header shapes, see shapes.py
    MORE = 12  # how many programs there are with those for further lines of a head
    HEADS = 13  # 1 when some records have more than one line of head
    MARKING = 14  # lines of bytes that marks are told by, see lanes.py
