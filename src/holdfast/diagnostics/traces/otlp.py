"""OTLP spans, as JSON (opentelemetry-proto, JSON mapping) and as protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.diagnostics.traces.spans import SpanBuilder

Json = Any

_HTTP = ("http.response.status_code", "http.status_code")
_PEER = ("peer.service", "server.address", "net.peer.name", "messaging.system", "db.system.name", "db.system")
_INSTANCE = ("k8s.pod.name", "service.instance.id", "container.name", "host.name")
_NODE = ("k8s.node.name", "host.name", "host.id")
_KINDS = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
}
_STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


def batches(document: Json) -> Iterator[Json]:
    """Yield each `resourceSpans` entry of an export request, of a list of them, or of a `data` envelope."""
    if isinstance(document, list):
        for part in document:
            yield from batches(part)
    elif isinstance(document, dict):
        for key in ("resourceSpans", "resource_spans", "batches"):
            yield from document.get(key) or ()
        if isinstance(document.get("data"), list | dict):
            yield from batches(document["data"])


def add_batch(builder: SpanBuilder, batch: Json, line: int) -> None:
    """Add the spans of one `resourceSpans` entry."""
    resource = attributes((batch.get("resource") or {}).get("attributes"))
    for scope in batch.get("scopeSpans") or batch.get("instrumentationLibrarySpans") or ():
        for span in scope.get("spans") or ():
            add_span(builder, span, resource, line)


def attributes(pairs: Json) -> dict[str, Json]:
    """Return OTLP key-value pairs as a dict of plain values."""
    out: dict[str, Json] = {}
    for pair in pairs or ():
        value = pair.get("value")
        if isinstance(value, dict) and value:
            out[pair.get("key", "")] = next(iter(value.values()))
    return out


def add_span(builder: SpanBuilder, span: Json, resource: dict[str, Json], line: int) -> None:
    """Add one span of the JSON mapping; numbers may be strings, enums numbers or names."""
    own = attributes(span.get("attributes")) if span.get("attributes") else {}
    status = span.get("status") or {}
    code = status.get("code", 0)
    http = _number(first(own, _HTTP))
    fault = _fault(span.get("events")) or (str(status.get("message") or "") if code else "")
    kind = span.get("kind", 0)
    builder.add(
        str(span.get("traceId") or "").lower(),
        str(span.get("spanId") or "").lower(),
        _parent(span.get("parentSpanId")),
        str(resource.get("service.name") or "unknown"),
        str(span.get("name") or ""),
        _number(span.get("startTimeUnixNano")),
        _number(span.get("endTimeUnixNano")),
        kind=_KINDS.get(kind, 0) if isinstance(kind, str) else _number(kind),
        error=_error(_STATUS.get(code, 0) if isinstance(code, str) else _number(code), http, bool(fault)),
        http=http,
        peer=str(first(own, _PEER) or ""),
        node=str(first(resource, _NODE) or ""),
        instance=str(first(resource, _INSTANCE) or ""),
        fault=fault[:500],
        line=line,
    )


def first(values: dict[str, Json], names: tuple[str, ...]) -> Json:
    """Return the value of the first name that has one."""
    for name in names:
        if name in values:
            return values[name]
    return None


def _parent(value: Json) -> str:
    text = str(value or "").lower()
    return "" if text.strip("0") == "" else text


def _number(value: Json) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def _error(code: int, http: int, fault: bool) -> int:
    if code == 2 or http >= 500 or (fault and code == 0):
        return 1
    return 0 if code == 1 or http else -1


def _fault(events: Json) -> str:
    for event in events or ():
        if event.get("name") == "exception":
            said = attributes(event.get("attributes"))
            return f"{said.get('exception.type', '')}: {said.get('exception.message', '')}".strip(": ")
    return ""


def from_protobuf(data: bytes) -> Iterator[Json]:
    """Yield `resourceSpans` entries of a binary `ExportTraceServiceRequest` in the JSON mapping."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    request.ParseFromString(data)
    for batch in request.resource_spans:
        yield {
            "resource": {"attributes": _pairs(batch.resource.attributes)},
            "scopeSpans": [{"spans": [_plain(span) for span in scope.spans]} for scope in batch.scope_spans],
        }


def _plain(span: Any) -> Json:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "attributes": _pairs(span.attributes),
        "status": {"code": span.status.code, "message": span.status.message},
        "events": [{"name": e.name, "attributes": _pairs(e.attributes)} for e in span.events],
    }


def _pairs(pairs: Any) -> list[Json]:
    out = []
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        if kind in ("string_value", "int_value", "double_value", "bool_value"):
            out.append({"key": pair.key, "value": {kind: getattr(pair.value, kind)}})
    return out
