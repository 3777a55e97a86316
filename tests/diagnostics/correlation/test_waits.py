"""How long callers waited, by their own clocks: what a sample of traces does not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from holdfast.diagnostics.correlation.certainty import TIMED, judged
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import Weighed, weigh
from holdfast.diagnostics.correlation.waits import waits
from holdfast.diagnostics.correlation.wording import Wording
from holdfast.diagnostics.metrics.counters import paced
from holdfast.diagnostics.signals import Signal
from small_system import NOON, SECOND, healthy

TIMES = np.arange(60) * SECOND
USUAL = {
    ("gateway", "orders"): 0.020,
    ("gateway", "search"): 0.012,
    ("orders", "stock"): 0.004,
    ("search", "stock"): 0.004,
}
SLOW_STOCK = {("orders", "stock"), ("search", "stock"), ("gateway", "orders"), ("gateway", "search")}

Ways = set[tuple[str, str]]


def clocked(
    late: Ways, name: str = "http_client_p50_duration_seconds", scale: float = 1.0, start: int = NOON
) -> list[Signal]:
    """One quantile of four clients; some ways take 0.4 s longer since the middle."""
    found = []
    for number, ((caller, called), usual) in enumerate(USUAL.items()):
        strayed = usual * (1 + 0.1 * np.sin(np.arange(60) * (number + 2)))
        took = strayed + 0.4 * ((np.arange(60) >= 30) & ((caller, called) in late))
        labels = (("peer", f"{called}:80"),)
        found.append(Signal(caller, name, start + TIMES, took * scale, "M-clocks", labels=labels))
    return found


def summed(late: Ways, start: int = NOON) -> list[Signal]:
    """The same as sums and counts that only grow."""
    found = []
    for signal in clocked(late, "rpc_duration_seconds", start=start):
        for part, each in (("sum", signal.values * 10), ("count", np.full(60, 10.0))):
            found.append(paced(replace(signal, name=f"{signal.name}_{part}", values=np.cumsum(each))))
    return found


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("http.client.request.duration", "server.address", "stock:8080"),
        ("istio_request_duration_milliseconds_p90", "destination_service_name", "stock"),
        ("envoy_cluster_upstream_rq_time", "envoy_cluster_name", "stock"),
        ("http_client_requests_seconds", "client_name", "stock"),
        ("rpc_latency", "net_peer_name", "stock/api"),
    ],
)
def test_the_names_of_the_usual_exporters_are_understood(name: str, label: str, value: str) -> None:
    signal = Signal("orders", name, NOON + TIMES, np.ones(60), "M", labels=((label, value),))

    assert set(waits([], [signal])["component"]) == {"stock"}


def judge(before: list[Signal], now: list[Signal], requests: int = 0) -> Weighed:
    """Weigh what is told by clocks alone, or beside a few traces."""
    few = healthy(requests=requests) if requests else Evidence()
    return weigh(replace(few, signals=before), replace(few, signals=now))


@pytest.mark.parametrize(
    ("name", "scale", "share"),
    [
        ("http_client_p50_duration_seconds", 1.0, 70),
        ("http_client_request_duration_p95", 1.0, 23),
        ("rpc_client_latency_ms", 1000.0, 70),
    ],
)
def test_who_answers_late_is_found_by_the_clocks_of_its_callers(name: str, scale: float, share: int) -> None:
    weighed = judge(clocked(set(), name, scale, NOON - 3600 * SECOND), clocked(SLOW_STOCK, name, scale))

    assert [entry.component for entry in weighed.ranked][:1] == ["stock"]
    assert weighed.start == NOON + 30 * SECOND
    told = Wording(weighed, {}).finding(weighed.ranked[0].suspicions[0])
    what = "Calls to stock from orders, search take longer"
    assert told.title == f"{what}: usually 3.7 ms, now 404 ms in about {share} % of calls"
    assert {place.artefact for place in told.locators} == {"M-clocks"}
    assert told.locators[0].at == 31


def test_with_nothing_before_the_onset_is_where_most_calls_begin_to_be_late() -> None:
    weighed = judge([], clocked(SLOW_STOCK))

    verdict, certainty, why = judged(weighed)
    assert (verdict, certainty, why.partition(";")[0]) == ("abnormal", "medium", TIMED)
    assert weighed.ranked[0].component == "stock"
    assert weighed.start == NOON + 30 * SECOND


def test_sums_and_counts_tell_the_mean() -> None:
    weighed = judge(summed(set(), NOON - 3600 * SECOND), summed(SLOW_STOCK))

    assert [entry.component for entry in weighed.ranked][:1] == ["stock"]


def test_clocks_say_who_is_late_but_not_where_in_it() -> None:
    weighed = judge(clocked(set(), start=NOON - 3600 * SECOND), clocked(SLOW_STOCK), requests=8)
    _, certainty, why = judged(weighed)

    assert weighed.ranked[0].component == "stock"
    assert (certainty, why.partition(";")[0]) == ("medium", TIMED)


def test_the_longest_call_tells_nothing_of_the_others() -> None:
    longest = "http_client_duration_seconds_max"

    assert not judge(clocked(set(), longest, start=NOON - 3600 * SECOND), clocked(SLOW_STOCK, longest)).ranked


def test_where_traces_show_the_calls_clocks_say_nothing_more() -> None:
    before, now = healthy(), healthy()
    weighed = weigh(
        replace(before, signals=clocked(set(), start=NOON - 3600 * SECOND)),
        replace(now, signals=clocked(SLOW_STOCK)),
    )

    assert judged(weighed)[0] == "nothing_abnormal"


def test_how_many_were_late_lies_between_the_quantiles() -> None:
    ways = {("orders", "stock")}
    signals = [
        signal
        for name, late in (("rpc_latency_p50", set()), ("rpc_latency_p90", ways), ("rpc_latency_p99", ways))
        for signal in clocked(late, name)
    ]
    found = waits([], signals)

    mine = found.filter(pl.col("caller") == "orders").sort("time")
    assert mine["share"].to_list() == pytest.approx([0.0] * 30 + [np.sqrt(0.5 * 0.1)] * 30)
    assert mine["waited"].drop_nulls().to_list() == pytest.approx([0.4e9] * 30, rel=0.01)
    assert found.filter(pl.col("caller") == "search")["share"].sum() == 0


@pytest.mark.parametrize(
    "values", [np.full(60, np.nan), np.full(60, np.inf), np.full(60, -1.0), np.zeros(60)]
)
def test_values_that_are_no_times_accuse_nobody(values: np.ndarray) -> None:
    odd = [replace(signal, values=values) for signal in clocked(set())]

    assert not judge(clocked(set(), start=NOON - 3600 * SECOND), odd).ranked
