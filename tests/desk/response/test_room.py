"""A war room: one commander, actions with a time, chat that stays chat, and a line that says how it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases import lines
from holdfast.desk.cases.commands import Conflict, comment
from holdfast.desk.cases.models import Notice
from holdfast.desk.decisions.models import Decision
from holdfast.desk.outbox.models import Event
from holdfast.desk.response import watching
from holdfast.desk.response.models import Action, Post, Presence
from holdfast.desk.response.room import (
    act,
    be_here,
    close_room,
    finish,
    hand_on,
    inside,
    lay_down,
    make_of,
    minutes,
    open_room,
    say_now,
    take_duty,
)
from holdfast.desk.response.standing import standing, stream

pytestmark = pytest.mark.django_db


def last(case):
    return case.entries.order_by("-position").first()


def now_(one):
    return Action.objects.select_related("person", "case__organisation").get(id=one.id)


def test_two_commanders_are_refused_and_one_hands_over_to_the_next(case, engineer, team_mate, lead, auditor):
    take_duty(case, "commander", engineer, by=engineer)
    with pytest.raises(Conflict, match="engineer is commander; they hand it over themselves, or a lead does"):
        take_duty(case, "commander", team_mate, by=team_mate)
    take_duty(case, "commander", team_mate, by=engineer)
    assert (last(case).data["from"], last(case).data["to"]) == ("engineer", "team_mate")
    take_duty(case, "commander", lead, by=lead)
    assert list(Post.objects.filter(until=None).values_list("person__username", flat=True)) == ["lead"]
    assert take_duty(case, "commander", lead, by=lead) == Post.objects.get(until=None)
    with pytest.raises(Conflict, match="there is no duty king"):
        take_duty(case, "king", lead, by=lead)
    with pytest.raises(Conflict, match="lead lays it down themselves"):
        lay_down(case, "commander", by=engineer)
    lay_down(case, "commander", by=lead)
    with pytest.raises(Conflict, match="nobody is commander"):
        lay_down(case, "commander", by=lead)


def test_somebody_who_left_takes_nothing(case, engineer, team_mate, customer):
    team_mate.is_active = False
    team_mate.save()
    with pytest.raises(Conflict, match="team_mate cannot take it"):
        take_duty(case, "scribe", team_mate, by=engineer)
    for name in ("team_mate", "nobody", "@", "customer"):
        with pytest.raises(Conflict):
            inside(case, name)


def test_an_action_has_a_time_and_ends_in_one_of_three_ways(case, engineer, team_mate):
    one = act(case, team_mate, "read the dump", 15, by=engineer)
    assert "A-1 is yours, 15 min" in Notice.objects.get(person=team_mate).text
    next_ = hand_on(one, engineer, 30, by=team_mate)
    assert (now_(one).state, now_(one).outcome) == ("handed", "A-2 of engineer")
    with pytest.raises(Conflict, match="A-1 is handed on: A-2 of engineer"):
        finish(one, "", by=team_mate)
    with pytest.raises(Conflict, match="engineer has it already"):
        hand_on(next_, engineer, 15, by=engineer)
    with pytest.raises(Conflict, match="nothing in it"):
        finish(next_, " ", by=engineer, dropped=True)
    finish(next_, "nothing odd in it", by=engineer)
    assert (last(case).data["from"], last(case).data["to"]) == ("running", "done")


@pytest.mark.parametrize(
    ("text", "found"), [("15m", 15), ("1h", 60), ("1h30m", 90), ("5min", 5), ("2H", 120)]
)
def test_times_are_read(text, found):
    assert minutes(text) == found


@pytest.mark.parametrize("text", ["", "soon", "0m", "25h", "15", "-5m"])
def test_times_that_are_none_are_refused(text):
    with pytest.raises(Conflict):
        minutes(text)


def test_an_action_over_its_time_is_seen_and_told_once(case, engineer, team_mate, lead):
    take_duty(case, "commander", lead, by=lead)
    act(case, team_mate, "read the dump", 15, by=engineer)
    Action.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    watching.watch_actions()
    watching.watch_actions()
    assert case.entries.filter(text__contains="is over its time").count() == 1
    assert Notice.objects.filter(person=lead, text__contains="A-1 of team_mate is over").exists()
    [running] = standing(case).running
    assert running.tone == "over"


def test_a_room_closes_when_every_action_has_ended(case, engineer):
    with pytest.raises(Conflict, match="no room is open"):
        close_room(case, by=engineer)
    open_room(case, by=engineer)
    one = act(case, engineer, "read the dump", 15, by=engineer)
    take_duty(case, "scribe", engineer, by=engineer)
    with pytest.raises(Conflict, match=r"done, dropped or handed on: A-1 \(engineer\)"):
        close_room(case, by=engineer)
    finish(one, "not needed", by=engineer, dropped=True)
    assert close_room(case, by=engineer).closed_at is not None
    assert not Post.objects.filter(until=None).exists()
    assert open_room(case, by=engineer).closed_at is None


def test_chat_stays_chat_until_somebody_makes_it_a_fact_or_a_decision(case, engineer, team_mate):
    said = comment(case, "the flag was on in episode 2", by=team_mate)
    fact = make_of(case, said.position, "fact", by=engineer)
    assert (fact.kind, fact.text, fact.data["of"]) == ("fact", said.text, said.position)
    assert make_of(case, said.position, "fact", by=engineer) == fact
    one = make_of(case, said.position, "decision", by=engineer)
    assert (one.what, one.state) == (said.text, "taken")
    assert case.entries.get(position=said.position).kind == "comment"
    with pytest.raises(Conflict, match="a fact or a decision"):
        make_of(case, said.position, "joke", by=engineer)


def test_one_sentence_says_what_happens_now(case, engineer):
    assert "nobody has said" in standing(case).now
    act(case, engineer, "read the dump", 15, by=engineer)
    assert (standing(case).now, standing(case).drafted) == ("engineer: read the dump.", True)
    say_now(case, "Testing H1: flag off on one pod", by=engineer)
    assert (standing(case).now, standing(case).drafted) == ("Testing H1: flag off on one pod", False)
    with pytest.raises(Conflict, match="400 characters"):
        say_now(case, "x" * 401, by=engineer)


def test_who_is_here_is_known_without_writing_each_time(case, engineer, team_mate):
    take_duty(case, "technical", engineer, by=engineer)
    be_here(case, engineer)
    be_here(case, team_mate)
    count = Event.objects.filter(kind="room.here").count()
    be_here(case, team_mate)
    assert Event.objects.filter(kind="room.here").count() == count == 2
    now = standing(case)
    assert [seat.here for seat in now.seats if seat.post] == [True]
    assert [one.person for one in now.others] == [team_mate]
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=6))
    now = standing(case)
    assert [seat.quiet >= timedelta(minutes=6) for seat in now.seats if seat.post] == [True]
    assert now.others == ()


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("/decide restart one pod", "yours to take. Still missing: the reason"),
        ("/decide restart one pod because it is stuck", "yours to take"),
        (
            "/decide risky-change: go back to 4.2 because of H1",
            "needs lead (lead). Still missing: risk …, undo …",
        ),
        ("/action @team_mate 15m read the dump", "action for team_mate, 15 min"),
        ("/action @E2", "action for team_mate, 15 min. What is to be done is still missing"),
        ("/action @nobody 5m x", "there is no @nobody here"),
        (
            "/hypothesis batch lookup stops",
            "hypothesis H1. Still missing: | what must be seen if it is true |",
        ),
        ("/hypothesis a | b | c", "hypothesis H1"),
        ("/fact", "a fact on the timeline. The words are still missing"),
        ("just words", "chat, until"),
        ("", ""),
    ],
)
def test_a_line_says_how_it_is_read_and_does_nothing(case, engineer, team_mate, lead, line, reads):
    before = case.entries.count()
    assert reads in lines.read(case, line, by=engineer)
    assert case.entries.count() == before


def test_a_line_does_what_it_said(case, engineer, team_mate):
    lines.write(case, "/action @team_mate 20m read the dump", by=engineer)
    action = Action.objects.get()
    assert (action.person, action.what) == (team_mate, "read the dump")
    assert action.due_at - action.started_at >= timedelta(minutes=19)
    lines.write(case, "/decide keep Sev 1 because episodes return risk: none undo: lower it", by=engineer)
    one = Decision.objects.get()
    assert (one.what, one.reason, one.risk, one.undo) == ("keep Sev 1", "episodes return", "none", "lower it")
    lines.write(case, "/hypothesis a | b | c", by=engineer)
    assert case.hypotheses.get().refutation == "c"
    lines.write(case, "/role scribe @team_mate", by=engineer)
    lines.write(case, "/now all wait for the dump", by=engineer)
    assert standing(case).now == "all wait for the dump"
    with pytest.raises(Conflict, match="there is no /dance"):
        lines.write(case, "/dance", by=engineer)


def test_what_was_missed_is_asked_for_by_its_place(case, engineer):
    first = comment(case, "one", by=engineer)
    comment(case, "two", by=engineer)
    assert [entry.text for entry in stream(case, after=first.position)] == ["two"]
    assert stream(case, "findings") == []


def test_the_page_and_its_news(case, engineer, team_mate, customer, signed_in):
    browser = signed_in(engineer)
    for text in ("/role commander", "/action @team_mate 15m read the dump", "hello", "/decide go because so"):
        assert browser.post("/cases/ESC-1/room/say", {"text": text}).status_code == 302
    page = browser.get("/cases/ESC-1/room").text
    for seen in ("read the dump", "Commander", "D-1", "hello", "Next update to customer"):
        assert seen in page
    news = browser.get("/cases/ESC-1/room/news?after=1").text
    assert news.count("<li") == case.entries.count() - 1
    assert browser.post("/cases/ESC-1/room/here").status_code == 204
    fetch = {"headers": {"X-Requested-With": "fetch"}}
    refused = browser.post("/cases/ESC-1/room/say", {"text": "/dance"}, **fetch)
    assert (refused.status_code, "there is no /dance" in refused.json()["refused"]) == (409, True)
    assert browser.post("/cases/ESC-1/room/say", {"text": "hi"}, **fetch).status_code == 204
    assert browser.get("/cases/ESC-1/room/reading?text=/now").json()["reads"].startswith("the one sentence")
    assert signed_in(customer).get("/cases/ESC-1/room").status_code == 403
    browser.post("/cases/ESC-1/room/actions/1/end", {"how": "hand-on", "person": "@engineer", "takes": "1h"})
    browser.post("/cases/ESC-1/room/actions/2/end", {"how": "drop", "text": "not needed"})
    assert set(Action.objects.values_list("state", flat=True)) == {"handed", "dropped"}
