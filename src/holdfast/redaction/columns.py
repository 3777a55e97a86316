"""Tables: a column of a CSV file or of an SQL insert whose name says what is in it is redacted whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.redaction.spans import Span

if TYPE_CHECKING:
    from holdfast.redaction.engine import Engine

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

    def spans(self, text: bytes) -> list[Span]:
        """Return the cells of a window that their column's name gives away."""
        found: list[Span] = []
        start = 0
        if not self._begun:
            self._begun = True
            start = self._header(text)
        if self._rules:
            found += self._cells(text, start)
        if b"nsert" in text or b"NSERT" in text:
            found += self._inserts(text)
        if b"COPY " in text or b"copy " in text:
            found += self._copies(text)
        return found

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

    def _cells(self, text: bytes, start: int) -> Iterator[Span]:
        for line in re.finditer(rb"[^\n]+", text[start:]):
            at = start + line.start()
            for column, cell in enumerate(_split(line[0].rstrip(b"\r"), self._mark)):
                rule = self._rules.get(column)
                if rule is not None:
                    yield from self._span(cell, at, rule)
                at += len(cell) + 1

    def _span(self, cell: bytes, at: int, rule: int) -> Iterator[Span]:
        value = cell.strip(b" ")
        at += len(cell) - len(cell.lstrip(b" "))
        if len(value) >= 2 and value[:1] == value[-1:] and value[:1] in (b'"', b"'"):
            value, at = value[1:-1], at + 1
        if value and self._engine.accepted_in_column(rule, value):
            one = self._engine.rules[rule]
            yield Span(at, at + len(value), one.kind, value, one.id, one.tier)

    def _inserts(self, text: bytes) -> Iterator[Span]:
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

    def _copies(self, text: bytes) -> Iterator[Span]:
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


def _split(line: bytes, mark: bytes) -> list[bytes]:
    """Cut a row; marks within double quotes do not count."""
    if b'"' not in line:
        return line.split(mark)
    cells, start, quoted = [], 0, False
    for at in range(len(line)):
        code = line[at : at + 1]
        if code == b'"':
            quoted = not quoted
        elif code == mark and not quoted:
            cells.append(line[start:at])
            start = at + 1
    cells.append(line[start:])
    return cells
