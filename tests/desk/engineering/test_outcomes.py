"""A ticket is filed once, through the gate, and what becomes of it is told on the timeline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.lines import read
from holdfast.desk.cases.lines import write as write_line
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.decisions.commands import answer as decide
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.decisions.models import Decision
from holdfast.desk.engineering import commands, outcomes
from holdfast.desk.engineering.models import Ticket
from holdfast.desk.engineering.queries import record
from holdfast.desk.engineering.watching import note_late
from holdfast.desk.response.telling import items_of

pytestmark = pytest.mark.django_db


def clock_of(case: Any) -> str:
    case = Case.objects.select_related("organisation", "customer").get(id=case.id)
    return next(one.status for one in clocks_of(case) if one.rule.name == "ticket")


def test_filing_stops_the_clock_and_tells_the_owner(
    known: Any, engineer: Any, developer: Any, whole: Any
) -> None:
    assert clock_of(known) == "running"

    filed = commands.file(whole(), by=engineer)

    assert (filed.state, filed.reference, filed.tracker) == ("filed", "ENG-1", "desk")
    entry = known.entries.latest("position")
    assert (entry.data["outcome"], entry.data["ticketed"], entry.data["reference"]) == (
        "filed",
        True,
        "ENG-1",
    )
    assert clock_of(known) == "met"
    assert Notice.objects.filter(person=developer, key__startswith="ticket/1/filed").count() == 1
    assert filed.late_at - timezone.now() > timedelta(hours=3)  # a P2 is answered within four hours


def test_open_checks_keep_it_whoever_presses_the_button(known: Any, engineer: Any, lead: Any) -> None:
    draft = commands.draft(known, by=engineer)
    with pytest.raises(NeedsApproval, match="decided by lead"):
        commands.file(draft, by=engineer, despite=True)
    with pytest.raises(Conflict, match=r"1 open: priority"):
        commands.file(draft, by=lead)
    assert commands.file(draft, by=lead, despite=True).open_checks == ["priority"]


def test_a_decision_lets_exactly_that_text_pass(known: Any, engineer: Any, lead: Any) -> None:
    draft = commands.draft(known, by=engineer)
    commands.request(draft, "the region is down", by=engineer)
    decide(Decision.objects.get(case=known), True, by=lead)
    other = commands.write(draft, commands.Said(summary="another title"), by=engineer)
    with pytest.raises(NeedsApproval, match="something else"):
        commands.file(other, by=engineer, despite=True)
    draft = commands.write(draft, commands.Said(summary="route drops the log line"), by=engineer)
    with pytest.raises(Conflict, match="despite"):
        commands.file(draft, by=engineer)
    assert Decision.objects.get(case=known).state == "approved"  # nothing was used up
    assert commands.file(draft, by=engineer, despite=True).state == "filed"
    assert Decision.objects.get(case=known).state == "used"


def test_what_leaves_has_no_secrets_and_no_personal_data(whole: Any, engineer: Any) -> None:
    draft = whole(actual="line 53: 0 of 60 (F-01). bob.smith@example.org saw it")
    draft = commands.write(draft, commands.Said(patch="+ mail = 'bob.smith@example.org'"), by=engineer)
    filed = commands.file(draft, by=engineer)
    assert "bob.smith" not in str(filed.sent)
    assert "route.log:54" in str(filed.sent)
    assert "bob.smith@example.org" in filed.parts["actual"]  # the draft stays the team's


def test_an_owner_sends_back_with_a_question_and_accepts_the_answer(
    known: Any, filed: Ticket, engineer: Any, developer: Any
) -> None:
    with pytest.raises(Conflict, match="say what it lacks"):
        outcomes.answer_for_owner(filed, "sent_back", "which flag?", by=developer)
    with pytest.raises(Conflict, match="nothing in it"):
        outcomes.answer_for_owner(filed, "sent_back", " ", by=developer, lacks="steps")
    back = outcomes.answer_for_owner(filed, "sent_back", "which flag is it?", by=developer, lacks="steps")
    assert back.state == "sent_back"
    assert Notice.objects.filter(person=engineer, text__contains="which flag is it?").count() == 1
    assert any("unanswered: “which flag is it?”" in item.text for item in items_of(known))

    commands.write(
        back, commands.Said(parts={"steps": "1. set route.batch-lookup to 100 %\n5 of 5"}), by=engineer
    )
    answered = outcomes.answer(back, "route.batch-lookup, ask bob.smith@example.org", by=engineer)
    assert answered.state == "filed"
    assert "route.batch-lookup to 100" in answered.sent["parts"]["steps"]
    assert "bob.smith" not in answered.exchanges.last().text
    assert outcomes.answer_for_owner(filed, "accepted", "", by=developer).state == "accepted"
    words = [one.word for one in filed.exchanges.all()]
    assert words == ["filed", "sent_back", "answered", "accepted"]
    told = [
        entry.data["outcome"] for entry in known.entries.filter(data__has_key="outcome").order_by("position")
    ]
    assert told == words

    kept = record(engineer, known.organisation_id, "ENG")
    assert (kept.judged, kept.first_pass, kept.lacked) == (1, 0, [("no minimal case", 1)])
    assert [one.text for one in kept.questions] == ["which flag is it?"]


def test_only_whoever_answers_for_the_component_says_what_becomes_of_it(
    filed: Ticket, engineer: Any, team_mate: Any, customer: Any, stranger: Any
) -> None:
    for person in (engineer, team_mate):
        with pytest.raises(PermissionDenied):
            outcomes.answer_for_owner(filed, "accepted", "", by=person)
    for person in (customer, stranger):
        with pytest.raises(Ticket.DoesNotExist):
            outcomes.answer_for_owner(filed, "accepted", "", by=person)
    with pytest.raises(Ticket.DoesNotExist):
        outcomes.seen_ticket(stranger, "ESC-1", 1)


def test_an_owner_sees_what_was_filed_and_not_the_case(known: Any, filed: Ticket, developer: Any) -> None:
    assert not Case.objects.visible_to(developer).exists()
    assert outcomes.seen_ticket(developer, "ESC-1", 1) == filed
    Ticket.objects.update(state="draft")
    with pytest.raises(Ticket.DoesNotExist):
        outcomes.seen_ticket(developer, "ESC-1", 1)


def test_what_cannot_be_said_now_is_refused(filed: Ticket, developer: Any, engineer: Any) -> None:
    with pytest.raises(Conflict, match="is filed"):
        outcomes.answer(filed, "nobody asked", by=engineer)
    with pytest.raises(Conflict, match="an owner says"):
        outcomes.answer_for_owner(filed, "withdrawn", "", by=developer)
    outcomes.answer_for_owner(filed, "fixed", "", by=developer)
    with pytest.raises(Conflict, match="is fixed"):
        outcomes.answer_for_owner(filed, "accepted", "", by=developer)
    assert outcomes.answer(filed, "it fails again in 1.0.3", by=engineer).state == "filed"


def test_withdrawing_lets_the_clock_run_on_unless_another_is_filed(
    known: Any, filed: Ticket, engineer: Any
) -> None:
    noted = commands.note(known, "ENG-5521", by=engineer)
    outcomes.withdraw(noted, "filed twice", by=engineer)
    assert clock_of(known) == "met"
    outcomes.withdraw(filed, "it was the proxy", by=engineer)
    assert clock_of(known) == "running"


def test_the_line_notes_a_ticket_filed_elsewhere_or_begins_one(known: Any, engineer: Any) -> None:
    assert "filed elsewhere" in read(known, "/ticket ENG-5521", by=engineer)
    write_line(known, "/ticket ENG-5521", by=engineer)
    write_line(known, "/ticket ENG-5521", by=engineer)
    noted = known.tickets.get()
    assert (noted.reference, noted.state, noted.tracker) == ("ENG-5521", "filed", "outside")
    assert clock_of(known) == "met"
    assert outcomes.answer_for_owner(noted, "accepted", "", by=engineer).state == "accepted"
    write_line(known, "/ticket", by=engineer)
    assert known.tickets.filter(state="draft").count() == 1


def test_a_late_answer_is_noted_once_and_told(known: Any, filed: Ticket, engineer: Any) -> None:
    Ticket.objects.update(late_at=timezone.now() - timedelta(minutes=1))
    note_late()
    note_late()
    assert known.entries.filter(data__late=True).count() == 1
    assert Notice.objects.filter(person=engineer, text__contains="has not answered").count() == 1
