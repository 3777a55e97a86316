"""Reading log files: detection, scan, templates, clocks, stacks, notes."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numba import njit

from holdfast.diagnostics.logs.detection import Plan, detect
from holdfast.diagnostics.logs.induction import Clusters, induce, template_text
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.diagnostics.logs.opcodes import NO_TIME, Level
from holdfast.diagnostics.logs.partial import Mapped, Partial, scan_all
from holdfast.diagnostics.logs.records import S_LOCATION, S_MESSAGE, Slots
from holdfast.diagnostics.logs.table import IdValues, LogTable, Template


@njit(cache=True, nogil=True)
def summarise(
    template: Slots, line: Slots, time: Ints, level: "np.ndarray[tuple[int], np.dtype[np.int8]]", count: int
) -> Ints:
    """Per template: count, first record, last record, first time, last time, highest level."""
    rows = np.zeros((count, 6), np.int64)
    for index in range(count):
        rows[index, 1], rows[index, 3], rows[index, 4] = -1, NO_TIME, NO_TIME
    for record in range(len(template)):
        row = rows[template[record]]
        if row[0] == 0:
            row[1] = record
        row[0] += 1
        row[2] = record
        at = time[record]
        if at != NO_TIME:
            if row[3] == NO_TIME or at < row[3]:
                row[3] = at
            if at > row[4]:
                row[4] = at
        row[5] = max(row[5], level[record])
    return rows


def template_id(text: str, location: str) -> str:
    """Stable name of a template: equal text gives an equal id in any file."""
    return hashlib.blake2b(f"{location}\0{text}".encode(), digest_size=6).hexdigest()


def read_log(
    path: Path, *, name: str = "", start: int = 0, stop: int | None = None, hint: Plan | None = None
) -> LogTable:
    """Read one plain file, or the records that start in its bytes [start, stop).

    Raises OSError when the file cannot be read; whatever it holds, it gives a table.
    """
    file = Mapped(path)
    plan = hint or detect(file.data, file.size)
    partial = scan_all(file, plan, start, stop)
    return _table(path, name or path.name, file.data, plan, partial)


def read_logs(paths: Iterable[Path]) -> list[LogTable]:
    """Read files one after the other, in the order given."""
    return [read_log(path) for path in paths]


def _table(path: Path, name: str, data: Bytes, plan: Plan, partial: Partial) -> LogTable:
    clusters = induce(data, partial.slots)
    texts, of_cluster = _joined(data, partial, clusters)
    template = of_cluster[clusters.of_slot][partial.slot] if partial.records else partial.slot
    rows = summarise(template, partial.line, partial.time, partial.level, len(texts))
    templates = tuple(
        _template(text, place, row, partial) for (text, place), row in zip(texts, rows, strict=True)
    )
    return LogTable(
        name=name,
        path=path,
        layout=plan.name,
        confidence=plan.confidence,
        encoding="utf-8",
        lines=partial.lines,
        line=partial.line + np.int32(1),
        offset=partial.offset,
        template=template,
        time=partial.time,
        level=partial.level,
        ids=partial.ids,
        component=partial.component,
        templates=templates,
        components=tuple(_text(data, *span) for span in partial.components.tolist()),
        id_values=IdValues(path, partial.id_spans),
        stacks=(),
        notes=(),
        zone="",
        inner_clock_offset=None,
        skeletons=len(partial.slots),
    )


def _text(data: Bytes, start: int, stop: int) -> str:
    return data[start:stop].tobytes().decode("utf-8", "replace")


def _joined(data: Bytes, partial: Partial, clusters: Clusters) -> tuple[list[tuple[str, str]], Slots]:
    """Template texts with their code location, and the template of each cluster: equal texts are one."""
    known: dict[tuple[str, str], int] = {}
    of_cluster = np.zeros(clusters.count, np.int32)
    for cluster, slot in enumerate(clusters.exemplar.tolist()):
        span = partial.slots[slot]
        location = _text(data, int(span[S_LOCATION]), int(span[S_LOCATION + 1]))
        text = template_text(data, clusters, slot, int(span[S_MESSAGE + 1]))
        of_cluster[cluster] = known.setdefault((text, location), len(known))
    return list(known), of_cluster


def _template(text: str, location: str, row: Ints, partial: Partial) -> Template:
    count, first, last, first_time, last_time, level = (int(value) for value in row)
    return Template(
        id=template_id(text, location),
        text=f"{location} {text}" if location else text,
        count=count,
        first_line=int(partial.line[first]) + 1,
        last_line=int(partial.line[last]) + 1,
        first_time=first_time,
        last_time=last_time,
        exemplar_offset=int(partial.offset[first]),
        level=Level(level),
        location=location,
    )
