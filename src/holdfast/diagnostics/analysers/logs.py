"""Reader of logs: whatever is text and nobody else's."""

from __future__ import annotations

import json

import numpy as np

from holdfast.diagnostics.analysers.contract import Analyser, Opened, Reading, Sample
from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.findings import Finding, Severity
from holdfast.diagnostics.logbook import logbook
from holdfast.diagnostics.logs import NO_TIME, LogTable, Note, NoteKind, read_log

_WORTH_SAYING = {
    NoteKind.CLOCK_BACKWARD: Severity.WARNING,
    NoteKind.TWO_ZONES: Severity.WARNING,
    NoteKind.NUL_RUN: Severity.WARNING,
    NoteKind.UNREAD_LINES: Severity.WARNING,
    NoteKind.LONG_LINE: Severity.INFO,
    NoteKind.ENCODING: Severity.INFO,
    NoteKind.BINARY: Severity.WARNING,
    NoteKind.EMPTY: Severity.INFO,
}


class Logs(Analyser):
    """Any text with lines; the layout is recognised by the log engine."""

    name = "logs"
    reads = "logs of any layout, known or learned"

    def confidence(self, sample: Sample) -> float:
        head = sample.head
        if not head:
            return 0.05
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return 0.4
        odd = sum(byte < 9 or 13 < byte < 27 for byte in head[:4096])
        return 0.5 if odd <= 0.02 * len(head[:4096]) else 0.1 if odd <= 0.3 * len(head[:4096]) else 0.0

    def read(self, opened: Opened) -> Reading:
        table = read_log(opened.path, name=opened.artefact.name, threads=opened.threads)
        if opened.keep is not None:
            _keep(table, opened)
        timed = table.first_time != NO_TIME
        return Reading(
            f"log.{table.layout}",
            records=table.records,
            first=table.first_time if timed else None,
            last=table.last_time if timed else None,
            zone=_zone(table),
            findings=[_finding(opened, note) for note in table.notes if note.kind in _WORTH_SAYING],
            log=logbook(table),
            facts={"lines": table.lines, "templates": len(table.templates)},
        )


def _zone(table: LogTable) -> str | None:
    if table.inner_clock_offset is None:
        return table.zone or None
    minutes = -round(table.inner_clock_offset / 60e9)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes >= 0 else '-'}{hours:02d}:{rest:02d}"


def _finding(opened: Opened, note: Note) -> Finding:
    proof = tuple(Locator(opened.artefact.id, "line", line) for line in note.lines[:20])
    title = f"{opened.artefact.name}: {note.text}"
    return Finding(
        f"logs.{note.kind.value}", title, _WORTH_SAYING[note.kind], 0.9, locators=proof, data=dict(note.data)
    )


def _keep(table: LogTable, opened: Opened) -> None:
    """Leave the columns by which any line can be shown and filtered without reading the log again."""
    assert opened.keep is not None
    stem = opened.keep / opened.artefact.id
    columns = {
        "line": table.line,
        "offset": table.offset,
        "time": table.time,
        "level": table.level,
        "template": table.template,
        "ids": table.ids,
        "component": table.component,
        "id_spans": table.id_values.spans,
    }
    for name, column in columns.items():
        np.save(f"{stem}.{name}.npy", np.asarray(column))
    texts = {
        "layout": table.layout,
        "encoding": table.encoding,
        "lines": table.lines,
        "zone": table.zone,
        "inner_clock_offset": table.inner_clock_offset,
        "components": list(table.components),
        "templates": [
            {
                "id": t.id,
                "text": t.text,
                "count": t.count,
                "level": t.level.name.lower(),
                "first": t.first_line,
                "last": t.last_line,
            }
            for t in table.templates
        ],
    }
    with open(f"{stem}.log.json", "w", encoding="utf-8") as out:
        json.dump(texts, out)
