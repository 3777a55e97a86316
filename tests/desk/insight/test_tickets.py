"""F7 and F12: whether tickets pass at first, and how long until engineering has one; from the timeline alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.cases import marks
from holdfast.desk.clocks.story import Step
from holdfast.desk.engineering import commands, outcomes
from holdfast.desk.insight.figure import Share, Told
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.models import Measure

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
WORDS = ("filed", "sent_back", "answered", "disputed", "accepted", "fixed", "withdrawn")


def told(*words: tuple[int, str], ended: bool = False) -> Told:
    steps = [
        Step(
            "state",
            START + timedelta(hours=at),
            {"ticket": ticket, "outcome": word, **({"ticketed": True} if word == "filed" else {})},
            at,
        )
        for at, (ticket, word) in enumerate(words, 1)
    ]
    return Told("ESC-1", "a", 1, START, START + timedelta(days=9) if ended else None, steps)


def first_pass(*words: tuple[int, str]) -> Share | None:
    found = all_figures()["ticket-first-pass"].of(told(*words), START)
    assert found is None or isinstance(found, Share)
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], None),
        ([(1, "filed")], None),
        ([(1, "filed"), (1, "withdrawn")], None),
        ([(1, "filed"), (1, "accepted"), (1, "fixed")], (1, 1)),
        ([(1, "filed"), (1, "fixed")], (1, 1)),
        ([(1, "filed"), (1, "sent_back"), (1, "answered"), (1, "accepted")], (0, 1)),
        ([(1, "filed"), (1, "disputed")], (0, 1)),
        ([(1, "filed"), (1, "accepted"), (1, "sent_back")], (0, 1)),  # the return came late
        ([(1, "filed"), (1, "accepted"), (2, "filed"), (2, "sent_back"), (3, "filed")], (1, 2)),
    ],
)
def test_a_ticket_passes_at_first_or_not(words, expected):
    found = first_pass(*words)
    assert (found and (found.part, found.whole)) == expected


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(WORDS)), max_size=20))
def test_no_more_pass_than_are_judged_and_a_return_never_helps(words):
    found = first_pass(*words)
    more = first_pass(*words, (1, "sent_back"))
    assert more is not None
    if found is not None:
        assert 0 <= found.part <= found.whole
        assert more.part <= found.part
        assert more.whole >= found.whole


def test_the_time_to_a_ticket_ends_with_the_first_even_if_it_was_withdrawn():
    figure = all_figures()["time-to-ticket"]
    now = START + timedelta(hours=5)
    found = figure.of(told((1, "filed"), (1, "withdrawn"), (2, "filed")), now)
    assert (found.seconds, found.running) == (3600, False)
    begun = Told("ESC-1", "a", 1, START, None, [Step("state", START, {"ticket": 1}, 1)])
    assert (figure.of(begun, now).seconds, figure.of(begun, now).running) == (5 * 3600, True)
    assert figure.of(Told("ESC-1", "a", 1, START, None, []), now) is None
    assert figure.of(Told("ESC-1", "a", 1, START, now, begun.steps), now) is None


@pytest.mark.django_db
def test_they_are_kept_with_every_entry(case, engineer, developer):
    def kept(name):
        row = Measure.objects.filter(case=case, figure=name).first()
        return row and (row.part, row.whole, row.running)

    marks.diagnose(case, "route", by=engineer)
    assert kept("time-to-ticket")[2] is True  # its clock runs
    noted = commands.note(case, "ENG-5521", by=engineer)
    assert kept("time-to-ticket")[2] is False
    assert kept("ticket-first-pass") is None
    outcomes.answer_for_owner(noted, "sent_back", "which flag?", by=engineer, lacks="steps")
    outcomes.answer(noted, "this one", by=engineer)
    outcomes.answer_for_owner(noted, "accepted", "", by=engineer)
    assert kept("ticket-first-pass")[:2] == (0, 1)
