"""A window of rows out of a file of any size: around a line, those that pass a filter, those with a text."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.diagnostics.diagnosis import iso
from holdfast.diagnostics.viewing.columns import LEVELS, NO_TIME, Columns, open_columns
from holdfast.diagnostics.viewing.content import Mapped, Opener
from holdfast.diagnostics.viewing.lines import Lines

SHOWN = 2000
"""Bytes of one line that are shown; the rest is said to be there."""
MOST_ROWS = 500
_SEARCH_BLOCK = 1 << 22
_LOOK_BACK = 1 << 12
"""Records above a line among which its time is looked for."""
DATA, REDACTED = ".data", ".redacted"
"""Forms of a kept file: as it came, and its derivative."""
Places = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines to show; all that is given must hold. Empty: every line."""

    levels: tuple[str, ...] = ()
    component: str = ""
    template: str = ""
    id: str = ""

    def __bool__(self) -> bool:
        return bool(self.levels or self.component or self.template or self.id)


@dataclass(frozen=True, slots=True)
class Row:
    """One line as shown. What a reading did not tell is empty."""

    line: int
    """From 1."""
    text: str
    cut: int
    """Bytes of the line that are not in `text`."""
    time: str | None = None
    level: str = ""
    template: str = ""
    component: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """Lines in which a text was found, and where to go on; `next` is None at the end of the file."""

    lines: list[int]
    next: int | None


@dataclass(frozen=True)
class Page:
    """One artefact opened for reading."""

    lines: Lines
    columns: Columns | None
    _filters: dict[Wanted, Places] = field(default_factory=dict)

    def count(self, wanted: Wanted) -> int:
        """Return how many lines pass."""
        return len(self._places(wanted)) if wanted else self.lines.count

    def rows(self, start: int, number: int, wanted: Wanted | None = None) -> list[Row]:
        """Return the rows from the `start`-th (from 0) of those that pass."""
        number = min(number, MOST_ROWS)
        if not wanted:
            spans = self.lines.spans(start, number)
            return [self._row(line, *span) for line, span in enumerate(spans, start)]
        chosen = self._places(wanted)[start : start + number]
        return [self._row(int(line), *next(self.lines.spans(int(line), 1))) for line in chosen]

    def place(self, line: int, wanted: Wanted) -> int:
        """Return where a line (from 1) stands among those that pass, or the next one that does."""
        return int(np.searchsorted(self._places(wanted), line - 1)) if wanted else line - 1

    def moment(self, line: int) -> int:
        """Return when a line (from 1) was written, ns UTC, as its record or the last one above with a time says."""
        if self.columns is None:
            return NO_TIME
        above = _record_above(self.columns, line - 1) + 1
        times = self.columns.time[max(0, above - _LOOK_BACK) : above]
        known = np.flatnonzero(times != NO_TIME)
        return int(times[known[-1]]) if len(known) else NO_TIME

    def find(self, text: str, start: int = 0, patience: float = 0.15, most: int = 200) -> Hits:
        """Find a text, case ignored, from a byte offset, for a bounded time and number of lines."""
        pattern = re.compile(re.escape(text.encode()), re.IGNORECASE)
        longest = len(text.encode())
        until, found, at = time.monotonic() + patience, list[int](), start
        while at < self.lines.size:
            end = min(self.lines.size, at + _SEARCH_BLOCK)
            hit = self.lines.bytes.search(pattern, at, min(self.lines.size, end + longest), longest)
            if hit < 0:
                at = end
            else:
                line = self.lines.line_at(hit)
                found.append(line + 1)
                at = self.lines.start(line + 1)
            if len(found) >= most or time.monotonic() > until:
                break
        return Hits(found, at if at < self.lines.size else None)

    def _places(self, wanted: Wanted) -> Places:
        if wanted not in self._filters:
            if len(self._filters) >= 6:
                self._filters.pop(next(iter(self._filters)))
            self._filters[wanted] = self._lines_of(wanted)
        return self._filters[wanted]

    def _row(self, line: int, start: int, end: int) -> Row:
        shown = self.lines.bytes[start : min(end, start + SHOWN)]
        text = shown.rstrip(b"\r").decode("utf-8", "replace")
        cut = max(0, end - start - SHOWN)
        if self.columns is None:
            return Row(line + 1, text, cut)
        record = _record(self.columns, line)
        if record is None:
            return Row(line + 1, text, cut)
        return Row(line + 1, text, cut, **self._said(self.columns, record))

    def _said(self, columns: Columns, record: int) -> dict[str, Any]:
        moment, template = int(columns.time[record]), int(columns.template[record])
        component, known = int(columns.component[record]), int(columns.ids[record])
        return {
            "time": iso(moment) if moment != NO_TIME else None,
            "level": LEVELS[int(columns.level[record])],
            "template": columns.templates[template]["id"] if 0 <= template < len(columns.templates) else "",
            "component": columns.components[component] if component >= 0 else "",
            "id": self._id(columns, known) if known >= 0 else "",
        }

    def _id(self, columns: Columns, known: int) -> str:
        if columns.id_spans is None:
            return ""
        start, end = (int(at) for at in columns.id_spans[known])
        return self.lines.bytes[start:end].decode("utf-8", "replace")

    def _lines_of(self, wanted: Wanted) -> Places:
        """Return the lines (from 0) of the records that pass."""
        columns = self.columns
        if columns is None:
            return np.zeros(0, np.int32)
        kept = np.ones(len(columns.line), bool)
        if wanted.levels:
            chosen = [columns.level == at for at, word in enumerate(LEVELS) if word in wanted.levels]
            kept &= np.logical_or.reduce(chosen) if chosen else False
        if wanted.component:
            kept &= columns.component == _index(columns.components, wanted.component)
        if wanted.template:
            kept &= columns.template == _index([t["id"] for t in columns.templates], wanted.template)
        if wanted.id:
            kept &= columns.ids == self._known(columns, wanted.id)
        lines: Places = (np.asarray(columns.line)[kept] - 1).astype(np.int32)
        return lines

    def _known(self, columns: Columns, text: str) -> int:
        """Return the number of an id, by the first record that carries it."""
        for line in self.find(text, patience=1.0, most=20).lines:
            record = _record(columns, line - 1)
            if record is not None and columns.ids[record] >= 0:
                return int(columns.ids[record])
        return -2


def _record(columns: Columns, line: int) -> int | None:
    """Return the record that begins on a line (from 0); None for a line that continues one."""
    record = _record_above(columns, line)
    return record if record >= 0 and columns.line[record] == line + 1 else None


def _record_above(columns: Columns, line: int) -> int:
    """Return the record that a line (from 0) begins or continues, -1 for a line above all records."""
    # a number of another width would have the whole column converted first
    sought = columns.line.dtype.type(line + 1)
    return int(np.searchsorted(columns.line, sought, side="right")) - 1


def _index(words: list[str], word: str) -> int:
    return words.index(word) if word in words else -2


@lru_cache(maxsize=16)
def _opened(data: Path, size: int, opener: Opener) -> Page:  # noqa: ARG001  a file that grew is opened anew
    form = "" if data.suffix == DATA else f"{data.suffix[1:]}."
    return Page(Lines(data, opener), open_columns(data.parent, data.stem, opener, form))


def open_page(folder: Path, artefact: str, opener: Opener = Mapped, form: str = DATA) -> Page:
    """Open `<folder>/<artefact>.data`, or its derivative; FileNotFoundError when the reading did not keep it."""
    if not re.fullmatch(r"[A-Za-z]{1,3}\d{1,9}", artefact):
        raise FileNotFoundError(artefact)
    data = folder / f"{artefact}{form}"
    return _opened(data, data.stat().st_size, opener)
