"""Clocks on real cases: warned of before, broken once, told to whom the path names, whatever dies meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Entry, Notice
from holdfast.desk.cases.recounting import recount
from holdfast.desk.cases.telling import Message, tell
from holdfast.desk.cases.timeline import lock
from holdfast.desk.cases.watching import attend, watch
from holdfast.desk.clocks.policy import ClockPolicy
from holdfast.desk.engineering.commands import note
from holdfast.desk.outbox.models import Event, Round
from holdfast.desk.outbox.rounds import every, make_rounds
from holdfast.desk.policies.commands import publish

pytestmark = pytest.mark.django_db


def ago(minutes):
    return timezone.now() - timedelta(minutes=minutes)


def told(case, clock):
    entries = Entry.objects.filter(case=case, data__clock=clock).order_by("position")
    return [entry.data["percent"] for entry in entries]


def test_a_clock_that_runs_out_is_warned_of_and_its_break_recorded_once(declare, engineer, lead):
    case = declare(severity=1, reported_at=ago(11))
    watch()
    assert told(case, "acknowledge") == [70]
    for _ in range(2):
        attend(case.id, now=timezone.now() + timedelta(minutes=5))
    assert told(case, "acknowledge") == [70, 100]
    texts = list(Notice.objects.filter(person=lead).values_list("text", flat=True))
    assert any("Acknowledge is over its 15 min" in text for text in texts)
    assert Event.objects.filter(kind="notice.given").count() == Notice.objects.count()


def test_without_an_owner_the_lead_is_warned_and_with_one_the_owner(declare, engineer, lead):
    case = declare(severity=2, reported_at=ago(55))
    watch()
    assert {notice.person for notice in Notice.objects.filter(case=case)} == {lead}
    mine = declare(severity=1, reported_at=ago(70))
    commands.acknowledge(mine, by=engineer)
    attend(mine.id)
    assert engineer in {notice.person for notice in Notice.objects.filter(case=mine)}


def test_a_round_that_dies_in_the_middle_loses_nothing_and_says_nothing_twice(declare, lead, monkeypatch):
    case = declare(severity=1, reported_at=ago(11))
    from holdfast.desk.cases import watching

    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watching, "notify", dies)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            attend(case.id)
    assert told(case, "acknowledge") == []
    watch()
    watch()
    assert told(case, "acknowledge") == [70]


def test_the_clock_of_the_queue_is_the_one_that_breaks_next(case, engineer):
    commands.acknowledge(case, by=engineer)
    case = Case.objects.get(id=case.id)
    assert case.next_clock in ("diagnose", "update")
    assert case.next_due_at == min(c.due for c in clocks_of(lock(case.id)) if c.runs and c.due)


def test_what_is_kept_beside_a_case_can_be_counted_anew(case, engineer):
    commands.acknowledge(case, by=engineer)
    kept = ("next_due_at", "next_clock", "next_clock_from", "clock_percent", "points", "standing")
    before = Case.objects.values(*kept).get(id=case.id)
    Case.objects.filter(id=case.id).update(next_due_at=None, next_clock="", points=0, standing=0)
    assert recount() == 1
    after = Case.objects.values(*kept).get(id=case.id)
    assert {k: v for k, v in after.items() if k != "next_due_at"} == {
        k: v for k, v in before.items() if k != "next_due_at"
    }
    assert abs(after["next_due_at"] - before["next_due_at"]) < timedelta(seconds=1)


def test_the_customers_answer_in_a_pause_is_found(case, engineer, customer, signed_in):
    commands.change_state(case, "diagnosing", by=engineer)
    commands.change_state(case, "waiting", by=engineer)
    commands.comment(case, "here is the dump", by=customer)
    commands.change_state(case, "diagnosing", by=engineer)
    (pause,) = next(c for c in clocks_of(case) if c.rule.name == "mitigate").needless
    assert pause.answered_at is not None
    page = signed_in(engineer).get("/cases/ESC-1/clocks").content.decode()
    assert "Paused although the customer had answered" in page


def test_another_version_of_the_policy_can_be_replayed(case, engineer, lead, organisation, signed_in):
    text = ClockPolicy.shipped()["default"].replace("{1: 4h, 2: 1d, 3: 40h}", "{1: 1h, 2: 2h, 3: 8h}")
    publish(ClockPolicy, organisation, text, by=lead, why="we promised more")

    def target(version):
        answer = signed_in(engineer).get("/api/v1/cases/ESC-1/clocks", {"version": version}).json()
        assert answer["policy_version"] == version
        return next(c["target_seconds"] for c in answer["clocks"] if c["clock"] == "mitigate")

    assert (target(1), target(0)) == (7200, 86400)
    assert b"replay" in signed_in(engineer).get("/cases/ESC-1/clocks?version=0").content
    assert Case.objects.get(id=case.id).attention_at <= timezone.now()


def test_a_new_policy_is_counted_into_open_cases_by_the_round(declare, lead, organisation):
    case = declare(severity=2)
    text = ClockPolicy.shipped()["default"].replace("2: 1h, 3: 4h", "2: 30m, 3: 4h")
    publish(ClockPolicy, organisation, text, by=lead, why="faster")
    watch()
    case.refresh_from_db()
    assert case.next_due_at == case.reported_at + timedelta(minutes=30)


def test_a_policy_that_names_a_calendar_nobody_wrote_is_refused(lead, organisation):
    from holdfast.desk.policies.reading import Unusable

    text = ClockPolicy.shipped()["default"].replace("4: default", "4: munich")
    with pytest.raises(Unusable, match=r"line 8: there is no business calendar called munich"):
        publish(ClockPolicy, organisation, text, by=lead, why="Munich")


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [(-5, "lies in the future"), (90, "before the case was reported"), (20, "would be before")],
)
def test_an_impossible_time_is_refused_with_the_reason(declare, engineer, minutes, reason):
    case = declare(reported_at=ago(60))
    commands.change_state(case, "diagnosing", by=engineer, happened_at=ago(10))
    with pytest.raises(Conflict, match=reason):
        commands.change_state(case, "mitigated", by=engineer, happened_at=ago(minutes))
    case.refresh_from_db()
    assert (case.state, Entry.objects.filter(case=case).count()) == ("diagnosing", 2)


def test_a_mitigation_can_be_told_of_later(declare, engineer):
    case = declare(reported_at=ago(60))
    commands.change_state(case, "diagnosing", by=engineer, happened_at=ago(50))
    commands.change_state(case, "mitigated", by=engineer, happened_at=ago(30))
    clock = next(c for c in clocks_of(case) if c.rule.name == "mitigate")
    assert abs(clock.used - timedelta(minutes=30)) < timedelta(seconds=5)


@pytest.mark.parametrize("value", ["2026-03-01T10:00:00", "yesterday"])
def test_a_time_without_zone_is_refused(case, engineer, signed_in, value):
    browser = signed_in(engineer)
    browser.post("/cases/ESC-1/state", {"to": "waiting", "at": value})
    case.refresh_from_db()
    assert case.state == "new"
    body = {"to": "waiting", "happened_at": value}
    assert browser.post("/api/v1/cases/ESC-1/state", body, content_type="application/json").status_code == 422


def test_of_two_who_write_the_next_step_neither_loses_text(case, engineer, team_mate, signed_in):
    marks.plan(case, "read the dump", by=engineer, before="")
    answer = signed_in(team_mate).post(
        "/cases/ESC-1/plan", {"step": "ask the customer", "before": ""}, follow=True
    )
    said = answer.content.decode()
    assert "read the dump" in said
    assert "ask the customer" in said
    case.refresh_from_db()
    assert case.next_step == "read the dump"


def test_of_two_who_rewrite_the_impact_neither_loses_text(case, engineer, team_mate):
    marks.rewrite_impact(case, "7 of 31 fail", by=engineer, before="")
    with pytest.raises(marks.Overtaken, match=r"7 of 31 fail.*9 of 44 fail"):
        marks.rewrite_impact(case, "9 of 44 fail", by=team_mate, before="")


def test_deeds_stop_their_clocks(case, engineer):
    commands.acknowledge(case, by=engineer)
    tell(case, Message("We read the logs."), by=engineer)
    marks.diagnose(case, "route service", by=engineer)
    note(case, "ENG-5521", by=engineer)
    commands.change_state(case, "resolved", by=engineer)
    marks.note_review(case, "RCA-12", by=engineer)
    status = {(c.rule.name, c.number): c.status for c in clocks_of(case)}
    assert status == {
        ("acknowledge", 1): "met", ("diagnose", 1): "met", ("mitigate", 1): "met", ("resolve", 1): "met",
        ("update", 1): "met", ("update", 2): "ended", ("ticket", 1): "met", ("review", 1): "met",
    }  # fmt: skip


def test_a_refuted_diagnosis_lets_the_clock_run_on(case, engineer, signed_in):
    marks.diagnose(case, "route service", by=engineer)
    signed_in(engineer).post("/cases/ESC-1/note", {"text": "/refuted the service was fine"})
    assert next(c for c in clocks_of(case) if c.rule.name == "diagnose").status == "running"


def test_a_round_is_made_by_one_and_again_when_it_is_due(monkeypatch):
    made = []
    every(60, "for a test")(lambda: made.append(1))
    now = timezone.now()
    assert "for a test" in make_rounds(now)
    assert "for a test" not in make_rounds(now + timedelta(seconds=30))
    assert "for a test" in make_rounds(now + timedelta(seconds=61))
    assert len(made) == 2
    with pytest.raises(ValueError, match="for a test"):
        every(1, "for a test")(lambda: None)
    from holdfast.desk.outbox import rounds

    rounds._rounds.pop("for a test")
    assert Round.objects.get(name="for a test").due_at > now
