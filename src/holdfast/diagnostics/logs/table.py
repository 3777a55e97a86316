"""What reading a log gives: records as arrays, templates with counts and times, notes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.opcodes import NO_TIME, Level

if TYPE_CHECKING:
    import polars as pl

Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]


class NoteKind(StrEnum):
    """What can be odd about a log; each becomes a finding."""

    CLOCK_BACKWARD = "clock_backward"
    NEW_YEAR = "new_year"
    TWO_ZONES = "two_zones"
    NO_TIMES = "no_times"
    YEAR_ASSUMED = "year_assumed"
    ZONE_UNSTATED = "zone_unstated"
    LONG_LINE = "long_line"
    NUL_RUN = "nul_run"
    ENCODING = "encoding"
    UNKNOWN_LAYOUT = "unknown_layout"
    MIXED_LAYOUTS = "mixed_layouts"
    UNREAD_LINES = "unread_lines"
    EMPTY = "empty"
    BINARY = "binary"
    TOO_MANY_IDS = "too_many_ids"
    INNER_CLOCK = "inner_clock"
    NO_FINAL_NEWLINE = "no_final_newline"


@dataclass(frozen=True)
class Note:
    """One oddity of a file, with the 1-based lines that show it."""

    kind: NoteKind
    text: str
    lines: tuple[int, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """Stack traces that are the same but for line numbers, addresses and generated names."""

    key: str
    language: str
    exceptions: tuple[str, ...]
    frames: tuple[str, ...]
    count: int
    first_line: int
    last_line: int
    records: Ints  # record numbers, ascending

    @property
    def signature(self) -> str:
        """Exception chain and innermost frame in one line."""
        top = f" at {self.frames[0]}" if self.frames else ""
        return " <- ".join(self.exceptions) + top


@dataclass(frozen=True)
class Template:
    """One message with its varying parts as `<*>`. Times are ns since 1970 UTC or NO_TIME."""

    id: str
    text: str
    count: int
    first_line: int
    last_line: int
    first_time: int
    last_time: int
    exemplar_offset: int
    level: Level
    location: str = ""
    exception: str | None = None


@dataclass(frozen=True)
class LogTable:
    """One log file read. Record arrays have one entry per record, in line order.

    `line` is the 1-based first line, `offset` its byte offset, `template` an index into `templates`,
    `time` ns since 1970 UTC (NO_TIME when unknown), `level` a Level, `ids` an index into `id_values`
    or -1, `component` an index into `components` or -1.
    """

    name: str
    path: Path
    layout: str
    confidence: float
    encoding: str
    lines: int
    line: Int32s
    offset: Ints
    template: Int32s
    time: Ints
    level: NDArray[np.int8]
    ids: Int32s
    component: Int32s
    templates: tuple[Template, ...]
    components: tuple[str, ...]
    id_values: "IdValues"
    stacks: tuple[Stack, ...]
    notes: tuple[Note, ...]
    zone: str
    inner_clock_offset: int | None  # ns to add to the inner clock to get the wrapper's
    skeletons: int

    @property
    def records(self) -> int:
        return len(self.line)

    @cached_property
    def first_time(self) -> int:
        """Earliest known time in ns, or NO_TIME."""
        known = self.time[self.time != NO_TIME]
        return int(known.min()) if len(known) else NO_TIME

    @cached_property
    def last_time(self) -> int:
        """Latest known time in ns, or NO_TIME."""
        known = self.time[self.time != NO_TIME]
        return int(known.max()) if len(known) else NO_TIME

    @cached_property
    def _by_template(self) -> tuple[Ints, Ints]:
        order: Ints = np.argsort(self.template, kind="stable")
        bounds: Ints = np.searchsorted(self.template[order], np.arange(len(self.templates) + 1))
        return order, bounds

    def records_of(self, template: int) -> Ints:
        """Record numbers of one template, ascending."""
        order, bounds = self._by_template
        chosen: Ints = np.asarray(order[int(bounds[template]) : int(bounds[template + 1])], np.int64)
        return chosen

    def times_of(self, template: int) -> Ints:
        """Known times of one template's records in ns, in record order."""
        times = self.time[self.records_of(template)]
        known: Ints = times[times != NO_TIME]
        return known

    def bucket(self, width_ns: int, start: int | None = None, stop: int | None = None) -> tuple[Ints, Ints]:
        """Bucket starts in ns, and counts of shape (templates, buckets). Without time, left out."""
        low = self.first_time if start is None else start
        high = self.last_time + 1 if stop is None else stop
        if low == NO_TIME or high <= low:
            return np.zeros(0, np.int64), np.zeros((len(self.templates), 0), np.int64)
        low -= low % width_ns
        buckets = -(-(high - low) // width_ns)
        kept = (self.time >= low) & (self.time < high)
        at = (self.time[kept] - low) // width_ns
        flat = np.bincount(
            self.template[kept] * np.int64(buckets) + at, minlength=len(self.templates) * buckets
        )
        starts = low + width_ns * np.arange(buckets, dtype=np.int64)
        return starts, flat.reshape(len(self.templates), buckets).astype(np.int64)


class IdValues:
    """Request and trace ids of a file, read from it when asked for."""

    def __init__(self, path: Path, spans: Ints, texts: tuple[str, ...] | None = None) -> None:
        self._path = path
        self._spans = spans
        self._texts = texts

    @property
    def spans(self) -> Ints:
        """First and last byte (exclusive) of each id in the file, shape (n, 2)."""
        return self._spans

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, index: int) -> str:
        if self._texts is not None:
            return self._texts[index]
        return next(iter(self._read(self._spans[index : index + 1])))

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts) if self._texts is not None else self._read(self._spans)

    def loaded(self) -> "IdValues":
        """The same with all texts in memory, independent of the file."""
        return IdValues(self._path, self._spans, tuple(self))

    def _read(self, spans: Ints) -> Iterator[str]:
        with self._path.open("rb") as file:
            for start, stop in spans.tolist():
                file.seek(start)
                yield file.read(stop - start).decode("utf-8", "replace")


def assign_rows(table: LogTable) -> "pl.DataFrame":
    """Line number, template id, time (ISO 8601 UTC, empty when unknown) and level of every record."""
    import polars as pl  # reading a log does not need it, and it doubles the time to import

    codes = pl.Series([template.id for template in table.templates], dtype=pl.Categorical)
    levels = pl.Series([level.name.lower() for level in Level], dtype=pl.Categorical)
    known = table.time != NO_TIME
    times = pl.Series(np.where(known, table.time, 0)).cast(pl.Datetime("ns"))
    return pl.DataFrame(
        {
            "line": table.line,
            "template": codes.gather(table.template) if len(codes) else pl.Series([], dtype=pl.Categorical),
            "time": times.set(pl.Series(~known), None),
            "level": levels.gather(table.level),
        }
    )


def write_assignments(table: LogTable, path: Path) -> None:
    """Write assign_rows as CSV."""
    assign_rows(table).write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.9fZ")
