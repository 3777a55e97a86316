"""A severity has criteria, a person who confirmed it, and a way to be disputed; who is affected is written down."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.cases.commands import Conflict, raise_severity
from holdfast.desk.cases.models import Case, Notice
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.investigation.commands import keep
from holdfast.desk.policies.queries import shipped
from holdfast.desk.policies.reading import Unusable, read
from holdfast.desk.triage.commands import Answers, answer, confirm, dispute, open_dispute, set_scope, settle
from holdfast.desk.triage.matrix import SeverityMatrix, recommend
from holdfast.desk.triage.queries import near

MATRIX = shipped(SeverityMatrix).value
TEXT = SeverityMatrix.shipped()["default"]


@pytest.mark.parametrize(
    ("answers", "severity", "words"),
    [
        ({}, 4, "no rule of the matrix holds"),
        ({"impact": "down", "workaround": "none"}, 1, "business stands still without a workaround (1.1)"),
        ({"impact": "down"}, 2, "an important part does not work (2.1)"),
        ({"impact": "down", "workaround": "none", "customers": 9}, 1, "(1.1, 1.2)"),
        ({"impact": "degraded"}, 3, "a part is degraded"),
        ({"impact": "question", "security": True}, 1, "security is at stake"),
        ({"impact": "question", "revenue_at_risk": 60_000}, 2, "50 000 a month or more"),
        ({"impact": "broken", "workaround": "full"}, 3, "the workaround carries it (3.2)"),
    ],
)
def test_the_matrix_recommends_and_says_why_in_one_sentence(answers, severity, words):
    said = recommend(MATRIX, answers)
    assert said.severity == severity
    assert words in said.sentence
    assert said.sentence.count(". ") == 0


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "impact": st.sampled_from(["down", "broken", "degraded", "question"]),
        "workaround": st.sampled_from(["none", "partial", "full"]),
        "customers": st.integers(0, 100),
        "revenue_at_risk": st.integers(0, 10**6),
        "security": st.booleans(),
        "regulation": st.booleans(),
    },
)


@settings(deadline=None)
@given(ANSWERS, st.integers(1, 50), st.integers(1, 10**6))
def test_more_customers_or_revenue_never_make_it_milder(answers, customers, revenue):
    more = dict(answers)
    more["customers"] = more.get("customers", 0) + customers
    more["revenue_at_risk"] = more.get("revenue_at_risk", 0) + revenue
    assert recommend(MATRIX, more).severity <= recommend(MATRIX, answers).severity


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('id: "1.2"', 'id: "1.1"', "two rules are called 1.1"),
        ("when: {security: true}", "when: {}", "1.3 has no condition"),
        ('outranks: ["2.1"]', 'outranks: ["9"]', "outranks 9, which is no rule"),
        ('outranks: ["2.1"]', "outranks: []", "3.2 never decides: wherever it holds, 2.1 gives severity 2"),
    ],
)
def test_a_matrix_that_contradicts_itself_is_refused(before, after, reason):
    with pytest.raises(Unusable, match=r"line \d+: ") as caught:
        read(SeverityMatrix, TEXT.replace(before, after, 1))
    assert reason in str(caught.value)


def last(case):
    return case.entries.order_by("-position").first()


@pytest.mark.django_db
def test_answers_are_kept_with_what_they_recommend(case, engineer):
    answer(case, Answers(impact="down"), by=engineer)
    case = answer(case, Answers(workaround="none", customers=3), by=engineer)
    assert case.criteria == {"impact": "down", "workaround": "none", "customers": 3}
    assert (last(case).data["recommended"], case.severity, case.confirmed_at) == (1, 2, None)


@pytest.mark.django_db
def test_a_person_confirms_and_another_severity_needs_a_reason(case, engineer):
    answer(case, Answers(impact="down", workaround="none"), by=engineer)
    with pytest.raises(Conflict, match="recommends Sev 1; say why it is Sev 3"):
        confirm(case, 3, by=engineer)
    case = confirm(case, 1, by=engineer)
    data = last(case).data
    assert (data["from"], data["to"], data["asked"], data["recommended"]) == (2, 1, 2, 1)
    assert case.confirmed_at is not None


@pytest.mark.django_db
def test_a_dispute_waits_for_the_lead_and_is_settled_with_a_reason(case, engineer, team_mate, lead):
    case = dispute(case, 1, by=team_mate, reason="the whole region is down")
    assert (case.severity, case.disputed) == (2, True)
    assert "You decide" in Notice.objects.get(person=lead).text
    for deed in (
        lambda: confirm(case, 3, by=engineer),
        lambda: raise_severity(case, 3, by=engineer, reason="x"),
    ):
        with pytest.raises(Conflict, match="settle the dispute"):
            deed()
    with pytest.raises(NeedsApproval, match=r"lead \(lead\); D-1 waits for it"):
        settle(case, 1, by=engineer, reason="I say so")
    with pytest.raises(Conflict, match="nothing in it"):
        settle(case, 1, by=lead, reason=" ")
    opened = open_dispute(case)
    case = settle(case, 1, by=lead, reason="two regions, no workaround")
    assert (case.severity, case.disputed, last(case).data["settles"]) == (1, False, opened.position)


@pytest.mark.django_db
def test_who_agrees_with_a_dispute_joins_it(case, engineer, team_mate):
    dispute(case, 1, by=team_mate, reason="the whole region is down")
    dispute(case, 1, by=engineer, reason="seen from here too")
    with pytest.raises(Conflict, match="for Sev 1"):
        dispute(case, 3, by=engineer, reason="no")
    assert last(case).data["dispute"] == "joined"


@pytest.mark.django_db
def test_of_two_who_write_the_scope_at_once_both_keep_theirs(case, engineer, team_mate):
    set_scope(case, {"regions": ["eu-1", "eu-2"]}, by=engineer, before={})
    set_scope(case, {"regions": ["us-1"]}, by=team_mate, before={})
    case = set_scope(case, {"regions": ["eu-1", "us-2"]}, by=engineer, before={"regions": ["eu-1", "eu-2"]})
    assert case.scope["regions"] == ["eu-1", "us-1", "us-2"]
    entry = last(case)
    assert (entry.data["field"], entry.text) == (
        "regions",
        "Affected regions: 3, now with us-2 and without eu-2",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "scope", [{"planets": ["x"]}, {"regions": ["x" * 121]}, {"regions": map(str, range(201))}]
)
def test_a_scope_that_cannot_be_is_refused(case, engineer, scope):
    with pytest.raises(Conflict):
        set_scope(case, {name: list(names) for name, names in scope.items()}, by=engineer)


@pytest.mark.django_db
def test_changes_and_other_cases_near_the_onset_stand_beside_it(declare, engineer, diagnosis):
    case, other = declare(), declare(title="Booking fails")
    change = {
        "time": "2023-01-29T10:55:58Z",
        "component": "route",
        "kind": "change",
        "title": "flag 50 to 100 %",
    }
    timeline = [change | {"finding": "F-01", "locator": None}]
    set_scope(other, {"regions": ["eu-1"]}, by=engineer)
    case = set_scope(case, {"regions": ["eu-1"]}, by=engineer)
    assert [row.shares for row in near(engineer, case).cases] == [("customer", "region eu-1")]
    keep(case, diagnosis | {"timeline": timeline}, artefacts=[])
    found = near(engineer, case)
    assert (found.given, found.changes[0].title) == (True, "flag 50 to 100 %")
    assert 10 < found.changes[0].before.total_seconds() < 20


@pytest.mark.django_db
def test_triage_on_the_web_from_answers_to_settled(case, engineer, lead, signed_in):
    browser = signed_in(engineer)
    browser.post(
        "/cases/ESC-1/triage/answers", {"impact": "down", "workaround": "none", "customers": "1 200"}
    )
    assert "business stands still" in browser.get("/cases/ESC-1/triage").content.decode()
    browser.post("/cases/ESC-1/triage/scope", {"regions": "eu-1\r\nus-1", "was_regions": ""})
    shown = browser.get("/cases/ESC-1/triage").content.decode()
    assert '<textarea name="regions" rows="3">eu-1\nus-1</textarea>' in shown
    assert "{{" not in shown
    browser.post("/cases/ESC-1/triage/severity", {"to": "1"})
    browser.post("/cases/ESC-1/triage/dispute", {"to": "2", "reason": "a workaround was found"})
    page = signed_in(lead).get("/cases/ESC-1/triage").content.decode()
    assert "a workaround was found" in page
    signed_in(lead).post("/cases/ESC-1/triage/settle", {"to": "2", "reason": "it holds"})
    case = Case.objects.get()
    assert (case.severity, case.disputed, case.criteria["customers"]) == (2, False, 1200)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["many", "-4", "9" * 30])
def test_an_answer_that_is_none_is_refused_and_said(case, engineer, signed_in, value):
    answer = signed_in(engineer).post("/cases/ESC-1/triage/answers", {"customers": value}, follow=True)
    assert b"Nothing was changed: customers" in answer.content


@pytest.mark.django_db
def test_answering_confirms_at_once_only_what_the_matrix_recommends(case, engineer, developer, signed_in):
    browser = signed_in(engineer)
    page = browser.post("/cases/ESC-1/triage/at-once", {"impact": "down", "workaround": "none"}, follow=True)
    assert "Kept, and not confirmed: Sev 1" in page.content.decode()
    assert Case.objects.get().confirmed_at is None
    browser.post("/cases/ESC-1/triage/at-once", {"workaround": "partial"})
    held = Case.objects.get()
    assert (held.severity, held.confirmed_at is None) == (2, False)
    assert held.criteria == {"impact": "down", "workaround": "partial"}
    assert "How severe?" not in browser.get("/cases/ESC-1/").content.decode()
    said = {"impact": "down", "workaround": "none", "confirm": True}
    answer_ = browser.post("/api/v1/cases/ESC-1/severity/answers", said, content_type="application/json")
    assert answer_.json()["recommended"] == 1
