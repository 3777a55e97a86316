"""What correlation keeps of one log: its records as a table, its templates, its stack traces."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from holdfast.diagnostics.logs import NO_TIME, LogTable

MANY = 400_000
"""Records of one file of which each is kept. Of a larger file the records of each template are thinned
evenly to as many; templates, counts, first and last are always of all records."""


@dataclass(slots=True)
class Logbook:
    """A log as correlation sees it."""

    records: pl.DataFrame
    """template (id), level, time (ns UTC), trace, line, named (component the record itself names, or "")."""
    templates: dict[str, str]
    """Text of each template by id."""
    counts: dict[str, int] = field(default_factory=dict)
    stacks: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Signature, count, first and last line of each group of stack traces."""
    layout: str = ""
    thinned: bool = False


def logbook(table: LogTable) -> Logbook:
    """Return the logbook of a log that was read."""
    timed = np.flatnonzero(table.time != NO_TIME)
    kept = _thinned(timed, table.template[timed]) if len(timed) > MANY else timed
    ids = pl.Series([template.id for template in table.templates], dtype=pl.String)
    names = pl.Series([*table.components, ""], dtype=pl.String)
    traces = (
        pl.Series([*table.id_values, ""], dtype=pl.String)
        if len(table.id_values) <= MANY
        else pl.Series([""])
    )
    trace = table.ids[kept] if len(traces) > 1 else np.full(len(kept), -1)
    records = pl.DataFrame(
        {
            "template": ids.gather(table.template[kept]),
            "level": table.level[kept],
            "time": table.time[kept],
            "trace": traces.gather(np.where(trace < 0, len(traces) - 1, trace)),
            "line": table.line[kept].astype(np.int64),
            "named": names.gather(np.where(table.component[kept] < 0, len(names) - 1, table.component[kept])),
        }
    )
    return Logbook(
        records,
        {template.id: template.text for template in table.templates},
        {template.id: template.count for template in table.templates},
        [(stack.signature, stack.count, stack.first_line, stack.last_line) for stack in table.stacks],
        table.layout,
        thinned=len(kept) < len(timed),
    )


def _thinned(
    rows: np.ndarray[tuple[int], np.dtype[np.int64]], template: np.ndarray[tuple[int], np.dtype[np.int32]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return rows with every n-th record of the common templates and all of the rare ones."""
    counts = np.bincount(template)
    step = -(-len(rows) // MANY)
    order = np.argsort(template, kind="stable")
    rank = np.empty(len(rows), np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank[order] = np.arange(len(rows)) - starts[template[order]]
    kept: np.ndarray[tuple[int], np.dtype[np.int64]] = rows[(rank % step == 0) | (counts[template] <= 1000)]
    return kept
