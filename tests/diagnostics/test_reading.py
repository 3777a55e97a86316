"""No bytes bring a reader down: whatever is wrong with an artefact becomes a note or a finding."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from holdfast.diagnostics.analysers import Opened, Reading, choose, registered
from holdfast.diagnostics.analysers.contract import Sample
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.reading import digest, read_one

SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "parentSpanId": "", "name": "GET /",
    "kind": 2, "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
}  # fmt: skip
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
OTLP = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"spans": [SPAN]}]}]}
JAEGER = {
    "data": [
        {
            "traceID": "5b8e", "processes": {"p1": {"serviceName": "shop"}},
            "spans": [{"traceID": "5b8e", "spanID": "eee1", "operationName": "get", "references": [],
                       "startTime": 1544712660000000, "duration": 1000, "tags": [], "logs": [], "processID": "p1"}],
        }
    ]
}  # fmt: skip
ZIPKIN = [
    {"traceId": "5b8e", "id": "eee1", "name": "get", "timestamp": 1544712660000000, "duration": 1000, "kind": "SERVER",
     "localEndpoint": {"serviceName": "shop"}}
]  # fmt: skip
MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [{"metric": {"__name__": "up", "job": "shop"}, "values": [[1, "1"]]}],
    },
}


def protobuf() -> bytes:
    message = TracesData()
    batch = message.resource_spans.add()
    attribute = batch.resource.attributes.add(key="service.name")
    attribute.value.string_value = "shop"
    span = batch.scope_spans.add().spans.add(
        name="get", start_time_unix_nano=1 << 60, end_time_unix_nano=(1 << 60) + 9
    )
    span.trace_id, span.span_id = b"\0" * 15 + b"\1", b"\0" * 7 + b"\1"
    return bytes(message.SerializeToString())


SAMPLES = {
    "changes": json.dumps(
        [{"time": "2026-01-29T10:00:00Z", "component": "a", "kind": "deploy", "from": "1", "to": "2"}]
    ),
    "logs": "2026-01-29T10:00:00Z INFO shop opened\n2026-01-29T10:00:01Z ERROR shop closed\n" * 5,
    "manifest": json.dumps({"system": "shop", "reported_at": "2026-01-29T10:58:02Z", "symptom": "slow"}),
    "metrics.csv": "time,service,cpu\n1769680800,shop,1.5\n1769680810,shop,2.5\n",
    "metrics.openmetrics": '# TYPE up gauge\nup{job="shop"} 1 1769680800\nup{job="shop"} 0 1769680810\n# EOF\n',
    "metrics.prometheus": json.dumps(MATRIX),
    "traces.jaeger": json.dumps(JAEGER),
    "traces.otlp": json.dumps(OTLP) + "\n" + json.dumps(OTLP) + "\n",
    "traces.zipkin": json.dumps(ZIPKIN),
}
BYTES = {**{name: text.encode() for name, text in SAMPLES.items()}, "traces.otlp_protobuf": protobuf()}


def opened(folder: Path, data: bytes) -> Opened:
    path = folder / "artefact"
    path.write_bytes(data)
    return Opened(Artefact("A1", "artefact", len(data), ""), path)


def read(data: bytes) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        return read_one(opened(Path(folder), data))


def read_by(name: str, data: bytes) -> None:
    """Have it read by one analyser, whoever else would want it: through the one door that catches all."""
    analyser = next(one for one in registered() if one.name == name)
    analyser.confidence(Sample("artefact", data, len(data)))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("holdfast.diagnostics.reading.choose", lambda _: analyser)
        reading = read_one(opened(Path(folder), data))
    assert (reading.kind == "unread") == any(finding.rule == "reader.failed" for finding in reading.findings)


def test_there_is_a_sample_of_every_kind() -> None:
    ours = {one.name for one in registered() if type(one).__module__.startswith("holdfast.")}
    assert set(BYTES) == ours


@pytest.mark.parametrize("name", BYTES)
def test_every_kind_is_recognised_by_its_content_and_read(name: str) -> None:
    data = BYTES[name]
    chosen = choose(Sample("whatever.bin", data, len(data)))
    assert chosen is not None
    assert chosen.name == name
    reading = read(data)
    assert reading.records > 0
    assert reading.note == ""
    assert reading.findings == []


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", BYTES)
@QUICK
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"\0" * 100)
@example(data=b"\xff\xfe" + b"a\0" * 40)
@example(data=b"[" * 3000)
@example(data=b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": 1e400}]}]}]}')
def test_arbitrary_bytes_bring_no_reader_down(name: str, data: bytes) -> None:
    read_by(name, data)


@pytest.mark.parametrize("name", BYTES)
@QUICK
@given(data=st.data())
def test_cut_and_damaged_samples_bring_no_reader_down(name: str, data: st.DataObject) -> None:
    whole = BYTES[name]
    at = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.binary(max_size=4))
    read_by(name, whole[:at])
    read_by(name, whole[:at] + damage + whole[at + len(damage) :])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", [name for name, text in SAMPLES.items() if text[0] in "[{"])
@QUICK
@given(data=st.data())
def test_values_of_the_wrong_kind_bring_no_reader_down(name: str, data: st.DataObject) -> None:
    document = json.loads(SAMPLES[name].splitlines()[0])
    holder, key = _place(document, data)
    holder[key] = data.draw(VALUES)
    read_by(name, json.dumps(document).encode())


def _place(document: object, data: st.DataObject) -> tuple[dict[object, object], object]:
    """Walk down to some field of some object."""
    at: object = document
    while True:
        if isinstance(at, list):
            at = at[0]
            continue
        assert isinstance(at, dict)
        key = data.draw(st.sampled_from(sorted(at)))
        inner = at[key]
        if (
            not isinstance(inner, dict | list)
            or not inner
            or isinstance(inner[0] if isinstance(inner, list) else 0, list)
        ):
            return at, key
        if data.draw(st.booleans()):
            return at, key
        at = inner


def test_what_nobody_recognises_is_kept_and_said() -> None:
    reading = read(bytes(range(256)) * 40)
    assert reading.records == 0
    assert reading.note or [finding.rule for finding in reading.findings] == ["logs.binary"]


def test_an_empty_artefact_is_said_to_be_empty() -> None:
    assert read(b"").kind == "empty"


def test_every_artefact_gets_its_digest(tmp_path: Path) -> None:
    given = opened(tmp_path, b"abc")
    assert digest(given.path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert read_one(given).facts["sha256"] == digest(given.path)
