"""Metrics as CSV: a column of times, columns of numbers, optional columns of words that name the series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from holdfast.diagnostics.metrics.prometheus import component
from holdfast.diagnostics.signals import Signal

TIME_NAMES = ("time", "timestamp", "date", "datetime", "ts", "@timestamp")
VALUE_NAMES = ("value", "_value")


def signals(path: Path, artefact: str, fallback: str) -> Iterator[Signal]:
    """Yield a signal for each number column, split by the word columns; samples count rows from 1."""
    frame = pl.read_csv(path, infer_schema_length=1000, ignore_errors=True, truncate_ragged_lines=True)
    clock = next((name for name in frame.columns if name.strip().lower() in TIME_NAMES), None)
    if clock is None:
        return
    frame = frame.with_row_index("#", offset=1).with_columns(_nanoseconds(frame[clock]).alias("#time"))
    frame = frame.filter(pl.col("#time").is_not_null()).sort("#time")
    words = [name for name, kind in frame.schema.items() if kind == pl.String and name != clock]
    numbers = [n for n, kind in frame.schema.items() if kind.is_numeric() and n not in (clock, "#", "#time")]
    groups = frame.group_by(words, maintain_order=True) if words else [((), frame)]
    for key, rows in groups:
        labels = {name: str(value) for name, value in zip(words, key, strict=True) if value is not None}
        for column in numbers:
            yield _signal(rows, column, labels, artefact, fallback)


def _signal(rows: pl.DataFrame, column: str, labels: dict[str, str], artefact: str, fallback: str) -> Signal:
    named = {k.strip().lower(): v for k, v in labels.items()}
    name = named.get("metric") or named.get("name") or named.get("__name__") or ""
    single = column.strip().lower() in VALUE_NAMES
    owner = component(named)
    return Signal(
        component=owner,
        name=name if name and single else fallback if single else column,
        times=rows["#time"].to_numpy().astype(np.int64),
        values=rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        artefact=artefact,
        labels=tuple(sorted(named.items())),
        samples=tuple(rows["#"].to_list()),
    )


def _nanoseconds(times: pl.Series) -> pl.Series:
    """Return epoch numbers (s, ms, us or ns by size) or ISO texts as nanoseconds UTC."""
    if times.dtype == pl.String:
        stamps = times.str.strip_chars().str.to_datetime(time_unit="ns", time_zone="UTC", strict=False)
        return stamps.dt.epoch("ns")
    largest = float(times.abs().max() or 0)  # type: ignore[arg-type]
    unit = next((1e9 / scale for scale in (1, 1e3, 1e6) if largest < 1e11 * scale), 1.0)
    return (times.cast(pl.Float64) * unit).cast(pl.Int64, strict=False)
