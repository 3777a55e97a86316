"""The span table: one row a span, whatever system wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

SCHEMA = {
    "trace": pl.String,
    "span": pl.String,
    "parent": pl.String,
    "component": pl.String,
    "operation": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "kind": pl.Int8,
    "error": pl.Int8,
    "http": pl.Int16,
    "peer": pl.String,
    "node": pl.String,
    "instance": pl.String,
    "fault": pl.String,
    "line": pl.Int64,
}
"""trace, span, parent: ids as the source writes them, lower case, parent empty at a root.
start, end: nanoseconds UTC. kind: as OTLP (1 internal, 2 server, 3 client, 4 producer, 5 consumer, 0 not said).
error: 1 the span failed, 0 it says it did not, -1 it does not say. http: status code or 0.
peer: who was called, where a client says so. fault: exception type and message. line: its place, from 1."""

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5


@dataclass(slots=True)
class SpanTable:
    """Spans of one or several artefacts, in the order read."""

    frame: pl.DataFrame
    """Columns of `SCHEMA`, and `artefact` once the table has been joined with others."""
    refused: int = 0
    """Spans that lacked an id or a time."""

    def __len__(self) -> int:
        return self.frame.height


class SpanBuilder:
    """Collects spans column by column."""

    def __init__(self) -> None:
        self._columns: dict[str, list[object]] = {name: [] for name in SCHEMA}
        self.refused = 0

    def add(
        self,
        trace: str,
        span: str,
        parent: str,
        component: str,
        operation: str,
        start: int,
        end: int,
        *,
        kind: int = 0,
        error: int = -1,
        http: int = 0,
        peer: str = "",
        node: str = "",
        instance: str = "",
        fault: str = "",
        line: int = 0,
    ) -> None:
        """Add a span; one without an id or with an impossible time is counted as refused."""
        if not span or not trace or not 0 < start < 1 << 63 or not 0 <= end < 1 << 63:
            self.refused += 1
            return
        row = (
            trace,
            span,
            parent,
            component,
            operation,
            start,
            max(end, start),
            kind,
            error,
            http if 0 <= http < 1000 else 0,
            peer,
            node,
            instance,
            fault,
            line,
        )
        for column, value in zip(self._columns.values(), row, strict=True):
            column.append(value)

    def table(self) -> SpanTable:
        """Return what was collected."""
        return SpanTable(pl.DataFrame(self._columns, schema=SCHEMA), self.refused)


def join(tables: Iterable[tuple[str, SpanTable]]) -> SpanTable:
    """Return one table out of many, each row knowing its artefact; a span sent twice is kept once."""
    frames = [table.frame.with_columns(pl.lit(artefact).alias("artefact")) for artefact, table in tables]
    if not frames:
        return SpanTable(pl.DataFrame(schema={**SCHEMA, "artefact": pl.String}))
    frame = pl.concat(frames).unique(["trace", "span", "start"], keep="first", maintain_order=True)
    return SpanTable(frame)


def parents(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the row of each span's parent, shape (n,); -1 at a root, -2 where the parent is missing."""
    rows = frame.select("trace", "span").with_row_index("at").unique(["trace", "span"], keep="first")
    found = frame.select("trace", "parent").join(
        rows, left_on=["trace", "parent"], right_on=["trace", "span"], how="left", maintain_order="left"
    )
    at = found["at"].cast(pl.Int64).fill_null(-2).to_numpy().copy()
    at[(frame["parent"] == "").to_numpy()] = -1
    at[at == np.arange(len(at))] = -1  # a span that names itself as its parent is a root
    return at
