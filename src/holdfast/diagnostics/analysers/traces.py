"""Readers of spans: OTLP as JSON and protobuf, Jaeger, Zipkin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from holdfast.diagnostics.analysers.contract import Analyser, Opened, Reading, Sample
from holdfast.diagnostics.traces import jaeger, otlp, zipkin
from holdfast.diagnostics.traces.spans import SpanBuilder

MAX_DOCUMENT = 1 << 30
"""A document that is not one object a line has to be held whole; a larger one is refused."""

Add = Callable[[SpanBuilder, Any, int], None]


class OtlpJson(Analyser):
    """`{"resourceSpans": [...]}`, one document or one a line as the Collector's file exporter writes."""

    name = "traces.otlp"
    reads = "OTLP spans as JSON, one document or one a line"

    def confidence(self, sample: Sample) -> float:
        return 0.95 if re.search(rb'"(resourceSpans|resource_spans)"\s*:', sample.head) else 0.0

    def read(self, opened: Opened) -> Reading:
        return _read(self.name, opened, _otlp)


class OtlpProtobuf(Analyser):
    """A binary `ExportTraceServiceRequest`."""

    name = "traces.otlp_protobuf"
    reads = "OTLP spans as protobuf"

    def confidence(self, sample: Sample) -> float:
        head = sample.head
        if not head.startswith(b"\n") or b"service.name" not in head[:4096] or head.count(b"\0") < 1:
            return 0.0
        return 0.9

    def read(self, opened: Opened) -> Reading:
        builder = SpanBuilder()
        for batch in otlp.from_protobuf(opened.path.read_bytes()):
            otlp.add_batch(builder, batch, 0)
        return _reading(self.name, builder)


class JaegerJson(Analyser):
    """`{"data": [{"traceID", "spans", "processes"}]}`."""

    name = "traces.jaeger"
    reads = "Jaeger JSON, as its API and its download give it"

    def confidence(self, sample: Sample) -> float:
        return 0.9 if re.search(rb'"traceID"\s*:|"processID"\s*:', sample.head) else 0.0

    def read(self, opened: Opened) -> Reading:
        return _read(self.name, opened, _jaeger)


class ZipkinJson(Analyser):
    """A list of v2 spans."""

    name = "traces.zipkin"
    reads = "Zipkin v2 JSON"

    def confidence(self, sample: Sample) -> float:
        marks = (rb'"traceId"\s*:', rb'"localEndpoint"\s*:', rb'"(timestamp|duration)"\s*:\s*\d')
        return 0.9 if all(re.search(mark, sample.head) for mark in marks) else 0.0

    def read(self, opened: Opened) -> Reading:
        return _read(self.name, opened, _zipkin)


def _otlp(builder: SpanBuilder, document: Any, line: int) -> None:
    for batch in otlp.batches(document):
        otlp.add_batch(builder, batch, line)


def _jaeger(builder: SpanBuilder, document: Any, line: int) -> None:
    for trace in jaeger.traces(document):
        jaeger.add_trace(builder, trace, line)


def _zipkin(builder: SpanBuilder, document: Any, line: int) -> None:
    for span in zipkin.spans(document):
        zipkin.add_span(builder, span, line)


def _read(kind: str, opened: Opened, add: Add) -> Reading:
    builder = SpanBuilder()
    torn = 0
    for line, document in documents(opened.path):
        try:
            add(builder, document, line)
        except (AttributeError, TypeError, ValueError, KeyError):
            torn += 1
        if document is None:
            torn += 1
    reading = _reading(kind, builder)
    if torn:
        reading.note = f"{torn} documents could not be read as {kind}; the rest was"
    return reading


def documents(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line, document): one whole document, or one a line; None for a line that is not JSON."""
    with path.open("rb") as stream:
        head = stream.readline(MAX_DOCUMENT)
        first = _parsed(head)
        if first is None or not stream.peek(1):
            stream.seek(0)
            whole = _parsed(stream.read(MAX_DOCUMENT))
            if whole is not None:
                yield 0, whole
                return
            stream.seek(len(head))
        yield 1, first
        for number, line in enumerate(stream, 2):
            if line.strip():
                yield number, _parsed(line)


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _reading(kind: str, builder: SpanBuilder) -> Reading:
    table = builder.table()
    frame = table.frame
    note = f"{table.refused} spans without id or time were refused" if table.refused else ""
    return Reading(
        kind,
        records=len(table),
        first=frame["start"].min() if len(table) else None,  # type: ignore[arg-type]
        last=frame["end"].max() if len(table) else None,  # type: ignore[arg-type]
        note=note,
        spans=table,
    )
