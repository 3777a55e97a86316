"""What needs a decision does not happen without one; who left, what expired and what changed does not count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from holdfast.cli import deciding
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.decisions import watching
from holdfast.desk.decisions.commands import (
    Question,
    answer,
    ask,
    break_glass,
    decision_of,
    delegate,
    end_delegation,
    review,
    withdraw,
)
from holdfast.desk.decisions.guarding import NeedsApproval, require
from holdfast.desk.decisions.models import Decision, Voice
from holdfast.desk.decisions.queries import mine, rows, unreviewed
from holdfast.desk.decisions.rights import DecisionRights, Right
from holdfast.desk.people.models import Person
from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.reading import Unusable, read
from holdfast.desk.triage.commands import dispute

pytestmark = pytest.mark.django_db
TEXT = DecisionRights.shipped()["default"]
FLAG = Question(Right.RISKY_CHANGE, "switch the flag off in eu-1", about="flag", details={"to": "off"})


def locked(case: Case) -> Case:
    return Case.objects.select_for_update().select_related("organisation").get(id=case.id)


def needs(case, by, right=Right.RISKY_CHANGE, about="flag", details=None):
    with pytest.raises(NeedsApproval) as caught:
        require(
            locked(case), right, by=by, about=about, details={"to": "off"} if details is None else details
        )
    return str(caught.value)


def last(case):
    return case.entries.order_by("-position").first()


def test_what_is_an_engineers_needs_nobody_and_says_under_which_policy(case, engineer):
    done = require(locked(case), Right.SAFE_CHANGE, by=engineer, about="restart")
    assert (done.decision, done.data) == (None, {"right": "safe-change", "decision": None, "rights": 0})


def test_a_risky_change_waits_for_a_lead_and_is_done_by_the_decision_once(case, engineer, lead):
    assert "is decided by lead (lead); ask for it" in needs(case, engineer)
    one = ask(case, FLAG, by=engineer)
    assert ask(case, FLAG, by=engineer) == one
    assert "D-1 waits for it" in needs(case, engineer)
    assert "You decide" in Notice.objects.get(person=lead).text
    assert mine(lead) == [one]
    assert mine(engineer) == []
    answer(one, True, by=lead, text="3 of 5 came back in staging")
    done = require(locked(case), Right.RISKY_CHANGE, by=engineer, about="flag", details={"to": "off"})
    assert done.decision == one
    assert (last(case).data["from"], last(case).data["to"]) == ("approved", "used")
    assert "D-1 was used up by an earlier deed" in needs(case, engineer)


def test_an_approval_is_of_exactly_what_was_asked(case, engineer, lead):
    answer(ask(case, FLAG, by=engineer), True, by=lead)
    assert "of something else than what is to be done now" in needs(case, engineer, details={"to": "50 %"})


def test_nobody_approves_their_own_request(case, lead):
    one = ask(case, FLAG, by=lead)
    with pytest.raises(NeedsApproval, match="your own request; somebody else has to decide it"):
        answer(one, True, by=lead)
    assert mine(lead) == []


def test_who_has_no_right_is_told_who_has(case, engineer, team_mate, lead):
    one = ask(case, FLAG, by=engineer)
    with pytest.raises(NeedsApproval, match=r"D-1 is decided by lead \(lead\)"):
        answer(one, True, by=team_mate)
    assert not Voice.objects.exists()


def test_an_expired_approval_does_not_count_and_its_end_is_told(case, engineer, lead):
    one = ask(case, FLAG, by=engineer)
    answer(one, True, by=lead)
    past = timezone.now() - timedelta(minutes=1)
    Voice.objects.update(until=past)
    Decision.objects.update(until=past)
    assert "D-1 expired at" in needs(case, engineer)
    watching.end_old()
    assert decision_of(case, 1).state == "expired"
    assert "was approved, and not used" in last(case).text
    assert Notice.objects.filter(person=engineer, text__contains="D-1 expired; ask anew").exists()
    watching.end_old()
    assert case.entries.filter(text__startswith="D-1 expired").count() == 1


def test_a_request_that_nobody_answers_expires_aloud(case, engineer, lead):
    one = ask(case, FLAG, by=engineer)
    Decision.objects.update(until=timezone.now())
    with pytest.raises(Conflict, match="expired at"):
        answer(one, True, by=lead)
    watching.end_old()
    assert "it waited until" in last(case).text


def test_an_approver_who_left_no_longer_counts(case, engineer, lead, manager):
    one = ask(case, FLAG, by=engineer)
    answer(one, True, by=lead)
    Person.objects.filter(id=lead.id).update(is_active=False)
    assert "lacks 1 approval: who gave it has left" in needs(case, engineer)
    [row] = rows(manager, case, list(Decision.objects.all()))
    assert row.hollow
    Person.objects.filter(id=lead.id).update(is_active=True)
    lead.memberships.update(role="engineer")
    assert "lacks 1 approval" in needs(case, engineer)


def test_a_quorum_counts_different_people(case, engineer, team_mate, sre, lead):
    one = ask(case, Question(Right.PROCESS, "skip the review", about="process/review"), by=engineer)
    answer(one, True, by=team_mate)
    assert "D-1 waits" in needs(case, engineer, Right.PROCESS, "process/review", {})
    with pytest.raises(Conflict, match="you have answered D-1"):
        answer(one, True, by=team_mate)
    answer(one, True, by=lead)
    assert require(locked(case), Right.PROCESS, by=engineer, about="process/review").decision == one


def test_one_refusal_is_enough_and_says_why(case, engineer, lead, manager):
    one = ask(case, FLAG, by=engineer)
    with pytest.raises(Conflict, match="nothing in it"):
        answer(one, False, by=lead)
    answer(one, False, by=lead, text="it destroys the state H1 needs")
    assert "D-1 was refused" in needs(case, engineer)
    with pytest.raises(Conflict, match="D-1 is refused"):
        answer(one, True, by=manager)


def test_what_is_withdrawn_allows_nothing(case, engineer, lead, team_mate):
    one = ask(case, FLAG, by=engineer)
    answer(one, True, by=lead)
    with pytest.raises(PermissionDenied):
        withdraw(one, by=team_mate)
    withdraw(one, by=lead, reason="the error rate fell")
    assert "D-1 was withdrawn" in needs(case, engineer)


def test_a_right_is_handed_on_for_a_time_and_not_further(case, engineer, team_mate, lead, customer):
    now = timezone.now()
    when = {"starts": now - timedelta(minutes=1), "ends": now + timedelta(hours=8)}
    with pytest.raises(PermissionDenied, match="you do not hold this right"):
        delegate(case.organisation, Right.RISKY_CHANGE, lead, by=engineer, **when)
    with pytest.raises(Conflict, match="this right is not handed on"):
        delegate(case.organisation, Right.COMPENSATION, lead, by=engineer, **when)
    with pytest.raises(Conflict, match="cannot take it"):
        delegate(case.organisation, Right.RISKY_CHANGE, customer, by=lead, **when)
    with pytest.raises(Conflict, match="from when until when"):
        delegate(
            case.organisation,
            Right.RISKY_CHANGE,
            team_mate,
            by=lead,
            starts=now,
            ends=now - timedelta(hours=1),
        )
    handed = delegate(case.organisation, Right.RISKY_CHANGE, team_mate, by=lead, **when)
    one = ask(case, FLAG, by=engineer)
    answer(one, True, by=team_mate)
    voice = Voice.objects.get()
    assert (voice.person, voice.holder) == (team_mate, lead)
    assert "approved for lead" in case.entries.filter(data__to="approved").get().text
    end_delegation(handed, by=lead)
    other = ask(case, Question(Right.RISKY_CHANGE, "switch it on", about="flag on"), by=engineer)
    with pytest.raises(NeedsApproval):
        answer(other, True, by=team_mate)


def test_a_delegate_does_not_decide_what_the_holder_asked(case, team_mate, lead):
    now = timezone.now()
    ends = now + timedelta(hours=1)
    delegate(case.organisation, Right.RISKY_CHANGE, team_mate, by=lead, starts=now, ends=ends)
    with pytest.raises(NeedsApproval, match="your own request"):
        answer(ask(case, FLAG, by=lead), True, by=team_mate)


def test_broken_glass_lets_its_breaker_through_raises_the_alarm_and_is_reviewed(
    case, engineer, team_mate, lead, manager
):
    one = ask(case, FLAG, by=engineer)
    with pytest.raises(Conflict, match="nothing in it"):
        break_glass(one, " ", by=engineer)
    break_glass(one, "all searches fail, lead and manager do not answer", by=engineer)
    for person in (lead, manager):
        assert Notice.objects.filter(person=person, text__startswith="ALARM ESC-1").count() == 1
    assert "only the one who broke the glass" in needs(case, team_mate)
    done = require(locked(case), Right.RISKY_CHANGE, by=engineer, about="flag", details={"to": "off"})
    assert done.decision == one
    assert unreviewed(lead) == [one]
    with pytest.raises(NeedsApproval, match="looked at by somebody else"):
        review(one, "fine", by=engineer)
    review(one, "right: nobody was reachable for 20 minutes", by=lead)
    assert unreviewed(lead) == []
    assert "broken glass reviewed" in last(case).text


def test_glass_is_not_broken_where_the_policy_says_so(case, engineer):
    one = ask(case, Question(Right.COMPENSATION, "a credit of a month", about="credit"), by=engineer)
    with pytest.raises(NeedsApproval, match="glass may not be broken for this"):
        break_glass(one, "the customer shouts", by=engineer)


def test_what_is_ones_own_to_decide_is_taken_at_once(case, engineer):
    one = ask(case, Question(Right.COURSE, "read the dump first", reason="it is cheap"), by=engineer)
    assert (one.state, one.voices.get().person) == ("taken", engineer)


def test_a_stricter_policy_counts_at_once(case, engineer, lead, manager):
    one = ask(case, FLAG, by=engineer)
    answer(one, True, by=lead)
    text = TEXT.replace("decides: lead\n    expires: 2h", "decides: lead\n    quorum: 2\n    expires: 2h")
    publish(DecisionRights, case.organisation, text, by=lead, why="two leads from now on")
    assert "2 of lead" in needs(case, engineer)


def test_a_right_younger_than_the_published_text_is_decided_as_shipped(case, engineer, lead):
    start, end = TEXT.index("  access:"), TEXT.index("  compensation:")
    publish(DecisionRights, case.organisation, TEXT[:start] + TEXT[end:], by=lead, why="an old text")
    assert "decided by manager" in needs(case, engineer, Right.ACCESS, "shell", {})


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("decides: executive", "decides: board", "decided by board, which is no level"),
        ("lead: [lead, manager, admin]", "lead: [lead, customer]", "lead holds customers"),
        ("alarm: [lead, manager]", "alarm: []", "lets glass be broken, and nobody hears of it"),
        ("alarm: [lead, manager]", "alarm: [customer]", "customers do not hear"),
    ],
)
def test_rights_that_contradict_themselves_are_refused(before, after, reason):
    with pytest.raises(Unusable, match=reason):
        read(DecisionRights, TEXT.replace(before, after, 1))


def test_a_dispute_is_settled_by_its_decision_either_way(case, engineer, team_mate, lead):
    dispute(case, 1, by=engineer, reason="the region is down")
    answer(decision_of(case, 1), False, by=lead, text="one customer only")
    case = Case.objects.get(id=case.id)
    assert (case.severity, case.disputed) == (2, False)
    dispute(case, 1, by=team_mate, reason="three customers now")
    answer(decision_of(case, 2), True, by=lead, text="yes")
    case = Case.objects.get(id=case.id)
    assert (case.severity, case.disputed, decision_of(case, 2).state) == (1, False, "used")
    assert last(case).data["decision"] == 2


def test_the_pages_show_what_waits_and_take_answers(case, engineer, lead, manager, signed_in):
    ask(case, FLAG, by=engineer)
    browser = signed_in(lead)
    assert "switch the flag off" in browser.get("/decisions/").text
    page = browser.get("/cases/ESC-1/decisions").text
    assert "Approve" in page
    assert "Approve" not in signed_in(engineer).get("/cases/ESC-1/decisions").text
    browser.post("/cases/ESC-1/decisions/1/answer", {"answer": "approve", "text": "go"})
    assert decision_of(case, 1).state == "approved"
    answered = signed_in(engineer).post("/cases/ESC-1/decisions/1/answer", {"answer": "approve"}, follow=True)
    assert "is decided by lead" in answered.text


def test_a_refusal_has_one_shape_through_the_api(case, engineer, signed_in):
    ask(case, FLAG, by=engineer)
    answered = signed_in(engineer).post(
        "/api/v1/cases/ESC-1/decisions/1/answer", {"approve": True}, content_type="application/json"
    )
    assert answered.status_code == 409
    assert answered.json()["error"]["code"] == "needs_approval"


def test_the_command_line_refuses_what_is_no_decision(capsys):
    assert deciding.decide("ESC-1", "4", "dance", "", "http://x", "") == 2
    assert "approve, refuse" in capsys.readouterr().err
