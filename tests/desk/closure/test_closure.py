"""A case ends with the customer's word or a stated reason, with what was learned, and may come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.cases.telling import Message, tell
from holdfast.desk.closure.commands import (
    address_of,
    answer_survey,
    close,
    judge,
    learn,
    missing,
    reopen,
    survey_of,
)
from holdfast.desk.closure.hygiene import Check, all_checks, found_by, tally, untidy
from holdfast.desk.closure.models import Survey
from holdfast.desk.closure.policy import ClosurePolicy
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable, read

pytestmark = pytest.mark.django_db
TEXT = ClosurePolicy.shipped()["default"]


@pytest.fixture
def resolved(case, engineer):
    return commands.change_state(case, "resolved", by=engineer)


@pytest.fixture
def ready(resolved, engineer):
    """Resolved, with everything learned."""
    for item in ("cause", "article", "ticket"):
        learn(resolved, item, "a full disk", by=engineer)
    return Case.objects.select_related("organisation").get(id=resolved.id)


def last(case):
    return case.entries.order_by("-position").first()


def test_nobody_closes_a_case_past_its_checks(ready, engineer):
    with pytest.raises(Conflict, match="page Closing"):
        commands.change_state(ready, "closed", by=engineer)


def test_a_case_is_not_closed_before_it_is_learned_from(resolved, engineer):
    with pytest.raises(Conflict, match="not learned yet: cause, article, ticket"):
        close(resolved, by=engineer, confirmed="by phone")
    learn(resolved, "cause", "a full disk", by=engineer)
    learn(resolved, "article", "one of a kind", by=engineer, needed=False)
    assert missing(resolved, shipped(ClosurePolicy).value) == ["ticket"]


def test_it_is_closed_on_the_customers_word_written_down(ready, engineer):
    case = close(ready, by=engineer, confirmed="Ms Ray by phone")
    entry = last(case)
    assert (case.state, entry.data["confirmation"]) == ("closed", "customer")
    assert "Ms Ray by phone" in entry.text


def test_it_is_closed_on_the_customers_own_word(ready, engineer, customer):
    judge(ready, by=customer, solved=True, text="works again")
    assert last(close(ready, by=engineer)).data["confirmation"] == "customer"


def test_without_their_word_it_takes_a_stated_reason_and_its_days(ready, engineer):
    with pytest.raises(Conflict, match="stated reasons: no-answer, withdrawn"):
        close(ready, by=engineer, reason="tired of it")
    with pytest.raises(Conflict, match="has until"):
        close(ready, by=engineer, reason="no-answer")
    Case.objects.filter(id=ready.id).update(state_at=timezone.now() - timedelta(days=11))
    ready.refresh_from_db()
    assert last(close(ready, by=engineer, reason="no-answer")).data["confirmation"] == "no-answer"


def test_a_customer_who_says_it_is_not_solved_opens_it_again(ready, customer):
    case = judge(ready, by=customer, solved=False, text="still failing")
    assert (case.state, case.closed_at, last(case).data["reopened"]) == ("diagnosing", None, True)


def test_the_team_does_not_speak_for_the_customer(ready, engineer):
    with pytest.raises(Conflict, match="the customer's to say"):
        judge(ready, by=engineer, solved=True)


def test_a_customer_who_writes_to_a_resolved_case_is_noticed(resolved, engineer, customer, lead):
    commands.comment(resolved, "it is back since noon", by=customer)
    assert "Reopen it?" in Notice.objects.get(person=lead).text
    case = Case.objects.get(id=resolved.id)
    assert [check.name for check in untidy(case) if check.sort == "contradictory"] == ["came-back"]
    tell(resolved, Message("We look at it."), by=engineer)
    assert "came-back" not in [check.name for check in untidy(Case.objects.get(id=resolved.id))]
    assert reopen(resolved, "back since noon", by=engineer).state == "diagnosing"
    with pytest.raises(Conflict, match="is open"):
        reopen(resolved, "again", by=engineer)


def test_the_survey_takes_one_answer_and_only_by_its_own_link(ready, engineer, client):
    case = close(ready, by=engineer, confirmed="by phone")
    survey = Survey.objects.get(case=case)
    link = f"/survey/{address_of(survey)}"
    assert b"How was it?" in client.get(link).content
    assert b"Thank you" in client.post(link, {"score": "4", "text": "quick"}).content
    assert b"answered" in client.post(link, {"score": "1"}).content
    survey.refresh_from_db()
    assert (survey.score, last(case).text) == (4, "Satisfaction 4 of 5: quick")
    assert client.get(link[:-2] + "xx").status_code == 404
    with pytest.raises(ObjectDoesNotExist):
        survey_of("7:forged")


@pytest.mark.parametrize("score", ["", "0", "6", "9" * 20, "x"])
def test_a_score_that_is_none_is_not_kept(ready, engineer, client, score):
    case = close(ready, by=engineer, confirmed="by phone")
    survey = Survey.objects.get(case=case)
    client.post(f"/survey/{address_of(survey)}", {"score": score})
    survey.refresh_from_db()
    assert survey.answered_at is None


def test_a_late_answer_is_refused(ready, engineer):
    case = close(ready, by=engineer, confirmed="by phone")
    Survey.objects.filter(case=case).update(expires_at=timezone.now() - timedelta(days=1))
    with pytest.raises(Conflict, match="too old"):
        answer_survey(Survey.objects.get(case=case), 5)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("  4: []\n", "", "no list for severity 4"),
        ("  4: []", "  4: [actions]", "severity 4 asks for actions, 3 does not"),
        ("3: [cause]", "3: [cause, cause]", "severity 3 names an item twice"),
    ],
)
def test_a_closure_policy_that_contradicts_itself_is_refused(before, after, reason):
    with pytest.raises(Unusable, match=r"line \d+: ") as caught:
        read(ClosurePolicy, TEXT.replace(before, after, 1))
    assert reason in str(caught.value)


def names(case):
    return {check.name for check in untidy(Case.objects.get(id=case.id))}


def test_hygiene_names_what_is_missing_stale_and_contradictory(declare, engineer, customer):
    case = declare(severity=2)
    assert {"no-owner", "no-next-step", "severe-without-criteria", "severe-without-scope"} <= names(case)
    commands.acknowledge(case, by=engineer)
    assert "unconfirmed-severity" in names(case)
    commands.change_state(case, "waiting", by=engineer)
    commands.comment(case, "here is the dump", by=customer)
    marks.plan(
        case, "read it", by=engineer, blocked_on="engineering", due=timezone.now() - timedelta(hours=1)
    )
    assert {"answered-while-waiting", "waiting-elsewhere", "step-overdue"} <= names(case)
    assert {"no-owner", "no-next-step"} & names(case) == set()
    long_ago = timezone.now() - timedelta(days=20)
    Case.objects.filter(id=case.id).update(touched_at=long_ago, blocked_at=long_ago)
    assert {"untouched", "blocked-long"} <= names(case)
    commands.change_state(case, "resolved", by=engineer)
    Case.objects.filter(id=case.id).update(state_at=long_ago)
    assert "resolved-not-closed" in names(case)


def test_every_check_says_what_to_do_and_finds_its_cases(case, engineer, stranger):
    for check in all_checks().values():
        assert check.says.endswith(".")
        assert check.repair.endswith(".")
    numbers = {one.check.name: one.number for one in tally(engineer)}
    for name, check in all_checks().items():
        assert found_by(check, engineer).count() == numbers[name]
        assert found_by(check, stranger).count() == 0
    assert numbers["no-owner"] == 1


def test_two_checks_of_one_name_are_an_error():
    with pytest.raises(ValueError, match="no-owner"):
        type("Again", (Check,), {"name": "no-owner"})


def test_the_page_opens_onto_the_cases(case, engineer, signed_in):
    page = signed_in(engineer).get("/hygiene/", {"check": "no-owner"}).content.decode()
    assert "Nobody owns it." in page
    assert "ESC-1" in page


def test_closing_on_the_web_from_learning_to_reopening(resolved, engineer, customer, signed_in):
    browser = signed_in(engineer)
    for item in ("cause", "article", "ticket"):
        browser.post("/cases/ESC-1/closing/learned", {"item": item, "text": "a full disk"})
    signed_in(customer).post("/cases/ESC-1/judge", {"solved": "yes", "text": "works"})
    assert b"The customer confirmed it" in browser.get("/cases/ESC-1/closing").content
    browser.post("/cases/ESC-1/closing/close", {})
    assert b"/survey/" in browser.get("/cases/ESC-1/closing").content
    browser.post("/cases/ESC-1/reopen", {"reason": "it is back"})
    assert Case.objects.get().state == "diagnosing"
