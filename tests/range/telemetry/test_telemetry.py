"""What the processes say about themselves is well-formed and truthful."""

import json
from pathlib import Path

import pytest

from holdfast.range.scrape import SAMPLE, derive, quantiles, rate
from holdfast.range.telemetry.clock import Clock
from holdfast.range.telemetry.layouts import LAYOUTS, Record, in_container
from holdfast.range.telemetry.logbook import Logbook
from holdfast.range.telemetry.openmetrics import Registry, observe_process
from holdfast.range.telemetry.spans import Tracer, new_context, parse_traceparent
from holdfast.range.telemetry.stacks import STACKS


def record(level: str = "error", stack: str = "") -> Record:
    fields = {"trace_id": "t" * 32, "request_id": "r1"}
    return Record(
        1764000000.25, level, "shop.orders", "it broke", "orders", "node-1", 77, "exec-1", fields, stack
    )


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_keeps_the_message_and_the_stack(layout: str) -> None:
    text = LAYOUTS[layout](
        record(stack="Boom: here" if layout not in ("nginx", "redis", "rabbitmq", "coredns") else "")
    )
    assert "it broke" in text
    assert layout in ("nginx", "redis", "rabbitmq", "coredns") or "Boom" in text


@pytest.mark.parametrize("runtime", ["docker", "cri"])
def test_a_container_runtime_wraps_every_physical_line(runtime: str) -> None:
    wrapped = in_container("one\ntwo", record(), runtime).split("\n")
    assert len(wrapped) == 2
    assert all("stderr" in line for line in wrapped)
    assert "2025-11-24T16:00:00.250000000Z" in wrapped[0]


@pytest.mark.parametrize("language", sorted(STACKS))
def test_stack_traces_are_those_of_the_exception(language: str) -> None:
    try:
        {}["missing"]
    except KeyError as error:
        text = STACKS[language](error, "orders")
    assert "missing" in text
    assert "test_stack_traces_are_those_of_the_exception" in text


def test_a_logbook_obeys_its_level_and_the_skewed_clock(tmp_path: Path) -> None:
    component = {"name": "orders", "layout": "pino", "node": "n", "config": {"log.level": "warning"}}
    clock = Clock()
    book = Logbook(component, tmp_path / "log", clock)
    book.write("info", "x", "unheard")
    book.write("error", "x", "now")
    clock.offset = 3600.0
    book.write("error", "x", "later")
    for file in book.files.values():
        file.close()
    now, later = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert (now["msg"], later["msg"]) == ("now", "later")
    assert 3_599_000 < later["time"] - now["time"] < 3_605_000


def test_spans_are_nested_and_failures_recorded(tmp_path: Path) -> None:
    tracer = Tracer({"service.name": "orders"}, tmp_path / "spans", Clock())

    def fail() -> None:
        with tracer.span("outer", "server", new_context(True)) as outer:
            with tracer.span("inner", "client", outer.context) as inner:
                inner.attributes["retries"] = 2
            raise KeyError("gone")

    with pytest.raises(KeyError):
        fail()
    with tracer.span("unsampled", "server", new_context(False)):
        pass
    tracer.flush()
    inner_span, outer_span = json.loads((tmp_path / "spans").read_text())["resourceSpans"][0]["scopeSpans"][
        0
    ]["spans"]
    assert inner_span["parentSpanId"] == outer_span["spanId"]
    assert inner_span["attributes"] == [{"key": "retries", "value": {"intValue": "2"}}]
    assert outer_span["status"]["code"] == 2
    assert outer_span["events"][0]["name"] == "exception"


def test_a_context_survives_its_header() -> None:
    context = parse_traceparent(f"00-{'a' * 32}-{'b' * 16}-01", "r")
    assert context is not None
    assert parse_traceparent(context.traceparent(), "r") == context
    assert parse_traceparent("nonsense", "r") is None


def test_the_exposition_can_be_read_back() -> None:
    registry = Registry()
    registry.count("requests", 3, route="/a")
    registry.gauge("depth", 2.5)
    registry.observe("seconds", 0.003)
    observe_process(registry)
    lines = registry.render().splitlines()
    assert lines[-1] == "# EOF"
    values = {line.rsplit(" ", 1)[0]: line.rsplit(" ", 1)[1] for line in lines if SAMPLE.match(line)}
    assert values['requests_total{route="/a"}'] == "3"
    assert values['seconds_bucket{le="0.002"}'] == "0"
    assert values['seconds_bucket{le="+Inf"}'] == values["seconds_count"] == "1"
    assert float(values["process_resident_memory_bytes"]) > 1e6


def test_a_rate_survives_a_restart_of_its_counter() -> None:
    assert [v for _, v in rate([(0, 10), (1, 12), (2, 1), (3, 3)])] == [2.0, 1.5, 5 / 3]


def test_a_quantile_is_interpolated_and_nan_when_nothing_happened() -> None:
    rows = {0.1: [(0.0, 0.0), (1.0, 5.0), (2.0, 5.0)], float("inf"): [(0.0, 0.0), (1.0, 10.0), (2.0, 10.0)]}
    (_, first), (_, _) = quantiles(rows, 0.25)
    assert first == pytest.approx(0.05)
    idle = quantiles({0.1: [(0.0, 1.0), (1.0, 1.0)], float("inf"): [(0.0, 2.0), (1.0, 2.0)]}, 0.5)
    assert idle[0][1] != idle[0][1]


def test_gauges_pass_and_counters_become_rates() -> None:
    target = (("service", "a"),)
    raw = {("depth", target): [(0.0, 1.0)], ("hits_total", target): [(0.0, 1.0), (1.0, 4.0)]}
    assert derive(raw) == {("depth", target): [(0.0, 1.0)], ("hits_per_second", target): [(1.0, 3.0)]}
