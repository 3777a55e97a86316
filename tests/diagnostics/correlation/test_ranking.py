"""Who is named first, and when nobody is: promises about a small system with a known fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from holdfast.diagnostics.correlation.certainty import judged
from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import RECORDS, Evidence
from holdfast.diagnostics.correlation.ranking import Weighed, weigh
from holdfast.diagnostics.traces.spans import CLIENT, SERVER, SpanBuilder, join
from small_system import MS, NOON, SECOND, SmallSystem, broken, healthy, unreached

GUILTY = {
    "line_stops": "stock",
    "error_below": "stock",
    "slow_ways": "stock",
    "slow_work": "stock",
    "full_cpu": "stock",
    "third_party": "pay.example",
}


def names(weighed: Weighed) -> list[str]:
    return [entry.component for entry in weighed.ranked]


def alone(weighed: Weighed) -> str:
    """The first candidate, which nobody may share its place with."""
    first, *rest = weighed.ranked
    assert all(entry.score < first.score for entry in rest)
    return first.component


@pytest.mark.parametrize("fault", GUILTY)
def test_the_guilty_component_is_first(fault: str) -> None:
    assert alone(weigh(healthy(), broken(fault))) == GUILTY[fault]


@pytest.mark.parametrize("fault", GUILTY)
def test_the_earlier_part_of_the_bundle_does_where_there_is_no_baseline(fault: str) -> None:
    assert alone(weigh(Evidence(), broken(fault))) == GUILTY[fault]


@pytest.mark.parametrize("fault", GUILTY)
def test_a_fault_there_from_the_first_second_is_found_by_the_baseline(fault: str) -> None:
    assert alone(weigh(healthy(), broken(fault, since=0.0))) == GUILTY[fault]


@pytest.mark.parametrize("fault", GUILTY)
def test_the_onset_may_be_given(fault: str) -> None:
    weighed = weigh(Evidence(), broken(fault), at=NOON + 30 * SECOND)
    assert weighed.start == NOON + 30 * SECOND
    assert alone(weighed) == GUILTY[fault]


def test_a_caller_that_fails_by_what_it_calls_is_not_blamed() -> None:
    weighed = weigh(healthy(), broken("error_below"))
    scores = {entry.component: entry.score for entry in weighed.ranked}
    for caller in ("orders", "search", "gateway"):
        assert scores.get(caller, 0.0) < scores["stock"] / 2


def test_a_healthy_bundle_beside_its_baseline_is_not_abnormal() -> None:
    verdict, _, _ = judged(weigh(healthy(), SmallSystem(seed=5).evidence()))
    assert verdict == "nothing_abnormal"


def test_a_bundle_beside_itself_is_not_abnormal() -> None:
    evidence = SmallSystem(seed=5).evidence()
    assert judged(weigh(evidence, evidence))[0] == "nothing_abnormal"


def test_with_half_the_requests_nothing_is_abnormal() -> None:
    verdict, _, _ = judged(weigh(healthy(), SmallSystem(seed=5, requests=60).evidence()))
    assert verdict == "nothing_abnormal"


def test_without_anything_to_compare_with_it_is_undecided() -> None:
    verdict, certainty, why = judged(weigh(Evidence(), SmallSystem(seed=5, requests=6).evidence()))
    assert (verdict, certainty) == ("undecided", "none")
    assert "nothing to compare with" in why


def test_no_evidence_at_all_is_undecided() -> None:
    weighed = weigh(Evidence(), Evidence())
    assert not weighed.ranked
    assert judged(weighed)[0] == "undecided"


def test_high_certainty_is_not_claimed_for_what_few_calls_show() -> None:
    assert judged(weigh(healthy(), broken("line_stops", requests=8)))[1] != "high"


@pytest.mark.parametrize("fault", GUILTY)
def test_the_order_of_what_was_read_does_not_matter(fault: str) -> None:
    given = broken(fault)
    shuffled = replace(
        given,
        spans=given.spans.sample(fraction=1.0, shuffle=True, seed=3),
        records=given.records.sample(fraction=1.0, shuffle=True, seed=4),
        signals=given.signals[::-1],
    )
    one, other = weigh(healthy(), given), weigh(healthy(), shuffled)
    assert names(one) == names(other)
    assert [e.score for e in one.ranked] == pytest.approx([e.score for e in other.ranked])


def ahead(evidence: Evidence) -> Evidence:
    """The clock of one of the two nodes runs 90 s ahead, in spans and logs alike."""
    fast = ["search-0", "stock-0"]
    late = pl.when(pl.col("instance").is_in(fast)).then(90 * SECOND).otherwise(0)
    return replace(
        evidence,
        spans=evidence.spans.with_columns(pl.col("start") + late, pl.col("end") + late),
        records=evidence.records.with_columns(pl.col("time") + late),
    )


@pytest.mark.parametrize("fault", GUILTY)
def test_clocks_that_run_ahead_do_not_change_who_is_first(fault: str) -> None:
    baseline, bundle = (corrected(ahead(side))[0] for side in (healthy(), broken(fault)))
    assert alone(weigh(baseline, bundle)) == GUILTY[fault]


def test_words_that_vary_in_one_file_alone_invent_no_change() -> None:
    other = {"stock:1": "stock asked for sku-17", "orders:2": "<*> answered <*>"}
    verdict, _, _ = judged(weigh(healthy(words=other), SmallSystem(seed=5).evidence()))
    assert verdict == "nothing_abnormal"


def asked_late(evidence: Evidence) -> Evidence:
    """The collecting begins 20 s before the first request, and a name server writes a line for each request."""
    first = int(evidence.spans["start"].min())  # type: ignore[arg-type]
    idle = [first - 20 * SECOND + at * SECOND for at in range(20)]
    asked = evidence.spans.filter(pl.col("parent") == "")["start"].to_list()
    said = [("names:idle", time) for time in idle] + [("names:answer", time) for time in asked]
    rows = [("names", "names-0", what, 3, time, "", "L-names", at) for at, (what, time) in enumerate(said)]
    records = pl.concat([evidence.records, pl.DataFrame(rows, schema=RECORDS, orient="row")])
    texts = {"names:idle": "zone loaded", "names:answer": "A IN <*> NOERROR"}
    return replace(evidence, records=records, templates={**evidence.templates, **texts})


@pytest.mark.parametrize("fault", GUILTY)
def test_where_requests_begin_nothing_broke(fault: str) -> None:
    assert alone(weigh(Evidence(), asked_late(broken(fault)))) == GUILTY[fault]


def test_nobody_is_accused_of_being_asked() -> None:
    weighed = weigh(Evidence(), asked_late(SmallSystem(seed=5).evidence()))
    assert judged(weighed)[0] != "abnormal"


def test_hours_beside_each_other_in_one_bundle_do_not_hide_who_broke() -> None:
    before, now = (asked_late(side) for side in (healthy(), broken("error_below")))
    both = replace(
        now, spans=pl.concat([before.spans, now.spans]), records=pl.concat([before.records, now.records])
    )
    assert alone(weigh(before, both)) == "stock"


def refused(clock: int) -> Evidence:
    """A seller whose clock jumps by `clock` ns signs its requests; the bank refuses what is not of now."""
    spans = SpanBuilder()
    for number in range(120):
        off = clock if number >= 60 else 0
        at, trace = NOON + number * SECOND, f"{number:032x}"
        error = int(off != 0)
        spans.add(
            trace, "a", "", "edge", "POST /sales", at, at + 90 * MS, kind=SERVER, error=error, instance="e"
        )
        spans.add(
            trace, "b", "a", "edge", "POST", at + 2 * MS, at + 80 * MS, kind=CLIENT, error=error, instance="e"
        )
        spans.add(
            trace, "c", "b", "seller", "sell", at + 5 * MS + off, at + 70 * MS + off, kind=SERVER, error=error,
            instance="s",
        )  # fmt: skip
        spans.add(
            trace, "d", "c", "seller", "POST", at + 9 * MS + off, at + 60 * MS + off, kind=CLIENT, error=error,
            instance="s",
        )  # fmt: skip
        fault = "signature expired or not yet valid" if off else ""
        spans.add(
            trace, "f", "d", "bank", "charge", at + 12 * MS, at + 50 * MS, kind=SERVER, error=error, instance="b",
            fault=fault,
        )  # fmt: skip
        if not off:
            spans.add(
                trace, "g", "f", "bank", "INSERT charges", at + 20 * MS, at + 30 * MS, error=0, instance="b"
            )
    return Evidence(spans=join([("A1", spans.table())]).frame)


def test_who_refuses_requests_of_a_wrong_clock_is_not_to_blame() -> None:
    weighed = weigh(Evidence(), corrected(refused(200 * SECOND))[0])
    assert alone(weighed) == "seller"


def test_whom_one_caller_alone_cannot_reach_is_not_named_with_high_certainty() -> None:
    certain = [judged(weigh(Evidence(), unreached(who)))[1] for who in (("seller",), ("seller", "refunds"))]
    assert certain == ["medium", "high"]


def test_a_processor_that_works_at_the_failures_of_another_accuses_nobody() -> None:
    bundle = broken("third_party")
    for signal in bundle.signals:
        if signal.component == "orders":
            signal.values[len(signal.values) // 2 :] *= 3
    scores = {entry.component: entry.score for entry in weigh(healthy(), bundle).ranked}
    assert scores["pay.example"] > 2 * scores.get("orders", 0.0)


def without(kind: str) -> Callable[[Evidence], Evidence]:
    return lambda evidence: replace(evidence, **{kind: getattr(Evidence(), kind)})


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("signals", "error_below"),
        ("signals", "line_stops"),
        ("signals", "slow_ways"),
        ("records", "error_below"),
        ("records", "slow_work"),
        ("records", "third_party"),
        ("spans", "error_below"),
        ("spans", "line_stops"),
        ("spans", "full_cpu"),
    ],
)
def test_what_remains_still_tells(kind: str, fault: str) -> None:
    strip = without(kind)
    assert alone(weigh(strip(healthy()), strip(broken(fault)))) == GUILTY[fault]


def test_what_gets_better_is_held_against_nobody() -> None:
    sick = SmallSystem(seed=99, start=NOON - 3600 * SECOND, fault="error_below", since=0.3).evidence()
    assert judged(weigh(sick, SmallSystem(seed=5).evidence()))[0] == "nothing_abnormal"
