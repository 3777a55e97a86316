"""Tables: a column of a CSV file or of an SQL insert whose name says what is in it is redacted whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.redaction.kernels import kernel
from holdfast.redaction.masks import mask_of

if TYPE_CHECKING:
    from holdfast.redaction.engine import Engine

Array = np.ndarray[Any, Any]
_NONE = np.empty((0, 4), np.int64)
_MARKS = (b",", b";", b"\t", b"|")
_INSERT = re.compile(
    rb"insert\s+(?:ignore\s+)?into\s+[^\s(]{1,200}\s*\(([^()]{1,4000})\)\s*values", re.IGNORECASE
)
_CELL = re.compile(rb"\s*(?:'((?:[^'\\]|''|\\.)*)'|\"((?:[^\"\\]|\"\"|\\.)*)\"|([^,()'\";]*))\s*", re.DOTALL)
_COPY = re.compile(rb"^COPY\s+\S+\s*\(([^()]{1,4000})\)\s+FROM\s+stdin;", re.IGNORECASE | re.MULTILINE)


class Columns:
    """Follows one file: remembers its header from window to window."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mark = b""
        self._rules: dict[int, int] = {}
        self._width = 0
        self._begun = False

    def events(self, data: Array) -> Array:
        """Return the cells of a window that their column's name gives away, int64[n, 4] of (start, end, rule, 0)."""
        found: list[tuple[int, int, int, int]] = []
        cells, start = _NONE, self.begin(data)
        if self._rules:
            cells = self._cells(data, start)
        said = int(_statements(data))
        if said & 1:
            found += self._inserts(data.tobytes())
        if said & 2:
            found += self._copies(data.tobytes())
        return np.concatenate((cells, np.array(found, np.int64))) if found else cells

    def begin(self, data: Array) -> int:
        """Read the header where this is a file's first window; return where rows begin."""
        if self._begun:
            return 0
        self._begun = True
        return self._header(data.tobytes())

    def _header(self, text: bytes) -> int:
        """Read the first line; return where the rows begin."""
        end = text.find(b"\n")
        line = text[: end if end >= 0 else len(text)].rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")
        following = text[end + 1 : text.find(b"\n", end + 1)] if end >= 0 else b""
        for mark in _MARKS:
            names = [name.strip(b" \"'`") for name in line.split(mark)]
            if (
                len(names) >= 2
                and all(re.fullmatch(rb"[\w .$/()#-]{1,60}", n) for n in names)
                and following.count(mark) >= len(names) - 1
            ):
                self._mark, self._width = mark, len(names)
                self._rules = self._named(names)
                return end + 1
        return 0

    def _named(self, names: list[bytes]) -> dict[int, int]:
        return {k: rule for k, name in enumerate(names) if (rule := self._engine.rule_of_field(name)) >= 0}

    def _cells(self, data: Array, start: int) -> Array:
        wanted = np.full(max(self._rules) + 1, -1, np.int32)
        weak = np.zeros(len(wanted), np.bool_)
        for column, rule in self._rules.items():
            wanted[column] = rule
            weak[column] = self._engine.rules[rule].strength == "weak"
        room = len(data) // 8 + 64
        while True:
            out = np.empty((room, 4), np.int64)
            count = _cells(data, start, len(data), self._mark[0], wanted, weak, out)
            if count <= room:
                return out[:count]
            room = count

    def _span(self, cell: bytes, at: int, rule: int) -> Iterator[tuple[int, int, int, int]]:
        value = cell.strip(b" ")
        at += len(cell) - len(cell.lstrip(b" "))
        if len(value) >= 2 and (self._engine.rules[rule].strength != "weak" or _is_mixed(value)):
            yield at, at + len(value), rule, 0

    def _inserts(self, text: bytes) -> Iterator[tuple[int, int, int, int]]:
        for found in _INSERT.finditer(text):
            rules = self._named([name.strip(b" \"'`[]\r\n\t") for name in found[1].split(b",")])
            at = found.end()
            while rules and (opened := re.compile(rb"\s*,?\s*\(").match(text, at)):
                at, column = opened.end(), 0
                while (cell := _CELL.match(text, at)) and column < 2000:
                    which = 1 if cell[1] is not None else 2 if cell[2] is not None else 3
                    if column in rules:
                        yield from self._span(cell[which], cell.start(which), rules[column])
                    at, column = cell.end(), column + 1
                    if text[at : at + 1] != b",":
                        break
                    at += 1
                if text[at : at + 1] != b")":
                    break
                at += 1

    def _copies(self, text: bytes) -> Iterator[tuple[int, int, int, int]]:
        for found in _COPY.finditer(text):
            rules = self._named([name.strip(b' "') for name in found[1].split(b",")])
            at = text.find(b"\n", found.end()) + 1
            while rules and 0 < at < len(text) and not text.startswith(b"\\.", at):
                end = text.find(b"\n", at)
                end = end if end >= 0 else len(text)
                place = at
                for column, cell in enumerate(text[at:end].split(b"\t")):
                    if column in rules and cell != b"\\N":
                        yield from self._span(cell, place, rules[column])
                    place += len(cell) + 1
                at = end + 1


def _is_mixed(value: bytes) -> bool:
    return len(value) >= 8 and any(48 <= code <= 57 for code in value)


_v, _a, _l, _u = mask_of(b"vV"), mask_of(b"aA"), mask_of(b"lL"), mask_of(b"uU")
_c, _o, _p, _y = mask_of(b"cC"), mask_of(b"oO"), mask_of(b"pP"), mask_of(b"yY")


@kernel
def _statements(data):  # type: ignore[no-untyped-def]
    """Return 1 where the `values` of an insert stand in a text, 2 where a `copy` does, their sum for both."""
    said, base = 0, data.ctypes.data
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    for block in range(0, len(data), 61):
        at = base + block
        if _v(at) & _a(at) >> one & _l(at) >> two & _u(at) >> three:
            said |= 1
        if _y(at) >> three & _p(at) >> two & _o(at) >> one & _c(at):
            said |= 2
    return said


@kernel
def _cells(data, low, high, mark, wanted, weak, out):  # type: ignore[no-untyped-def]
    """Emit the cells of the wanted columns, their quotes and blanks left out; return how many."""
    count, i, column = 0, low, 0
    while i < high:
        s = i
        quoted = data[i] == 34
        if quoted:
            i += 1
            while i < high and data[i] != 10:
                if data[i] == 34:
                    if data[i + 1] != 34:
                        break
                    i += 1
                i += 1
        while i < high and data[i] != mark and data[i] != 10:
            i += 1
        e = i
        while e > s and (data[e - 1] == 13 or data[e - 1] == 32):
            e -= 1
        while s < e and data[s] == 32:
            s += 1
        if e - s >= 2 and data[s] == data[e - 1] and (data[s] == 34 or data[s] == 39):
            s, e = s + 1, e - 1
        if column < len(wanted) and wanted[column] >= 0 and e - s >= 2:
            good = not weak[column]
            if not good and e - s >= 8:
                for k in range(s, e):
                    good = good or 48 <= data[k] <= 57
            if good:
                if count < out.shape[0]:
                    out[count, 0], out[count, 1], out[count, 2], out[count, 3] = s, e, wanted[column], 0
                count += 1
        column = 0 if i < high and data[i] == 10 else column + 1
        i += 1
    return count
