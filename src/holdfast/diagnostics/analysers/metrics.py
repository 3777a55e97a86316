"""Readers of metrics: Prometheus API answers, OpenMetrics text, CSV."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from holdfast.diagnostics.analysers.contract import Analyser, Opened, Reading, Sample
from holdfast.diagnostics.analysers.traces import documents
from holdfast.diagnostics.metrics import openmetrics, prometheus, table
from holdfast.diagnostics.signals import Signal


class PrometheusApi(Analyser):
    """`{"status": "success", "data": {"resultType": "matrix" | "vector", "result": [...]}}`."""

    name = "metrics.prometheus"
    reads = "answers of the Prometheus HTTP API, matrix and vector"

    def confidence(self, sample: Sample) -> float:
        return 0.95 if re.search(rb'"resultType"\s*:\s*"(matrix|vector)"', sample.head) else 0.0

    def read(self, opened: Opened) -> Reading:
        fallback = stem(opened)
        found: list[Signal] = []
        torn = 0
        for _line, document in documents(opened.path):
            try:
                found.extend(prometheus.signals(document, opened.artefact.id, fallback))
            except (AttributeError, TypeError, ValueError, KeyError, IndexError, OverflowError):
                torn += 1
        return _reading(self.name, found, f"{torn} answers could not be read; the rest was" if torn else "")


class OpenMetricsText(Analyser):
    """The text exposition formats; samples without a time are not series and are left out."""

    name = "metrics.openmetrics"
    reads = "OpenMetrics and Prometheus text with timestamps"

    def confidence(self, sample: Sample) -> float:
        if re.search(rb"^# (TYPE|HELP|UNIT) \S+", sample.head[:4096], re.M):
            return 0.9
        lines = sample.text.splitlines()[:20]
        hits = sum(
            bool(re.match(r"[a-zA-Z_:][\w:]*\{[^}]*\} [-+\d.eENaInf]+( \d+)?$", line)) for line in lines
        )
        return 0.8 if lines and hits >= 0.8 * len(lines) else 0.0

    def read(self, opened: Opened) -> Reading:
        with opened.path.open(encoding="utf-8", errors="replace") as lines:
            found = list(openmetrics.signals(lines, opened.artefact.id))
        reading = _reading(self.name, found, "")
        reading.remark = "" if found else "samples without a time make no series"
        return reading


class CsvMetrics(Analyser):
    """A header with a time column, then numbers."""

    name = "metrics.csv"
    reads = "metrics as CSV with a time column"

    def confidence(self, sample: Sample) -> float:
        rows = sample.text.splitlines()[:6]
        header = [cell.strip().strip('"').lower() for cell in rows[0].split(",")] if rows else []
        if len(header) < 2 or not set(header) & set(table.TIME_NAMES):
            return 0.0
        cells = [cell for row in rows[1:] for cell in row.split(",")]
        return (
            0.85
            if any(re.fullmatch(r'"?-?\d+(\.\d+)?([eE][-+]?\d+)?"?', cell.strip()) for cell in cells)
            else 0.0
        )

    def read(self, opened: Opened) -> Reading:
        return _reading(self.name, list(table.signals(opened.path, opened.artefact.id, stem(opened))), "")


def stem(opened: Opened) -> str:
    """Return what the artefact's name would call a metric that has no name of its own."""
    return PurePosixPath(opened.artefact.name).name.split(".")[0]


def _reading(kind: str, found: list[Signal], note: str) -> Reading:
    timed = [signal for signal in found if len(signal.times)]
    return Reading(
        kind,
        records=sum(len(signal.times) for signal in timed),
        first=int(min(np.min(s.times) for s in timed)) if timed else None,
        last=int(max(np.max(s.times) for s in timed)) if timed else None,
        note=note,
        signals=timed,
    )
