"""High certainty is for what nothing else would explain as well."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from holdfast.diagnostics.correlation.certainty import ASKED, OF_MESSAGES, SPREAD, UNHEARD, UNNAMED, judged
from holdfast.diagnostics.correlation.evidence import ERROR, RECORDS, Evidence
from holdfast.diagnostics.correlation.questions import questions
from holdfast.diagnostics.correlation.ranking import weigh
from small_system import INFO, NOON, SECOND, broken, crowd, healthy, messages, unreached

TEXTS = {
    "usual": "zone is loaded",
    "unknown": "A IN <*> NXDOMAIN",
    "given up": "message <*> of queue <*> given up: delivered 5 times",
    "lost": "POST <*> failed: getaddrinfo ENOTFOUND bank",
}


def written(*lines: tuple[str, str, int]) -> pl.DataFrame:
    """Lines that name no call: (component, template, level), the usual ones all the time, others since the middle."""
    rows = [
        (name, f"{name}-0", template, level, NOON + second * SECOND, "", f"L-{name}", second + 1)
        for name, template, level in lines
        for second in range(120)
        if template == "usual" or second >= 60
    ]
    return pl.DataFrame(rows, schema=RECORDS, orient="row")


def certainty(bundle: Evidence) -> tuple[str, str]:
    """How sure the first candidate is, and the reason up to what it has."""
    _, sure, why = judged(weigh(Evidence(), bundle))
    return sure, why.partition(";")[0]


def test_one_slow_service_among_several_that_are_slow_too_is_not_named_with_high_certainty() -> None:
    lines = written(("shelf-0", "usual", INFO))
    alone, among = ({4: 1.0}, {4: 1.0, 1: 0.45, 2: 0.45, 7: 0.45})
    sides = [replace(crowd(slow, 40.0), records=lines, templates=TEXTS) for slow in (alone, among)]
    assert certainty(sides[0])[0] == "high"
    assert certainty(sides[1]) == ("medium", SPREAD)


def test_without_logs_calls_that_fail_name_nobody_with_high_certainty() -> None:
    bundle = unreached(("seller", "refunds"))
    assert certainty(bundle)[0] == "high"
    assert certainty(replace(bundle, records=Evidence().records)) == ("medium", UNHEARD)


def test_whose_name_is_not_found_is_not_named_with_high_certainty() -> None:
    lines = written(("seller", "lost", ERROR), ("seller", "usual", INFO))
    bundle = replace(unreached(("seller", "refunds")), records=lines, templates=TEXTS)
    assert certainty(bundle) == ("medium", UNNAMED)


@pytest.mark.parametrize(("asking", "expected"), [(("seller",), "medium"), (("seller", "refunds"), "high")])
def test_a_resolver_that_knows_no_name_needs_two_who_ask_for_it(
    asking: tuple[str, ...], expected: str
) -> None:
    lost = [(name, "lost", ERROR) for name in asking]
    lines = written(("names", "usual", INFO), ("names", "unknown", INFO), *lost)
    sure, why = certainty(replace(crowd({}, 1.0), records=lines, templates=TEXTS))
    assert (sure, why == ASKED) == (expected, expected == "medium")


def test_a_broker_that_only_writes_of_messages_is_not_named_with_high_certainty() -> None:
    lines = written(("broker", "usual", INFO), ("broker", "given up", ERROR))
    without, with_takers = (
        replace(side, records=lines, templates=TEXTS) for side in (crowd({}, 1.0), messages())
    )
    assert certainty(without)[0] == "high"
    assert certainty(with_takers) == ("medium", OF_MESSAGES)
    asked = questions(with_takers, weigh(Evidence(), with_takers), ())
    assert asked[0].title == "every trace of packer around the onset, not a sample"


@pytest.mark.parametrize(("requests", "expected"), [(6, "medium"), (20, "high")])
def test_what_stops_in_a_few_calls_of_one_moment_names_nobody_with_high_certainty(
    requests: int, expected: str
) -> None:
    weighed = weigh(healthy(), broken("line_stops", requests=requests, since=0.0))
    assert weighed.ranked[0].component == "stock"
    assert judged(weighed)[1] == expected
