"""Reading log files: detection, scan, templates, clocks, stacks, notes."""

import hashlib
import time as clock
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson

from holdfast.diagnostics.logs.clocks import Clocks, read_clocks
from holdfast.diagnostics.logs.detection import Plan, detect, message_of
from holdfast.diagnostics.logs.encoding import encoding_of, to_text, transcoded, wide_line_starts
from holdfast.diagnostics.logs.entries import Entry, as_lines, entries_of, line_numbers, span_in
from holdfast.diagnostics.logs.induction import Clusters, induce
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.diagnostics.logs.opcodes import MAX_HASHED, NO_TIME, Level
from holdfast.diagnostics.logs.partial import Mapped, Partial, scan_all
from holdfast.diagnostics.logs.records import (
    S_LOCATION,
    T_CUT,
    T_LOST_IDS,
    T_NUL_LINE,
    T_NULS,
    Slots,
)
from holdfast.diagnostics.logs.stacks import group_stacks
from holdfast.diagnostics.logs.table import IdValues, LogTable, Note, NoteKind, Stack, Template
from holdfast.diagnostics.logs.texts import template_texts
from holdfast.kernels import making

LEVELS = tuple(Level)
KEPT = 31 << 20
"""Bytes of the largest array that glibc will take from memory it keeps, once one of that size was freed; until then it
gives what is larger than 128 KiB back to the system at once (mallopt(3), M_MMAP_THRESHOLD; 32 MiB are its limit).
Whoever reads many small files would pay for taking all anew with each."""
np.empty(KEPT, np.uint8)


@making
def summarise(
    of_slot: Slots, slot: Slots, time: Ints, level: "np.ndarray[tuple[int], np.dtype[np.int8]]", count: int
) -> tuple[Slots, Ints]:
    """The template of each record; and of each: count, first and last record, first and last time, highest level."""
    rows, template = np.zeros((count, 6), np.int64), np.empty(len(slot), np.int32)
    for index in range(count):
        rows[index, 1], rows[index, 3], rows[index, 4] = -1, NO_TIME, NO_TIME
    for record in range(len(slot)):
        row = of_slot[slot[record]]
        template[record] = row
        if rows[row, 0] == 0:
            rows[row, 1] = record
        rows[row, 0] += 1
        rows[row, 2] = record
        at = time[record]
        if at != NO_TIME:
            if rows[row, 3] == NO_TIME or at < rows[row, 3]:
                rows[row, 3] = at
            if at > rows[row, 4]:
                rows[row, 4] = at
        rows[row, 5] = max(rows[row, 5], level[record])
    return template, rows


def template_id(text: str, location: str) -> str:
    """Stable name of a template: equal text gives an equal id in any file."""
    return hashlib.blake2b(f"{location}\0{text}".encode("utf-8", "replace"), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Source:
    """A file being read: what is reported (`path`), where its UTF-8 bytes are (`file`), by how many threads at most."""

    path: Path
    name: str
    file: Mapped
    encoding: str
    reference: float
    threads: int = 1


def read_log(
    path: Path,
    *,
    name: str = "",
    start: int = 0,
    stop: int | None = None,
    hint: Plan | None = None,
    reference: float | None = None,
    threads: int = 1,
) -> LogTable:
    """Read one plain file, or the records that start in its bytes [start, stop).

    `hint` is the layout of a file already seen (`plan_of`), `reference` the Unix time by which the
    last record was written (default: the file's own), for times without a year. A large file is read by
    as many `threads`, with the same answer.
    Raises OSError when the file cannot be read; whatever it holds, it gives a table.
    """
    file = Mapped(path)
    when = path.stat().st_mtime if reference is None else reference
    encoding = encoding_of(file.data)
    source = Source(path, name or path.name, file, encoding, min(when, clock.time() + 86_400), threads)
    if encoding.startswith("utf-16"):
        return _read_wide(source)
    if cut := entries_of(file.data):
        return _read_entries(source, cut)
    if encoding == "binary" or not file.size:
        return _nothing(source)
    plan = hint or detect(file.data, file.size)
    return tabulate(source, plan, scan_all(file, plan, start, stop, threads=threads))


def read_logs(paths: Iterable[Path]) -> list[LogTable]:
    """Read files one after the other, in the order given."""
    return [read_log(path) for path in paths]


def plan_of(path: Path) -> Plan:
    """How a file would be read: give it to every reader of a part of that file."""
    file = Mapped(path)
    return detect(file.data, file.size)


def _read_wide(source: Source) -> LogTable:
    """Read UTF-16 through a UTF-8 copy; offsets are those of the original."""
    with transcoded(source.path, source.encoding) as copy:
        inner = replace(source, path=Path(copy.name), file=Mapped(Path(copy.name)))
        if not inner.file.size:
            return _nothing(source)
        plan = detect(inner.file.data, inner.file.size)
        table = tabulate(inner, plan, scan_all(inner.file, plan, threads=source.threads))
        starts = wide_line_starts(source.file.data, source.encoding)
        offset = starts[np.minimum(table.line - 1, len(starts) - 1)]
        templates = tuple(
            replace(template, exemplar_offset=int(starts[min(template.first_line, len(starts)) - 1]))
            for template in table.templates
        )
        return replace(
            table,
            path=source.path,
            offset=offset,
            templates=templates,
            id_values=table.id_values.loaded(),
        )


def _read_entries(source: Source, cut: Callable[[Bytes], Iterator[Entry]]) -> LogTable:
    """Read entries that are not lines through a copy with one line for each; places are the original's."""
    data = source.file.data
    copy, starts = as_lines(data, cut)
    with copy:
        inner = replace(source, path=Path(copy.name), file=Mapped(Path(copy.name)), encoding="utf-8")
        if not inner.file.size:
            return _nothing(source)
        plan = detect(inner.file.data, inner.file.size)
        table = tabulate(inner, plan, scan_all(inner.file, plan, threads=source.threads))
        texts = tuple(table.id_values)
    lines, entry = line_numbers(data, starts), table.line - 1
    holders = {number: int(row) for row, number in reversed(list(enumerate(table.ids.tolist())))}
    spans = [span_in(data, text, int(starts[entry[holders[n]]])) for n, text in enumerate(texts)]
    return replace(
        table,
        path=source.path,
        lines=int(np.count_nonzero(data == 10)) + int(data[-1] != 10),
        line=lines[entry].astype(np.int32),
        offset=starts[entry],
        templates=tuple(
            replace(
                template,
                first_line=int(lines[template.first_line - 1]),
                last_line=int(lines[template.last_line - 1]),
                exemplar_offset=int(starts[template.first_line - 1]),
            )
            for template in table.templates
        ),
        stacks=tuple(
            replace(
                stack,
                first_line=int(lines[stack.first_line - 1]),
                last_line=int(lines[stack.last_line - 1]),
            )
            for stack in table.stacks
        ),
        notes=tuple(
            replace(note, lines=tuple(int(lines[line - 1]) for line in note.lines)) for note in table.notes
        ),
        id_values=IdValues(source.path, np.array(spans, np.int64).reshape(-1, 2), texts),
    )


def _nothing(source: Source) -> LogTable:
    """A table without records for an empty or binary file."""
    kind = NoteKind.BINARY if source.file.size else NoteKind.EMPTY
    text = "The file is not text; no line was read." if source.file.size else "The file is empty."
    none = np.zeros(0, np.int32)
    return LogTable(
        name=source.name, path=source.path, layout="none", confidence=0.0, encoding=source.encoding, lines=0,
        line=none, offset=np.zeros(0, np.int64), template=none, time=np.zeros(0, np.int64),
        level=np.zeros(0, np.int8), ids=none, component=none, templates=(), components=(),
        id_values=IdValues(source.path, np.zeros((0, 2), np.int64)), stacks=(), notes=(Note(kind, text),),
        zone="unstated", inner_clock_offset=None, skeletons=0,
    )  # fmt: skip


def tabulate(source: Source, plan: Plan, partial: Partial) -> LogTable:
    """The table of a scanned file (or of merged partial scans of it)."""
    data = source.file.data
    clusters = induce(data, partial.slots)
    texts, of_cluster = _joined(data, partial, clusters)
    clocks = read_clocks(source.file, plan, partial, source.reference)
    of_slot = of_cluster[clusters.of_slot]
    template, rows = summarise(of_slot, partial.slot, clocks.time, partial.level, len(texts))
    stacks = group_stacks(partial.stacks, partial.line, _stack_reader(source.file, plan, partial))
    raised = _raised(stacks, template)
    return LogTable(
        name=source.name,
        path=source.path,
        layout=plan.name,
        confidence=plan.confidence,
        encoding=source.encoding,
        lines=partial.lines,
        line=partial.line + np.int32(1),
        offset=partial.offset,
        template=template,
        time=clocks.time,
        level=partial.level,
        ids=partial.ids,
        component=partial.component,
        templates=tuple(_templates(texts, rows, partial, raised)),
        components=tuple(_text(data, *span) for span in partial.components.tolist()),
        id_values=IdValues(Path(source.path), partial.id_spans),
        stacks=stacks,
        notes=(*_notes(source, plan, partial), *clocks.notes),
        zone=clocks.zone,
        inner_clock_offset=clocks.inner_offset,
        skeletons=len(partial.slots),
    )


def _text(data: Bytes, start: int, stop: int) -> str:
    return to_text(data[start:stop].tobytes())


def _joined(data: Bytes, partial: Partial, clusters: Clusters) -> tuple[list[tuple[str, str]], Slots]:
    """Template texts with their code location, and the template of each cluster: equal texts are one."""
    known: dict[tuple[str, str], int] = {}
    of_cluster = np.zeros(clusters.count, np.int32)
    texts = template_texts(data, partial.slots, clusters)
    spans = partial.slots[clusters.exemplar, S_LOCATION : S_LOCATION + 2].tolist()
    for cluster, (text, span) in enumerate(zip(texts, spans, strict=True)):
        of_cluster[cluster] = known.setdefault((text, _text(data, *span) if span[1] else ""), len(known))
    return list(known), of_cluster


def _templates(
    texts: list[tuple[str, str]], rows: Ints, partial: Partial, raised: dict[int, str]
) -> Iterator[Template]:
    """A template of each text with its code location and its row of `summarise`."""
    places = np.stack(
        [partial.line[rows[:, 1]] + 1, partial.line[rows[:, 2]] + 1, partial.offset[rows[:, 1]]], 1
    )
    for number, ((message, location), row, place) in enumerate(
        zip(texts, rows.tolist(), places.tolist(), strict=True)
    ):
        count, _, _, first_time, last_time, level = row
        yield Template(
            id=template_id(message, location),
            text=f"{location} {message}" if location else message,
            count=count,
            first_line=place[0],
            last_line=place[1],
            first_time=first_time,
            last_time=last_time,
            exemplar_offset=place[2],
            level=LEVELS[level],
            location=location,
            exception=raised.get(number),
        )


def _raised(stacks: tuple[Stack, ...], template: Slots) -> dict[int, str]:
    """Signature of the most frequent stack of each template that carries stacks."""
    best: dict[int, tuple[int, str]] = {}
    for stack in stacks:
        numbers, counts = np.unique(template[stack.records], return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            if count > best.get(number, (0, ""))[0]:
                best[number] = (count, stack.signature)
    return {number: signature for number, (_, signature) in best.items()}


class _stack_reader:  # noqa: N801 a function with memory
    """Lines of one stack: continuation lines out of their wrappers, or a JSON string's own lines."""

    def __init__(self, file: Mapped, plan: Plan, partial: Partial) -> None:
        self._file, self._plan, self._offset = file, plan, partial.offset

    def __call__(self, record: int, start: int, stop: int) -> list[str]:
        raw = self._file.data[start:stop].tobytes()
        head_start = int(self._offset[record])
        if start > head_start and b"\n" not in raw and self._file.data[start - 1] == 34:
            return _unescaped(raw).split("\n")
        lines = [message_of(self._plan, line) for line in raw.split(b"\n")]
        head = self._file.data[head_start : min(start, head_start + 4096)].tobytes().split(b"\n")[0]
        first = to_text(message_of(self._plan, head))
        return [first, *(_unescaped(line) if self._plan.wraps_json else to_text(line) for line in lines)]


def _unescaped(raw: bytes) -> str:
    try:
        text = str(orjson.loads(b'"' + raw + b'"'))
        if "\n" not in text and "\\n" in text:  # an object inside a string: once more
            text = text.replace("\\n", "\n").replace("\\t", "\t")
        return text
    except orjson.JSONDecodeError:
        return to_text(raw).replace("\\n", "\n").replace("\\t", "\t")


def _notes(source: Source, plan: Plan, partial: Partial) -> list[Note]:
    """What was odd about lines, layout and encoding."""
    tally, notes = partial.tally, []
    if plan.name == "unknown" and partial.records:
        notes.append(Note(NoteKind.UNKNOWN_LAYOUT, "The layout is not known; templates are of whole lines."))
    if source.encoding not in {"utf-8", "utf-8-sig"}:
        notes.append(Note(NoteKind.ENCODING, f"The text is {source.encoding}, not UTF-8."))
    if tally[T_CUT]:
        text = f"{int(tally[T_CUT])} record(s) are longer than {MAX_HASHED} bytes; the rest was not compared."
        notes.append(Note(NoteKind.LONG_LINE, text, data={"count": int(tally[T_CUT])}))
    if tally[T_NULS]:
        text = f"{int(tally[T_NULS])} line(s) begin with NUL bytes, as after a crash of the machine."
        notes.append(
            Note(NoteKind.NUL_RUN, text, (int(tally[T_NUL_LINE]) + 1,), {"count": int(tally[T_NULS])})
        )
    if tally[T_LOST_IDS]:
        notes.append(
            Note(NoteKind.TOO_MANY_IDS, f"{int(tally[T_LOST_IDS])} record(s) carry ids beyond the kept ones.")
        )
    if source.file.size and source.file.data[-1] != 10:
        notes.append(
            Note(NoteKind.NO_FINAL_NEWLINE, "The last line has no end; it may be cut.", (partial.lines,))
        )
    return notes


__all__ = ["Clocks", "Source", "plan_of", "read_log", "read_logs", "tabulate"]
