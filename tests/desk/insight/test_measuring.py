"""What is kept of a case is what its timeline says, figure by figure, and opens onto the case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.recounting import recount
from holdfast.desk.cases.telling import Message, tell
from holdfast.desk.cases.watching import attend
from holdfast.desk.closure.commands import answer_survey, close, judge, learn, reopen
from holdfast.desk.closure.models import Survey
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.models import Measure
from holdfast.desk.insight.queries import behind, lines, recounted
from holdfast.desk.triage.commands import Answers, answer, confirm

pytestmark = pytest.mark.django_db


def ago(**length):
    return timezone.now() - timedelta(**length)


def line(name, person, group="2"):
    return next(one for one in lines(all_figures()[name], person) if one.group == group)


@pytest.fixture
def lived(declare, engineer, customer):
    """Cases that lived through everything a figure counts."""
    first = declare(reported_at=ago(days=40))
    commands.acknowledge(first, by=engineer)
    tell(first, Message("We read the logs."), by=engineer)
    marks.diagnose(first, "route", by=engineer)
    commands.change_state(first, "resolved", by=engineer, happened_at=None)
    for item in ("cause", "article", "ticket"):
        learn(first, item, "x", by=engineer)
    judge(first, by=customer, solved=True)
    close(first, by=engineer)
    answer_survey(Survey.objects.get(case=first), 4)
    second = declare(severity=1)
    answer(second, Answers(impact="degraded"), by=engineer)
    confirm(second, 3, by=engineer)
    third = declare()
    commands.change_state(third, "resolved", by=engineer)
    reopen(third, "back", by=engineer)
    return first, second, third


def test_recounted_from_the_timelines_it_is_what_is_kept(lived):
    cases = Case.objects.select_related("organisation", "customer")
    now = timezone.now()
    assert Measure.objects.count() >= 12
    assert recounted(cases, now) == []
    Measure.objects.filter(figure="satisfaction").update(part=1)
    assert recounted(cases, now) == [f"{lived[0].key} satisfaction"]
    Measure.objects.all().delete()
    recount()
    assert recounted(cases, now) == []


def test_each_figure_counts_what_its_definition_says(lived, engineer):
    assert (line("satisfaction", engineer).share, line("satisfaction", engineer).met) == (4.0, False)
    inflated = line("severity-inflation", engineer, "test")
    assert (inflated.part, inflated.whole) == (1, 1)
    cadence = line("update-cadence", engineer)
    assert (cadence.part, cadence.whole, cadence.met) == (1, 1, True)
    backlog = line("backlog-age", engineer)
    assert (backlog.part, backlog.whole) == (0, 1)
    resolution = line("time-to-resolution", engineer).summary
    assert (resolution.number, resolution.running) == (2, 1)
    assert line("time-to-diagnosis", engineer).summary.number == 2


def test_what_came_back_counts_when_its_fortnight_is_over(lived, engineer):
    assert line("reopened", engineer).number == 0
    Measure.objects.filter(figure="reopened").update(counts_from=ago(days=1))
    share = line("reopened", engineer)
    assert (share.part, share.whole) == (1, 2)


def test_an_old_case_is_old_without_anybody_touching_it(declare, engineer):
    case = declare(reported_at=ago(days=13))
    assert line("backlog-age", engineer).part == 0
    Measure.objects.filter(case=case).update(reported_at=ago(days=15))
    assert line("backlog-age", engineer).part == 1


def test_a_missed_update_is_counted_by_the_round(declare, engineer):
    case = declare(severity=1)
    commands.acknowledge(case, by=engineer)
    attend(case.id, now=timezone.now() + timedelta(hours=1))
    cadence = line("update-cadence", engineer, "1")
    assert (cadence.part, cadence.whole, cadence.met) == (0, 1, False)


def test_another_ending_is_not_a_resolution(declare, engineer):
    case = declare(severity=4)
    commands.change_state(case, "resolved", by=engineer)
    close(case, by=engineer, reason="withdrawn")
    assert behind(all_figures()["time-to-resolution"], engineer, "4") == []


def test_every_line_opens_onto_its_cases(lived, engineer, stranger, signed_in):
    for name, figure in all_figures().items():
        for one in lines(figure, engineer):
            page = signed_in(engineer).get(f"/figures/{name}/{one.group}").content.decode()
            assert page.count('<tr data-href="/cases/') == one.number
    for figure in all_figures().values():
        assert all(not one.number for one in lines(figure, stranger))


def test_a_figure_taken_back_is_no_longer_kept(case, engineer):
    assert Measure.objects.filter(case=case, figure="backlog-age").exists()
    commands.change_state(case, "resolved", by=engineer)
    assert not Measure.objects.filter(case=case, figure="backlog-age").exists()
