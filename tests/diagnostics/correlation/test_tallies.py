"""Calls that callers count: what a sample of traces does not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from holdfast.diagnostics.correlation.certainty import COUNTED, judged
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import weigh
from holdfast.diagnostics.correlation.wording import Wording
from holdfast.diagnostics.metrics.counters import paced
from holdfast.diagnostics.signals import Signal
from small_system import NOON, SECOND, healthy

TOTAL = "http_client_requests_total"
PAIRS = (("orders", "stock"), ("search", "stock"), ("gateway", "orders"), ("gateway", "search"))


Lost = dict[tuple[str, str], float]


def counts(lost: Lost, start: int = NOON, name: str = TOTAL) -> list[Signal]:
    """Counters of four clients, ten calls a second; of some calls a share gets no answer since the middle."""
    times = start + np.arange(60) * SECOND
    found = []
    for caller, called in PAIRS:
        share = np.where(np.arange(60) >= 30, lost.get((caller, called), 0.0), 0.0)
        for status, each in (("200", 10 * (1 - share)), ("error", 10 * share)):
            values = np.cumsum(each) if name.endswith("total") else each
            labels = (("peer", f"{called}.shop.example:80"), ("status", status))
            found.append(paced(Signal(caller, name, times, values, "M-counts", labels=labels)))
    return found


def sampled(lost: Lost, name: str = TOTAL) -> tuple[Evidence, Evidence]:
    """A baseline and a bundle of which a few healthy traces are left, and all that callers count."""
    usual = healthy(requests=8)
    now = replace(
        usual, spans=usual.spans.clear(), records=usual.records.clear(), signals=counts(lost, name=name)
    )
    return replace(usual, signals=counts({}, NOON - 3600 * SECOND, name)), now


@pytest.mark.parametrize("name", [TOTAL, "rpc_calls_per_second"])
def test_who_no_longer_answers_its_callers_is_found_by_what_they_count(name: str) -> None:
    weighed = weigh(*sampled({PAIRS[0]: 0.6, PAIRS[1]: 0.6}, name=name))
    assert [entry.component for entry in weighed.ranked][:1] == ["stock"]
    told = Wording(weighed, {}).finding(weighed.ranked[0].suspicions[0])
    assert told.title.startswith(
        "Calls to stock from orders, search fail without an answer: 360 of 600, before 0 of "
    )
    assert [place.artefact for place in told.locators] == ["M-counts", "M-counts"]


def test_counts_say_who_does_not_answer_but_not_why() -> None:
    _, certainty, why = judged(weigh(*sampled({PAIRS[0]: 0.9, PAIRS[1]: 0.9})))
    assert (certainty, why.partition(";")[0]) == ("medium", COUNTED)


def test_an_answer_that_says_no_is_an_answer() -> None:
    before, now = sampled({PAIRS[0]: 0.9})
    refused = [
        replace(s, labels=tuple((k, v.replace("error", "503")) for k, v in s.labels)) for s in now.signals
    ]
    assert judged(weigh(before, replace(now, signals=refused)))[0] == "nothing_abnormal"
    said = [replace(s, labels=(("outcome", "SERVER_ERROR"), *s.labels)) for s in refused]
    assert judged(weigh(before, replace(now, signals=said)))[0] == "nothing_abnormal"


def test_where_traces_show_the_calls_their_counts_say_nothing_more() -> None:
    usual, now = healthy(), replace(healthy(), signals=[])
    few = [replace(s, values=s.values / 20) for s in counts({PAIRS[0]: 0.9})]
    assert judged(weigh(usual, replace(now, signals=few)))[0] == "nothing_abnormal"


def test_who_alone_loses_calls_that_others_get_answered_accuses_nobody_by_its_counts() -> None:
    assert judged(weigh(*sampled({PAIRS[0]: 0.9})))[0] == "nothing_abnormal"


def test_the_moment_is_when_most_calls_begin_to_be_lost_and_not_when_the_first_was() -> None:
    before, now = sampled({PAIRS[0]: 0.9, PAIRS[1]: 0.9})
    for signal in now.signals:
        if ("status", "error") in signal.labels:
            signal.values[3:] += 1.0
    assert weigh(before, now).start == NOON + 30 * SECOND
