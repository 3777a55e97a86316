"""One order with its reasons; who is full or in focus is protected; nothing rots unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.policy import QueueOrder
from holdfast.desk.cases.watching import attend
from holdfast.desk.policies.reading import Unusable, read
from holdfast.desk.queue.commands import concentrate, drop_view, in_bulk, keep_view
from holdfast.desk.queue.filters import Filter, asked
from holdfast.desk.queue.models import SavedView
from holdfast.desk.queue.queries import loads, place_of, queue, suggestions, views_of, waits
from holdfast.desk.queue.reviews import stand_up, weekly
from holdfast.desk.triage.commands import Answers, answer, set_scope

pytestmark = pytest.mark.django_db


def test_the_queue_puts_severity_first_and_an_acknowledged_case_after_one_nobody_has(declare, engineer):
    third, first, second = declare(severity=3), declare(severity=1), declare(severity=1)
    commands.acknowledge(second, by=engineer)
    assert [row.case.key for row in queue(engineer, Filter())] == [first.key, second.key, third.key]


def test_a_low_severity_left_alone_rises(declare, engineer):
    old = declare(severity=4, reported_at=timezone.now() - timedelta(days=90))
    declare(severity=2)
    assert queue(engineer, Filter())[0].case == old


def test_the_order_of_the_queue_is_the_order_of_the_points_it_shows(declare, engineer):
    for days, severity in ((0, 1), (30, 3), (3, 2), (70, 4), (1, 3)):
        declare(severity=severity, reported_at=timezone.now() - timedelta(days=days, minutes=1))
    points = [row.points for row in queue(engineer, Filter())]
    assert points == sorted(points, reverse=True)


def ago(**length):
    return timezone.now() - timedelta(**length)


def test_blast_revenue_and_security_move_a_case_up_and_say_so(declare, engineer):
    _, second = declare(), declare()
    set_scope(second, {"tenants": ["a", "b", "c"], "regions": ["eu-1", "us-1"]}, by=engineer)
    answer(second, Answers(revenue_at_risk=60_000, security=True), by=engineer)
    row = queue(engineer, Filter())[0]
    assert row.case == second
    texts = {reason.text for reason in row.reasons}
    assert {"3 tenants, 2 regions", "security", "revenue at risk 60\u202f000 a month"} <= texts
    assert sum(reason.points for reason in row.reasons) == row.points


def test_a_clock_that_runs_out_moves_its_case_up_when_the_round_comes_by(declare, engineer):
    late = declare(severity=2, reported_at=ago(minutes=57))
    commands.acknowledge(late, by=engineer)
    before = Case.objects.get(id=late.id).points
    attend(late.id, now=timezone.now() + timedelta(hours=3))
    after = Case.objects.get(id=late.id)
    assert after.points > before
    assert after.clock_percent >= 70


def test_days_of_silence_move_a_case_up(declare, engineer):
    case = declare(severity=4, reported_at=ago(days=9))
    Case.objects.filter(id=case.id).update(touched_at=ago(days=6))
    attend(case.id)
    assert any("untouched for 6 d" in reason.text for reason in queue(engineer, Filter())[0].reasons)


def test_why_a_place_opens_the_sum_and_the_moment_it_would_change(declare, engineer):
    declare(severity=1)
    case = Case.objects.get(id=declare(severity=2).id)
    place = place_of(engineer, case)
    assert (place.place, place.points) == (2, sum(reason.points for reason in place.reasons))
    assert place.change_at > timezone.now()
    assert "has used 50 %" in place.change


def test_places_lifted_by_age_are_counted(declare, engineer):
    for _ in range(3):
        declare(severity=1)
    old = Case.objects.get(id=declare(severity=4, reported_at=ago(days=90)).id)
    assert place_of(engineer, old).lifted == 3
    assert queue(engineer, Filter())[0].lifted


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("severity: {1: 100, 2: 60,", "severity: {1: 100, 2: 170,", "severity 2 has more points than 1"),
        (", 4: 10}", "}", "no points for severity 4"),
        ("70: 10", "70: 1", "clock 70 gives fewer points than 50"),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(before, after, reason):
    with pytest.raises(Unusable, match=reason):
        read(QueueOrder, QueueOrder.shipped()["default"].replace(before, after, 1))


WORDS = st.one_of(
    st.text(max_size=8), st.sampled_from(["mine", "1", "no-step", "waiting", "over", "blocked"])
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["view", "severity", "state", "is", "owner", "area"]), WORDS)))
def test_any_query_is_a_filter_and_comes_back_the_same(pairs):
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)
    wanted = asked(query)
    assert asked(QueryDict(wanted.query())) == wanted


def test_each_filter_narrows(declare, engineer, team_mate):
    blocked, mine, plain = declare(), declare(severity=1), declare(area="search")
    marks.plan(blocked, "wait", by=engineer, blocked_on="customer")
    commands.acknowledge(mine, by=engineer)

    def found(query):
        return {row.case for row in queue(engineer, asked(QueryDict(query)))}

    assert found("view=blocked") == {blocked}
    assert found("view=mine") == found("severity=1") == found("owner=engineer") == {mine}
    assert found("is=no-step") == {mine, plain}
    assert found("is=unacknowledged&area=sea") == {plain}
    assert found("is=over") == found("is=silent") == found("is=disputed") == set()


def test_a_view_is_kept_shared_and_forgotten(organisation, engineer, team_mate, customer):
    keep_view(engineer, "hot", asked(QueryDict("severity=1")), share=organisation)
    view = keep_view(engineer, "hot", asked(QueryDict("severity=1&is=over")), share=organisation)
    assert [one.query for one in views_of(team_mate)] == ["severity=1&is=over"]
    assert list(views_of(customer)) == []
    with pytest.raises(PermissionDenied):
        keep_view(customer, "x", Filter(), share=organisation)
    with pytest.raises(SavedView.DoesNotExist):
        drop_view(team_mate, view.id)
    drop_view(engineer, view.id)
    assert list(views_of(engineer)) == []


def test_many_cases_are_done_at_once_and_each_refused_alone(declare, engineer, team_mate):
    keys = [declare().key, declare().key]
    became = in_bulk([*keys, "ESC-99", keys[0]], "assign", "team_mate", by=engineer)
    assert became.done == keys
    assert became.refused == [("ESC-99", "there is no such case")]
    assert {case.owner for case in Case.objects.all()} == {team_mate}
    assert in_bulk(keys, "plan", "read the dump", by=engineer).done == keys
    assert in_bulk(keys, "assign", "nobody-known", by=engineer).refused[0][1].endswith("cannot own this case")
    with pytest.raises(Conflict, match="there is no burn"):
        in_bulk(keys, "burn", "", by=engineer)


def test_focus_time_is_protected_from_milder_cases(declare, engineer, team_mate):
    concentrate(team_mate, timezone.now() + timedelta(hours=1))
    with pytest.raises(Conflict, match="in focus until"):
        commands.assign(declare(severity=2), team_mate, by=engineer)
    assert commands.assign(declare(severity=1), team_mate, by=engineer).owner == team_mate
    assert commands.assign(declare(severity=3), team_mate, by=team_mate).owner == team_mate
    concentrate(team_mate, None)
    assert commands.assign(declare(severity=2), team_mate, by=engineer).owner == team_mate
    with pytest.raises(Conflict, match="8 hours"):
        concentrate(team_mate, timezone.now() + timedelta(days=2))


def test_a_suggestion_weighs_load_focus_and_what_somebody_knows(declare, engineer, team_mate, lead):
    for _ in range(2):
        commands.assign(declare(area="search"), team_mate, by=engineer)
    case = declare(area="search")
    first = suggestions(engineer, case)[0]
    assert (first.load.person, first.known) == (team_mate, 2)
    assert "2 of 4 cases, 2 like it in half a year" in first.reason
    for _ in range(2):
        commands.assign(declare(), team_mate, by=engineer)
    assert suggestions(engineer, case)[-1].load.person == team_mate
    concentrate(lead, timezone.now() + timedelta(hours=1))
    assert [load.at_once for load in loads(engineer) if load.person == team_mate] == [4]
    assert suggestions(engineer, case)[0].load.person == engineer


def test_who_waits_on_whom(declare, engineer):
    for _ in range(2):
        marks.plan(declare(), "verify", by=engineer, blocked_on="engineering, ENG-5521")
    (waiting,) = waits(engineer)
    assert (waiting.on, len(waiting.cases)) == ("engineering, ENG-5521", 2)


def test_the_stand_up_has_everybodys_turn_and_what_nobody_has(declare, engineer, team_mate):
    mine, nobodys = declare(severity=1), declare()
    commands.acknowledge(mine, by=engineer)
    told = stand_up(engineer)
    assert [(turn.load.person, turn.cases) for turn in told.turns] == [(engineer, [mine])]
    assert told.turns[0].moved == 2
    assert (told.first, told.unowned) == ([mine], [nobodys])
    assert nobodys in told.stepless


def test_the_week_is_counted(declare, engineer):
    declare(reported_at=ago(days=40))
    done = declare(severity=1)
    commands.change_state(done, "resolved", by=engineer)
    week = weekly(engineer)
    assert (week.opened, week.resolved, week.open_now) == (1, 1, 1)
    assert dict(week.ages)["over 30 d"] == 1


def test_the_pages_show_what_waits_to_be_done(declare, engineer, team_mate, signed_in):
    marks.plan(declare(title="Exports stop"), "ask", by=engineer, blocked_on="the customer")
    browser = signed_in(engineer)
    page = browser.get("/").content.decode()
    assert "Blocked" in page
    assert "the customer" in page
    fragment = browser.get("/cases/ESC-1/place").content.decode()
    assert "Why place 1" in fragment
    browser.post("/queue/bulk", {"case": ["ESC-1"], "deed": "assign", "owner": "team_mate"})
    assert Case.objects.get().owner == team_mate
    for address in ("/queue/stand-up", "/queue/weekly"):
        assert b"Exports stop" in browser.get(address).content


def test_somebody_outside_reads_no_more_of_the_queue_than_they_are_told(case, engineer, customer, signed_in):
    secret = "reads the ledger of invoices again"
    marks.plan(case, secret, by=engineer, blocked_on="the storage team")
    case.component = "ledger-writer"
    case.save()
    for address in ("/", "/?is=no-step", "/?owner=engineer", "/?area=ledger-writer", "/cases/?q=search"):
        page = signed_in(customer).get(address).content.decode()
        assert case.key in page
        for inside in (secret, "the storage team", "ledger-writer", "Why it stands here", "not acknowledged"):
            assert inside not in page
    told = signed_in(customer).get("/api/v1/queue?query=is%3Ddisputed").json()
    assert [row["key"] for row in told] == [case.key]
    assert [(row["reasons"], row["next_step"], row["blocked_on"], row["clock"]) for row in told] == [
        ([], "", "", "")
    ]


def test_a_row_drawn_before_is_drawn_anew_when_anything_it_shows_changes(declare, engineer, signed_in):
    case, browser = declare(title="Exports stop"), signed_in(engineer)
    assert "Exports stop" in browser.get("/").content.decode()
    marks.plan(case, "ask for a heap dump", by=engineer)
    assert "ask for a heap dump" in browser.get("/").content.decode()
    engineer.last_name = "Okafor"
    engineer.save()
    commands.acknowledge(case, by=engineer)
    assert "Okafor" in browser.get("/").content.decode()


def test_the_stand_up_gives_everybody_a_turn_however_many_cases_somebody_has(declare, engineer, team_mate):
    for _ in range(10):
        commands.assign(declare(severity=1), engineer, by=engineer)
    commands.assign(declare(severity=4), team_mate, by=engineer)
    told = {turn.load.person: len(turn.cases) for turn in stand_up(engineer).turns}
    assert told == {engineer: 8, team_mate: 1}
