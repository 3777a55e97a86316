"""Spans, exported as OTLP/JSON lines the way the OpenTelemetry Collector's file exporter writes them.

Source: OpenTelemetry protocol, JSON encoding (ids as hex, times as decimal strings of nanoseconds).
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .clock import Clock

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


@dataclass(frozen=True)
class Context:
    """Where in which trace we are; travels between processes as W3C `traceparent`."""

    trace_id: str
    span_id: str
    sampled: bool
    request_id: str

    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def parse_traceparent(header: str, request_id: str) -> Context | None:
    """The caller's context, or None when the header is absent or malformed."""
    parts = header.split("-")
    if len(parts) != 4 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return None
    return Context(parts[1], parts[2], parts[3] == "01", request_id)


def new_context(sampled: bool, request_id: str = "") -> Context:
    """A context that begins a trace; it has no parent span."""
    return Context(secrets.token_hex(16), "", sampled, request_id or secrets.token_hex(6))


@dataclass
class Span:
    """One span being measured. Set `attributes` and call `fail` while it is open."""

    context: Context
    name: str
    kind: str
    parent_id: str
    start_ns: int
    started: float
    attributes: dict[str, str | int | float | bool] = field(default_factory=dict)
    error: str | None = None
    exception: tuple[str, str] | None = None

    def fail(self, message: str) -> None:
        self.error = message

    def record(self, error: BaseException) -> None:
        """Mark the span failed by an exception that was raised inside it."""
        self.error = str(error)
        self.exception = (type(error).__name__, str(error))


class Tracer:
    """Collects the spans of one process and appends them to a file, one batch a line."""

    def __init__(self, resource: dict[str, str], path: Path, clock: Clock) -> None:
        self.resource = [_attribute(k, v) for k, v in resource.items()]
        self.path = path
        self.clock = clock
        self.done: list[dict[str, Any]] = []

    @contextmanager
    def span(self, name: str, kind: str, parent: Context) -> Iterator[Span]:
        """Open a child of `parent`; an exception that leaves the block marks the span failed."""
        context = Context(parent.trace_id, secrets.token_hex(8), parent.sampled, parent.request_id)
        span = Span(context, name, kind, parent.span_id, self.clock.now_ns(), time.perf_counter())
        try:
            yield span
        except BaseException as error:
            if span.error is None:
                span.record(error)
            raise
        finally:
            if span.context.sampled:
                self.done.append(_encode(span, time.perf_counter() - span.started))

    def flush(self) -> None:
        """Write what has ended since the last flush."""
        if not self.done:
            return
        batch, self.done = self.done, []
        scope = {"scope": {"name": "range.tracer", "version": "1"}, "spans": batch}
        line = {"resourceSpans": [{"resource": {"attributes": self.resource}, "scopeSpans": [scope]}]}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def _attribute(key: str, value: str | int | float | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"stringValue": value}}


def _encode(span: Span, seconds: float) -> dict[str, Any]:
    end_ns = span.start_ns + int(seconds * 1e9)
    encoded: dict[str, Any] = {
        "traceId": span.context.trace_id,
        "spanId": span.context.span_id,
        "name": span.name,
        "kind": KINDS[span.kind],
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(end_ns),
        "attributes": [_attribute(k, v) for k, v in span.attributes.items()],
        "status": {"code": 2, "message": span.error} if span.error is not None else {},
    }
    if span.parent_id:
        encoded["parentSpanId"] = span.parent_id
    if span.exception is not None:
        encoded["events"] = [_exception_event(end_ns, *span.exception)]
    return encoded


def _exception_event(time_ns: int, kind: str, message: str) -> dict[str, Any]:
    attributes = [_attribute("exception.type", kind), _attribute("exception.message", message)]
    return {"timeUnixNano": str(time_ns), "name": "exception", "attributes": attributes}
