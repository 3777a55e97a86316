"""Slowness counts as far as those who have nothing to do with it are not as slow."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.correlation.certainty import CLEAR
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import weigh
from small_system import PAIRS, crowd


@pytest.mark.parametrize(("often", "times"), [(1.0, 12.0), (0.4, 12.0)])
def test_a_machine_that_is_slow_for_all_accuses_nobody_clearly(often: float, times: float) -> None:
    bundle = crowd(dict.fromkeys(range(PAIRS), often), times)
    assert weigh(crowd({}, 1.0), bundle).first < CLEAR


def test_one_that_is_slower_than_the_slow_machine_is_found() -> None:
    bundle = crowd({**dict.fromkeys(range(PAIRS), 0.3), 4: 1.0}, 12.0)
    assert weigh(Evidence(), bundle).ranked[0].component in ("desk-4", "shelf-4")


def test_a_hub_is_not_excused_by_its_own_slow_ways() -> None:
    weighed = weigh(Evidence(), crowd(dict.fromkeys(range(PAIRS), 1.0), 12.0, hub=True))
    assert weighed.ranked[0].component == "desk"
