"""Who is named first, and when nobody is: promises about a small system with a known fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from holdfast.diagnostics.correlation.clocks import corrected
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.narrative import judged
from holdfast.diagnostics.correlation.ranking import Weighed, weigh
from small_system import NOON, SECOND, SmallSystem, broken, healthy

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
