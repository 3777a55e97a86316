"""Zipkin v2 JSON: a list of spans, times in microseconds; client and server halves may share an id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.diagnostics.traces.spans import SpanBuilder

_KINDS = {"SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}


def spans(document: Any) -> Iterator[Any]:
    """Yield each span of a list, or of a list of traces."""
    for part in document if isinstance(document, list) else [document]:
        if isinstance(part, list):
            yield from spans(part)
        elif isinstance(part, dict):
            yield part


def add_span(builder: SpanBuilder, span: Any, line: int) -> None:
    """Add one span. The server half of a shared id gets an id of its own below the client half."""
    tags = span.get("tags") or {}
    start = int(span.get("timestamp") or 0) * 1000
    http = int(tags.get("http.status_code") or 0)
    own, parent = str(span.get("id") or "").lower(), str(span.get("parentId") or "").lower()
    if span.get("shared"):
        own, parent = f"{own}:server", own
    local = span.get("localEndpoint") or {}
    builder.add(
        str(span.get("traceId") or "").lower(),
        own,
        parent,
        str(local.get("serviceName") or "unknown"),
        str(span.get("name") or ""),
        start,
        start + int(span.get("duration") or 0) * 1000,
        kind=_KINDS.get(str(span.get("kind")), 0),
        error=1 if "error" in tags or http >= 500 else 0 if http else -1,
        http=http,
        peer=str((span.get("remoteEndpoint") or {}).get("serviceName") or ""),
        instance=str(local.get("ipv4") or ""),
        fault=str(tags.get("error") or "")[:500],
        line=line,
    )
