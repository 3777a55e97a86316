"""When it began is found within the bundle, and not invented."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.onset import divide
from holdfast.diagnostics.correlation.visits import visits
from small_system import NOON, SECOND, SmallSystem, broken


@pytest.mark.parametrize("fault", ["line_stops", "error_below", "slow_ways", "slow_work", "third_party"])
@pytest.mark.parametrize("since", [0.4, 0.5, 0.8])
def test_the_moment_is_found_within_a_few_calls(fault: str, since: float) -> None:
    moments = divide(visits(Evidence(), broken(fault, since=since)))
    assert moments
    assert abs(moments[0].time - (NOON + int(since * 60) * SECOND)) < 4 * SECOND


def test_a_quiet_time_has_none() -> None:
    assert divide(visits(Evidence(), SmallSystem(seed=5).evidence())) == []


def test_a_fault_that_was_always_there_has_none() -> None:
    assert divide(visits(Evidence(), broken("error_below", since=0.0))) == []


def test_few_calls_have_none() -> None:
    assert divide(visits(Evidence(), broken("error_below", requests=1))) == []
