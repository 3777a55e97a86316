"""All evidence of one side (the bundle or its baseline) in few tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from holdfast.diagnostics.analysers.contract import Change
from holdfast.diagnostics.logs import Level
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces import spans

RECORDS = {
    "component": pl.String,
    "instance": pl.String,
    "template": pl.String,
    "level": pl.Int8,
    "time": pl.Int64,
    "trace": pl.String,
    "artefact": pl.String,
    "line": pl.Int64,
}
"""One row a log record. template: id, its text is in `Evidence.templates`. level: a `logs.Level`,
0 not said. time: nanoseconds UTC, corrected. trace: empty when it names none."""

WARNING, ERROR = int(Level.WARN), int(Level.ERROR)


@dataclass(slots=True)
class Evidence:
    """What one side of the comparison holds."""

    spans: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={**spans.SCHEMA, "artefact": pl.String})
    )
    records: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RECORDS))
    templates: dict[str, str] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    reported_at: int | None = None

    def empty(self) -> bool:
        """Tell whether there is nothing to compare."""
        return not (self.spans.height or self.records.height or self.signals)
