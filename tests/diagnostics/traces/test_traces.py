"""Spans of every tracing system become one table, and its shape can be trusted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from holdfast.diagnostics.analysers import Opened, Reading, choose
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.reading import read_one
from holdfast.diagnostics.traces.shape import depths, entries, exclusive
from holdfast.diagnostics.traces.spans import SpanBuilder, join, parents

TRACE, ROOT, CHILD = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b173", "eee19b7ec3c1b174"
OTLP = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [
                    {"key": "service.name", "value": {"stringValue": "orders"}},
                    {"key": "k8s.pod.name", "value": {"stringValue": "orders-1"}},
                ]
            },
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": TRACE,
                            "spanId": ROOT,
                            "name": "POST /orders",
                            "kind": "SPAN_KIND_SERVER",
                            "startTimeUnixNano": "1000000000",
                            "endTimeUnixNano": "3000000000",
                            "attributes": [
                                {"key": "http.response.status_code", "value": {"intValue": "503"}}
                            ],
                        },
                        {
                            "traceId": TRACE,
                            "spanId": CHILD,
                            "parentSpanId": ROOT,
                            "name": "SELECT",
                            "kind": 3,
                            "startTimeUnixNano": "1500000000",
                            "endTimeUnixNano": "2500000000",
                            "status": {"code": 2},
                            "events": [
                                {
                                    "name": "exception",
                                    "attributes": [
                                        {"key": "exception.type", "value": {"stringValue": "Timeout"}},
                                        {"key": "exception.message", "value": {"stringValue": "no answer"}},
                                    ],
                                }
                            ],
                            "attributes": [{"key": "server.address", "value": {"stringValue": "db"}}],
                        },
                    ]
                }
            ],
        }
    ]
}
JAEGER = {
    "data": [
        {
            "traceID": TRACE,
            "spans": [
                {
                    "traceID": TRACE,
                    "spanID": ROOT,
                    "operationName": "POST /orders",
                    "references": [],
                    "processID": "p1",
                    "startTime": 1_000_000,
                    "duration": 2_000_000,
                    "tags": [{"key": "http.status_code", "value": 503}],
                },
                {
                    "traceID": TRACE,
                    "spanID": CHILD,
                    "operationName": "SELECT",
                    "processID": "p1",
                    "startTime": 1_500_000,
                    "duration": 1_000_000,
                    "tags": [{"key": "error", "value": True}, {"key": "peer.service", "value": "db"}],
                    "references": [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": ROOT}],
                },
            ],
            "processes": {"p1": {"serviceName": "orders", "tags": []}},
        }
    ]
}
ZIPKIN = [
    {
        "traceId": TRACE,
        "id": ROOT,
        "name": "POST /orders",
        "kind": "SERVER",
        "timestamp": 1_000_000,
        "duration": 2_000_000,
        "localEndpoint": {"serviceName": "orders"},
        "tags": {"http.status_code": "503"},
    },
    {
        "traceId": TRACE,
        "id": CHILD,
        "parentId": ROOT,
        "name": "SELECT",
        "kind": "CLIENT",
        "timestamp": 1_500_000,
        "duration": 1_000_000,
        "localEndpoint": {"serviceName": "orders"},
        "remoteEndpoint": {"serviceName": "db"},
        "tags": {"error": "Timeout"},
    },
]


def read(folder: Path, data: bytes) -> Reading:
    path = folder / "given"
    path.write_bytes(data)
    return read_one(Opened(Artefact("A1", "given", len(data), "x"), path))


def protobuf() -> bytes:
    request = ExportTraceServiceRequest()
    batch = request.resource_spans.add()
    attribute = batch.resource.attributes.add()
    attribute.key, attribute.value.string_value = "service.name", "orders"
    scope = batch.scope_spans.add()
    for span_id, parent, start, end, kind in ((ROOT, "", 1, 3, 2), (CHILD, ROOT, 1.5, 2.5, 3)):
        span = scope.spans.add()
        span.trace_id, span.span_id = bytes.fromhex(TRACE), bytes.fromhex(span_id)
        span.parent_span_id, span.kind = bytes.fromhex(parent), kind
        span.name = "SELECT" if parent else "POST /orders"
        span.start_time_unix_nano, span.end_time_unix_nano = int(start * 1e9), int(end * 1e9)
        span.status.code = 2
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("traces.otlp", json.dumps(OTLP).encode()),
        ("traces.otlp", (json.dumps(OTLP) + "\n").encode()),
        ("traces.otlp", json.dumps(OTLP, indent=2).encode()),
        ("traces.jaeger", json.dumps(JAEGER).encode()),
        ("traces.zipkin", json.dumps(ZIPKIN).encode()),
        ("traces.otlp_protobuf", protobuf()),
    ],
)
def test_every_format_gives_the_same_spans(tmp_path: Path, kind: str, data: bytes) -> None:
    reading = read(tmp_path, data)
    assert reading.kind == kind
    assert reading.spans is not None
    root, child = reading.spans.frame.sort("start").iter_rows(named=True)
    assert (root["component"], root["operation"], root["parent"]) == ("orders", "POST /orders", "")
    assert (root["start"], root["end"], root["error"]) == (1_000_000_000, 3_000_000_000, 1)
    assert (child["trace"], child["span"], child["parent"]) == (TRACE, CHILD, ROOT)
    assert child["error"] == 1


def test_an_exception_and_its_peer_are_kept(tmp_path: Path) -> None:
    spans = read(tmp_path, json.dumps(OTLP).encode()).spans
    assert spans is not None
    child = spans.frame.filter(spans.frame["span"] == CHILD).row(0, named=True)
    assert (child["fault"], child["peer"], child["instance"]) == ("Timeout: no answer", "db", "orders-1")


def test_lines_that_are_torn_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    line = json.dumps(OTLP)
    reading = read(tmp_path, f"{line}\n{line[:100]}\n{line}\n".encode())
    assert reading.records == 4
    assert "1 documents could not be read" in reading.note


def test_a_span_sent_twice_counts_once() -> None:
    builder = SpanBuilder()
    builder.add("t", "a", "", "x", "op", 1, 5)
    table = builder.table()
    assert len(join([("A1", table), ("A2", table)])) == 1


def test_missing_parents_are_told_from_roots() -> None:
    builder = SpanBuilder()
    builder.add("t", "a", "", "x", "op", 1, 9)
    builder.add("t", "b", "a", "x", "op", 2, 8)
    builder.add("t", "c", "lost", "x", "op", 3, 4)
    builder.add("t", "d", "d", "x", "op", 3, 4)  # names itself
    assert parents(join([("A1", builder.table())]).frame).tolist() == [-1, 0, -2, -1]


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_time_belongs_to_the_deepest_span_at_work() -> None:
    # root 0-100 calls a 10-60, which calls b 20-50; root goes on alone from 60.
    work = exclusive(ints(0, 0, 0), ints(0, 1, 2), ints(0, 10, 20), ints(100, 60, 50))
    assert work.tolist() == [50, 20, 30]


def test_children_back_to_back_and_without_duration_leave_no_hole() -> None:
    work = exclusive(ints(0, 0, 0, 0), ints(0, 1, 1, 1), ints(0, 10, 20, 20), ints(30, 20, 30, 20))
    assert work.tolist() == [10, 10, 10, 0]


def test_a_hundred_thousand_spans_deep_needs_no_recursion() -> None:
    count = 100_000
    chain = np.arange(-1, count - 1)
    depth = depths(chain)
    assert depth[-1] == count - 1
    assert (
        exclusive(np.zeros(count, np.int64), depth, np.arange(count), np.full(count, 2 * count)).sum()
        == 2 * count
    )


def test_a_cycle_of_parents_is_cut() -> None:
    assert len(depths(ints(1, 2, 0))) == 3


def test_a_component_is_entered_where_its_caller_is_another() -> None:
    assert entries(ints(-1, 0, 1, 2), ints(0, 0, 1, 1)).tolist() == [0, 0, 2, 2]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from(
        [json.dumps(OTLP).encode(), json.dumps(JAEGER).encode(), json.dumps(ZIPKIN).encode(), protobuf()]
    ),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=4),
)
def test_nothing_given_makes_reading_fail(
    tmp_path: Path, sample: bytes, cut: float, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(sample[: int(len(sample) * cut)])
    for at, value in flips:
        if data:
            data[at % len(data)] = value
    reading = read(tmp_path, bytes(data))
    assert reading.kind


def test_the_given_traces_are_recognised() -> None:
    from tests.conftest import SHARED

    folder = SHARED / "traces"
    if not folder.is_dir():
        pytest.skip("no shared traces here")
    for path in sorted(folder.glob("test*.json")):
        opened = Opened(Artefact("A1", path.name, path.stat().st_size, "x"), path)
        analyser = choose(opened.sample())
        assert analyser is not None
        assert analyser.name.startswith("traces.")
        assert read_one(opened).records > 0
