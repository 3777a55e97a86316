"""Figures say how many stand behind them and count the open ones honestly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.cases import commands
from holdfast.desk.clocks.story import Step
from holdfast.desk.insight.figure import Figure, Told, Value, summarise
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.figures.time_to_acknowledge import TimeToAcknowledge

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def told(*steps, ended=None):
    return Told("ESC-1", "x", 1, START, ended, [Step("state", START + at, data) for at, data in steps])


def test_every_figure_says_what_it_is():
    for figure in all_figures().values():
        assert figure.definition.endswith(".")
        assert figure.unit
        assert figure.version >= 1
        assert set(figure.targets) <= {1, 2, 3, 4}


def test_the_first_acknowledgement_counts():
    steps = ((timedelta(minutes=3), {"acknowledged": True}), (timedelta(hours=2), {"acknowledged": True}))
    assert TimeToAcknowledge().of(told(*steps), START + timedelta(days=1)) == Value(180, running=False)


def test_a_case_nobody_acknowledged_counts_with_the_time_it_has_waited():
    assert TimeToAcknowledge().of(told(), START + timedelta(minutes=5)) == Value(300, running=True)


def test_a_case_closed_without_one_says_nothing():
    assert TimeToAcknowledge().of(told(ended=START), START) is None


def test_two_figures_of_one_name_are_an_error():
    with pytest.raises(ValueError, match="time-to-acknowledge"):
        type("Again", (Figure,), {"name": "time-to-acknowledge"})


def crowd(done, running=()):
    return [(Value(s, running=False), 900.0) for s in done] + [
        (Value(s, running=True), 900.0) for s in running
    ]


def test_under_eight_cases_there_is_no_percentile():
    summary = summarise(crowd(range(7)))
    assert (summary.median, summary.p90, summary.number) == (None, None, 7)


def test_without_open_cases_the_percentiles_are_the_plain_ones():
    summary = summarise(crowd(range(1, 11)))
    assert (summary.median, summary.p90) == (5, 9)


def test_open_cases_push_the_percentiles_up_instead_of_vanishing():
    summary = summarise(crowd(range(1, 9), running=[100, 100, 100]))
    assert summary.median == 6
    assert summary.p90 is None
    assert (summary.at_least, summary.running) == (100, 3)


def test_a_case_still_open_past_its_target_has_missed_it():
    summary = summarise(crowd([10], running=[5, 1000]))
    assert (summary.met, summary.judged) == (1, 2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), min_size=8, max_size=60))
def test_the_median_never_passes_p90_and_both_are_times_that_were_seen(values):
    summary = summarise([(Value(s, running=r), 1.0) for s, r in values])
    seen = {s for s, r in values if not r}
    assert {summary.median, summary.p90} <= seen | {None}
    if summary.median is not None and summary.p90 is not None:
        assert summary.median <= summary.p90


@pytest.mark.django_db
def test_the_page_opens_onto_the_cases_behind_the_number(declare, engineer, stranger, signed_in):
    commands.acknowledge(declare(severity=1), by=engineer)
    declare(severity=1)
    page = signed_in(engineer).get("/figures/time-to-acknowledge/1").content.decode()
    assert "ESC-1" in page
    assert "ESC-2" in page
    assert "ESC-1" not in signed_in(stranger).get("/figures/time-to-acknowledge/1").content.decode()
