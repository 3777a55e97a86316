"""Jaeger JSON, as its query API and its UI's download give it: times in microseconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.diagnostics.traces.spans import SpanBuilder

_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


def traces(document: Any) -> Iterator[Any]:
    """Yield each trace of a response: an object with `spans` and `processes`."""
    if isinstance(document, dict) and "spans" in document:
        yield document
    elif isinstance(document, dict):
        yield from traces(document.get("data") or [])
    elif isinstance(document, list):
        for part in document:
            yield from traces(part)


def add_trace(builder: SpanBuilder, trace: Any, line: int) -> None:
    """Add the spans of one trace."""
    processes = trace.get("processes") or {}
    for span in trace.get("spans") or ():
        process = span.get("process") or processes.get(span.get("processID")) or {}
        add_span(builder, {"traceID": trace.get("traceID"), **span}, process, line)


def add_span(builder: SpanBuilder, span: Any, process: Any, line: int) -> None:
    """Add one span; a duration counts from the start, references name the parent."""
    tags = _tags(span.get("tags"))
    around = _tags(process.get("tags"))
    start = _micro(span.get("startTime"))
    http = int(str(tags.get("http.status_code") or tags.get("http.response.status_code") or 0) or 0)
    failed = str(tags.get("error", "")).lower() == "true" or tags.get("otel.status_code") == "ERROR"
    builder.add(
        str(span.get("traceID") or "").lower(),
        str(span.get("spanID") or "").lower(),
        _parent(span),
        str(process.get("serviceName") or "unknown"),
        str(span.get("operationName") or ""),
        start,
        start + _micro(span.get("duration")),
        kind=_KINDS.get(str(tags.get("span.kind", "")), 0),
        error=1 if failed or http >= 500 else 0 if http or "otel.status_code" in tags else -1,
        http=http,
        peer=str(tags.get("peer.service") or tags.get("db.system") or ""),
        node=str(around.get("k8s.node.name") or around.get("hostname") or ""),
        instance=str(around.get("k8s.pod.name") or around.get("hostname") or around.get("ip") or ""),
        fault=_fault(span)[:500],
        line=line,
    )


def _micro(value: Any) -> int:
    return int(value or 0) * 1000


def _tags(tags: Any) -> dict[str, Any]:
    return {str(tag.get("key")): tag.get("value") for tag in tags or ()}


def _parent(span: Any) -> str:
    references = span.get("references") or ()
    inside = [r for r in references if r.get("traceID", span.get("traceID")) == span.get("traceID")]
    for kind in ("CHILD_OF", "FOLLOWS_FROM"):
        for reference in inside:
            if reference.get("refType") == kind:
                return str(reference.get("spanID") or "").lower()
    return str(span.get("parentSpanID") or "").lower()


def _fault(span: Any) -> str:
    for log in span.get("logs") or ():
        said = _tags(log.get("fields"))
        if said.get("event") in ("error", "exception"):
            kind = said.get("exception.type") or said.get("error.kind") or ""
            return f"{kind}: {said.get('exception.message') or said.get('message') or ''}".strip(": ")
    return ""
