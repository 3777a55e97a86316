"""Metrics of every format become the same series."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.analysers import Opened, Reading
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.reading import read_one

MATRIX = json.dumps(
    {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [
                {
                    "metric": {"__name__": "cpu", "service": "orders", "pod": "orders-1"},
                    "values": [[1700000000, "1"], [1700000060, "NaN"], [1700000120, "3"]],
                }
            ],
        },
    }
).encode()
OPENMETRICS = b"""# TYPE cpu gauge
cpu{service="orders",pod="orders-1"} 1 1700000000
cpu{service="orders",pod="orders-1"} NaN 1700000060
cpu{service="orders",pod="orders-1"} 3 1700000120 # {trace_id="x"} 1
# EOF
"""
PROMETHEUS_TEXT = (
    OPENMETRICS.replace(b"1700000000", b"1700000000000")
    .replace(b"60\n", b"60000\n")
    .replace(b"120 ", b"120000 ")
)
CSV = b"""timestamp,service,pod,cpu
2023-11-14T22:13:20Z,orders,orders-1,1
2023-11-14T22:14:20Z,orders,orders-1,
2023-11-14T22:15:20Z,orders,orders-1,3
"""


def read(folder: Path, data: bytes) -> Reading:
    path = folder / "given"
    path.write_bytes(data)
    return read_one(Opened(Artefact("A1", "given.csv", len(data), "x"), path))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("metrics.prometheus", MATRIX),
        ("metrics.openmetrics", OPENMETRICS),
        ("metrics.openmetrics", PROMETHEUS_TEXT),
        ("metrics.csv", CSV),
    ],
)
def test_every_format_gives_the_same_series(tmp_path: Path, kind: str, data: bytes) -> None:
    reading = read(tmp_path, data)
    assert reading.kind == kind
    (signal,) = reading.signals
    assert (signal.component, signal.name) == ("orders", "cpu")
    assert signal.times.tolist() == [1700000000 * 10**9, 1700000060 * 10**9, 1700000120 * 10**9]
    assert signal.values[0] == 1
    assert signal.values[2] == 3
    assert signal.values[1] != signal.values[1]
    assert len(signal.samples) == 3


def test_a_metric_of_machines_belongs_to_the_machine(tmp_path: Path) -> None:
    reading = read(tmp_path, MATRIX.replace(b'"cpu"', b'"node_cpu"').replace(b'"pod"', b'"node"'))
    assert reading.signals[0].component == "orders-1"


def test_samples_without_a_time_make_no_series_and_that_is_said(tmp_path: Path) -> None:
    reading = read(tmp_path, b"# TYPE up gauge\nup 1\n")
    assert reading.signals == []
    assert "without a time" in reading.remark
    assert reading.note == ""  # nothing was lost


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from([MATRIX, OPENMETRICS, CSV]),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=4),
)
def test_nothing_given_makes_reading_fail(
    tmp_path: Path, sample: bytes, cut: float, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(sample[: int(len(sample) * cut)])
    for at, value in flips:
        if data:
            data[at % len(data)] = value
    assert read(tmp_path, bytes(data)).kind
