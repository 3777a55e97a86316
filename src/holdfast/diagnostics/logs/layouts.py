"""Layouts: data files compiled to programs for the kernels.

A pattern is literal text with fields in braces. A blank matches one or more blanks, `{? ... ?}` is an
optional group, `{name}` reads up to the literal that follows it, `{name:kind}` narrows what it may hold
(see KINDS). `{time}` follows the layout's time formats.

A record may have a head of several lines: `more` are the patterns of those after the first, and `below`
says that the message stands under them, on one `line`, on an `indented` one, or as all the `text` up to the
next head. Where a
line in the file itself names the columns, `columns` says what they mean (see columns.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from holdfast.diagnostics.logs.opcodes import (
    FNV_OFFSET,
    Charset,
    Form,
    Level,
    Op,
    Reg,
    Role,
    block_hash,
    key_hash,
)

Row = tuple[int, int, int, int]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads all layouts in a fifth of the time
KINDS = {
    "word": Charset.VISIBLE,
    "digits": Charset.DIGITS,
    "any": Charset.ANY,
    "ident": Charset.IDENTIFIER,
    "hex": Charset.HEX,
    "unit": Charset.UNIT,
    "qualified": Charset.QUALIFIED,
    "optional": Charset.OPTIONAL,
    "nested": Charset.NESTED,
    "final": Charset.FINAL,
    "token": Charset.TOKEN,
    "age": Charset.AGE,
    "field": Charset.FIELD,
    "cell": Charset.CELL,
    "rest": Charset.ANY,
}
SPANS = {
    "component": Reg.COMPONENT,
    "host": Reg.HOST,
    "thread": Reg.THREAD,
    "pid": Reg.PID,
    "id": Reg.ID,
    "context": Reg.CONTEXT,
}
TIME_OPS = {
    "Y": Op.YEAR4,
    "y": Op.YEAR2,
    "m": Op.MONTH,
    "b": Op.MONTH_NAME,
    "d": Op.DAY,
    "H": Op.HOUR,
    "M": Op.MINUTE,
    "S": Op.SECOND,
    "f": Op.FRACTION,
    "z": Op.ZONE,
    "p": Op.AMPM,
    "a": Op.WEEKDAY,
    "s": Op.EPOCH,
    "u": Op.UPTIME,
    "i": Op.ISO,
    "T": Op.TIME_OF_DAY,
}
SHARED_LEVELS: Mapping[str, Level] = {
    **dict.fromkeys(("trace", "trc", "finest", "finer", "verbose", "vrb", "verb", "silly"), Level.TRACE),
    **dict.fromkeys(("debug", "dbg", "fine", "dbug", "config"), Level.DEBUG),
    **dict.fromkeys(("info", "inf", "information", "informational", "log", "default"), Level.INFO),
    **dict.fromkeys(("notice", "note"), Level.NOTICE),
    **dict.fromkeys(("warn", "warning", "wrn", "warni"), Level.WARN),
    **dict.fromkeys(("error", "err", "severe", "erro", "eror", "failure"), Level.ERROR),
    **dict.fromkeys(("critical", "crit", "crt", "alert", "dpanic"), Level.CRITICAL),
    **dict.fromkeys(("fatal", "ftl", "emerg", "emergency", "panic", "fata", "catastrophic"), Level.FATAL),
}


class LayoutError(ValueError):
    """A layout data file that cannot be compiled; says which and why."""


@dataclass(frozen=True)
class Sample:
    """One line of a layout's own data file with what must be read from it."""

    line: str
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """One log layout: how a line is cut into time, level, component and message.

    `wraps` says that the message is itself a line of some program (container runtimes, syslog, journal).
    """

    name: str
    title: str
    patterns: tuple[str, ...]
    times: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zone: str = "unstated"
    wraps: bool = False
    weight: int = 0
    more: tuple[str, ...] = ()
    below: str = ""
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()

    @property
    def form(self) -> Form:
        """What a line read by one of the patterns is to its record."""
        if self.wraps:
            return Form.JSON_WRAPPER if self.patterns[0].startswith("{json}") else Form.WRAPPER
        below = {"line": Form.HEAD_LINE, "text": Form.HEAD_TEXT, "indented": Form.HEAD_INDENTED}
        return below.get(self.below, Form.HEAD if self.more else Form.LINE)

    @cached_property
    def meanings(self) -> Mapping[int, int]:
        """Level or Role of the layout's own level names and keys, by their hashes."""
        entries: dict[int, int] = {}
        for name, level in self.levels.items():
            for text in {str(name).lower(), str(name)}:
                entries[block_hash(text.encode(), FNV_OFFSET ^ self.salt ^ 1)] = int(Level[level.upper()])
        for role, names in self.keys.items():
            for name in names:
                entries[key_hash(name, self.salt)] = int(Role[role.upper()])
        return entries

    @property
    def takes_all(self) -> bool:
        """Whether every line up to the next head is the record's, however it looks."""
        return bool(self.more) and self.below in {"line", "text"}

    @property
    def salt(self) -> int:
        """Separates this layout's keys (salt) and level names (salt ^ 1) from every other's."""
        return block_hash(self.name.encode()) & 0x7FFFFFFE


@dataclass(frozen=True)
class Program:
    """One pattern of a layout compiled for one of its time formats."""

    layout: Layout
    pattern: str
    time: str
    rows: tuple[Row, ...]

    @cached_property
    def specificity(self) -> int:
        """How much of a line the program checks: ties between layouts go to the stricter one."""
        weights = {int(Op.CAPTURE): 1, int(Op.BLANKS): 1, int(Op.MESSAGE): 0, int(Op.LEVEL): 4}
        total, optional = self.layout.weight, False
        for row in self.rows:
            optional = row[0] == Op.OPTIONAL or (optional and row[0] != Op.OPTIONAL_END)
            total += 0 if optional or row[0] == Op.OPTIONAL_END else weights.get(row[0], 2)
        return total


def time_rows(time_format: str) -> Iterator[Row]:
    """Steps of one time format (`%Y-%m-%d %H:%M:%S%f%z`; %f and %z are optional when read)."""
    for mark, letter, literal in re.findall(r"(%)(\w)|([^%])", time_format.replace("%H:%M:%S", "%T")):
        if mark:
            if letter not in TIME_OPS:
                raise LayoutError(f"unknown time field %{letter}")
            yield int(TIME_OPS[letter]), 0, 0, 0
        elif literal == " ":
            yield int(Op.BLANKS), 0, 0, 0
        else:
            yield int(Op.LITERAL), ord(literal), 0, 0


def compiled(layout: Layout) -> list[Program]:
    """A program for each pattern and time format of the layout."""
    return _programs(layout, layout.patterns)


def further(layout: Layout) -> list[Program]:
    """Programs for the lines of a head after its first."""
    return _programs(layout, layout.more)


def _programs(layout: Layout, patterns: Sequence[str]) -> list[Program]:
    return [
        Program(layout, pattern, time, tuple(_rows(layout, pattern, time)))
        for pattern in patterns
        for time in (layout.times if "{time}" in pattern and layout.times else ("",))
    ]


def _rows(layout: Layout, pattern: str, time: str) -> list[Row]:
    pieces = re.findall(r"\{\?|\?\}|\{\w+(?::\w+)?\}|.", pattern, re.DOTALL)
    rows: list[Row] = []
    opened = -1
    for index, piece in enumerate(pieces):
        if piece == "{?":
            opened = len(rows)
            rows.append((int(Op.OPTIONAL), 0, 0, 0))
        elif piece == "?}":
            rows.append((int(Op.OPTIONAL_END), 0, 0, 0))
            rows[opened] = (int(Op.OPTIONAL), len(rows), 0, 0)
        elif len(piece) > 1:
            rows.extend(_field_rows(layout, time, piece[1:-1], _stop_byte(pieces, index)))
        elif piece == " ":
            rows.append((int(Op.BLANKS), 0, 0, 0))
        else:
            rows.extend((int(Op.LITERAL), byte, 0, 0) for byte in piece.encode())
    return rows


def _stop_byte(pieces: list[str], index: int) -> int:
    """The literal right after a field, -1 when a blank, a group or another field follows."""
    follower = pieces[index + 1] if index + 1 < len(pieces) else ""
    return ord(follower) if len(follower) == 1 and follower != " " else -1


def _field_rows(layout: Layout, time: str, text: str, stop: int) -> Iterator[Row]:
    name, _, kind = text.partition(":")
    simple = {
        "level": (Op.LEVEL, layout.salt ^ 1, 0, 0),
        "anylevel": (Op.ANY_LEVEL, layout.salt ^ 1, 0, 0),
        "levelchar": (Op.LEVEL_CHAR, layout.salt ^ 1, 0, 0),
        "priority": (Op.PRIORITY, 0, 0, 0),
        "status": (Op.STATUS, 0, 0, 0),
        "message": (Op.MESSAGE, 0, 0, 0),
        "begin": (Op.BEGIN, 0, 0, 0),
        "upto": (Op.UPTO, 0, 0, 0),
        "end": (Op.END, 0, 0, 0),
        "gap": (Op.LITERAL, 32, 0, 0),  # exactly one blank: what follows may be indented
        "partial": (Op.PARTIAL_FLAG, 0, 0, 0),
        "json": (Op.JSON, layout.salt, 0, 0),
        "logfmt": (Op.LOGFMT, layout.salt, 2, 0),
        "call": (Op.LOCATION, 1, stop, int(KINDS.get(kind, Charset.VISIBLE))),
        "location": (Op.LOCATION, 0, stop, int(KINDS.get(kind, Charset.VISIBLE))),
    }
    if name == "time":
        yield from time_rows(time)
    elif name in simple:
        op, a, b, c = simple[name]
        yield int(op), a, b, c
    else:
        if kind and kind not in KINDS:
            raise LayoutError(f"{layout.name}: unknown kind {kind!r}")
        charset = KINDS.get(kind, Charset.VISIBLE)
        ends = (
            -2
            if kind in {"rest", "cell"} and stop < 0
            else 32
            if charset is Charset.ANY and stop < 0
            else stop
        )
        yield int(Op.CAPTURE), int(SPANS.get(name, Reg.IGNORED)), ends, int(charset)


def parsed(text: str, origin: str = "") -> Layout:
    """A layout from the text of its data file."""
    data = yaml.load(text, Loader=LOADER)  # noqa: S506 both loaders are the safe ones
    if not isinstance(data, dict) or not {"name", "title", "pattern"} <= data.keys():
        raise LayoutError(f"{origin or 'layout'}: name, title and pattern are needed")
    samples = tuple(
        Sample(str(item["line"]), {key: value for key, value in item.items() if key != "line"})
        for item in data.get("samples", ())
    )
    return Layout(
        name=data["name"],
        title=data["title"],
        patterns=(data["pattern"],) if isinstance(data["pattern"], str) else tuple(data["pattern"]),
        times=tuple(data.get("time", ())),
        levels=data.get("levels", {}),
        keys=data.get("keys", {}),
        zone=data.get("zone", "unstated"),
        wraps=bool(data.get("wraps", False)),
        weight=int(data.get("weight", 0)),
        more=tuple(data.get("more", ())),
        below=_known(data.get("below", ""), {"", "line", "text", "indented"}, data["name"]),
        columns=data.get("columns", {}),
        samples=samples,
    )


def _known(word: str, words: set[str], name: str) -> str:
    if word not in words:
        raise LayoutError(f"{name}: {word!r} is none of {', '.join(sorted(words - {''}))}")
    return word


@cache
def known_layouts() -> tuple[Layout, ...]:
    """Every layout shipped as a data file, by name."""
    folder = files("holdfast.diagnostics.logs") / "formats"
    texts = [
        (entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".yaml")
    ]
    return tuple(sorted((parsed(text, name) for name, text in texts), key=lambda layout: layout.name))


def key_table(layouts: Sequence[Layout]) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Open-addressing table of (key, value) pairs: level names give a Level, keyed names a Role."""
    entries = dict(_shared_meanings())
    for layout in layouts:
        entries.update(layout.meanings)
    size = 1 << max(8, (len(entries) * 3).bit_length())
    keys, values = [0] * size, [0] * size
    for key, value in entries.items():
        at = (key ^ (key >> 29)) & (size - 1)
        while keys[at]:
            at = (at + 1) & (size - 1)
        keys[at], values[at] = key, value
    return np.stack([np.array(keys, np.uint64), np.array(values, np.uint64)], axis=1).view(np.int64)


@cache
def _shared_meanings() -> Mapping[int, int]:
    return {block_hash(name.encode()): int(level) for name, level in SHARED_LEVELS.items()}
