"""Numbers are told with three figures and the unit a person would take."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.units import duration, figure


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [(0, "0 ns"), (999, "999 ns"), (2_090_000, "2.09 ms"), (12_000, "12 µs"), (3_723_000_000_000, "3,723 s")],
)
def test_a_duration_has_the_largest_unit_that_fits(nanoseconds: float, said: str) -> None:
    assert duration(nanoseconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(12_345_678.0, "12,345,678"), (0.00198, "0.00198"), (31.0, "31")]
)
def test_a_figure_has_no_exponent_where_it_can_be_read(value: float, said: str) -> None:
    assert figure(value) == said
