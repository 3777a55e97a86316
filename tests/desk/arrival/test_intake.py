"""What intake asks, what is there, the one request for the rest, and how good it was."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.desk.arrival import asking, signs
from holdfast.desk.arrival.completeness import completeness, rounds, score
from holdfast.desk.arrival.intake import IntakeRubric, IntakeTemplate
from holdfast.desk.arrival.queries import quality
from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.policies.commands import publish
from holdfast.desk.policies.queries import shipped
from holdfast.desk.vault import commands as vault

pytestmark = pytest.mark.django_db
FULL = """Since 10:56:07 UTC search answers 500 for 12 % of requests in eu-west-1, version 4.2.1,
request id 7f3b2a9c11d04e21. We expected results. No restart before Monday. Since the last release.
1. open the search
2. press the button"""


def states(case):
    return {one.item.id: one.state for one in completeness(case).asked}


def attach(case, name, by):
    upload = vault.begin(case, name, 3, by=by)
    vault.take(upload, 0, [b"abc"])
    return vault.complete(upload)


@pytest.fixture(autouse=True)
def _here(settings, tmp_path):
    settings.DATA = tmp_path


def test_what_is_missing_becomes_one_request_with_the_commands(case):
    found = completeness(case)
    assert found.template.name == "default"
    assert len(found.missing) == len(found.asked) > 5
    text = asking.request_text(case, found)
    assert text.startswith("Hello,\n\nabout ESC-1, “Ticket search fails”")
    assert "1. When did it begin" in text
    assert "kubectl logs --since=1h" in text


def test_words_and_files_fill_the_template(declare, engineer):
    case = declare(impact=FULL)
    attach(case, "bundle.tar.gz/app.log", engineer)
    assert set(states(case).values()) == {"given"}
    assert completeness(case).asked[0].proof == "10:56:07 UTC"


def test_the_area_chooses_the_template_and_the_severity_its_items(declare):
    assert completeness(declare(area="Web shop, checkout")).template.name == "web"
    assert completeness(declare(area="payments / PostgreSQL 15")).template.name == "database"
    assert completeness(declare(area="webhooks")).template.name == "default"
    assert "constraints" not in states(declare(severity=4))
    assert "steps" not in states(declare(severity=1))


def test_an_internal_remark_gives_nothing_a_customers_answer_does(case, engineer, customer):
    cases.comment(case, "began 10:56 UTC I guess", by=engineer)
    assert states(case)["when"] == "missing"
    cases.comment(case, "it began 10:56 UTC", by=customer)
    assert states(case)["when"] == "given"


def test_a_person_marks_an_item_and_the_timeline_tells_it(case, engineer):
    with pytest.raises(Conflict, match="say why"):
        asking.mark(case, "logs", "not_needed", by=engineer)
    asking.mark(case, "logs", "not_needed", by=engineer, why="a hosted system, we have them")
    entry = case.entries.order_by("position").last()
    assert (entry.data["field"], entry.data["from"], entry.data["to"]) == (
        "intake logs",
        "missing",
        "not_needed",
    )
    assert states(case)["logs"] == "not_needed"
    asking.mark(case, "logs", "missing", by=engineer)
    assert states(case)["logs"] == "missing"
    with pytest.raises(Conflict, match="has no item"):
        asking.mark(case, "moon", "given", by=engineer)


def test_a_changed_template_is_offered_to_an_open_case_and_keeps_the_marks(
    case, engineer, lead, organisation
):
    asking.mark(case, "logs", "given", by=engineer, why="on the share")
    text = shipped(IntakeTemplate).text + '  - {id: tea, asks: "Which tea do you drink?"}\n'
    publish(IntakeTemplate, organisation, text, by=lead, why="we want to know")
    found = completeness(case)
    assert (found.behind, found.template.version, found.newest.version) == (True, 0, 1)
    assert "tea" not in states(case)
    asking.apply_template(case, by=engineer)
    assert (states(case)["tea"], states(case)["logs"]) == ("missing", "given")
    entry = case.entries.order_by("position").last()
    assert (entry.data["from"], entry.data["to"]) == ("default 0", "default 1")
    position = entry.position
    asking.apply_template(case, by=engineer)
    assert case.entries.order_by("position").last().position == position


def test_a_request_sent_by_hand_is_recorded_and_the_case_waits(case, engineer):
    cases.acknowledge(case, by=engineer)
    entry = asking.ask(case, "Please send logs.", by=engineer, wait=True)
    assert (entry.kind, entry.shared, "logs" in entry.data["asked"]) == ("update", True, True)
    case.refresh_from_db()
    assert case.state == "waiting"


def test_rounds_are_requests_that_were_answered():
    ask, answer, other = (True, False), (False, True), (False, False)
    assert rounds([answer, ask, other, answer, answer, ask, ask, answer, ask]) == 2
    assert rounds([]) == 0


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_there_are_never_more_rounds_than_requests_or_answers(entries):
    number = rounds(entries)
    assert number <= sum(asked for asked, _ in entries)
    assert number <= sum(not asked and by for asked, by in entries)


def test_quality_is_counted_by_the_rubric_and_says_what_was_missing():
    rubric = shipped(IntakeRubric).value
    assert score(rubric, FULL, evidence=True).points == 100
    poor = score(rubric, "It does not work.", evidence=False)
    assert poor.points == 0
    assert "Attach the evidence the template asks for." in poor.advice
    assert len(poor.missing) == len(rubric.criteria)


def test_what_was_there_at_acknowledgement_counts_and_nothing_later(declare, engineer, customer):
    case = declare(impact="10:56:07 UTC, version 4.2.1")
    cases.acknowledge(case, by=engineer)
    cases.comment(case, FULL, by=customer)
    attach(case, "late.log", engineer)
    asking.score_acknowledged()
    asking.score_acknowledged()
    entry = case.entries.get(data__has_key="intake_score")
    assert entry.data["intake_score"] == 25
    assert entry.data["filed_by"] == "engineer"
    assert entry.text.startswith("Intake quality 25 of 100. Give a request or trace id")
    assert not entry.shared


def test_quality_is_seen_by_source_and_over_time(declare, engineer, lead, stranger):
    now = timezone.now()
    for weeks, impact in ((0, FULL), (2, "broken")):
        case = declare(impact=impact, reported_at=now - timedelta(weeks=weeks))
        cases.acknowledge(case, by=engineer)
    asking.score_acknowledged()
    (row,) = quality(lead)
    assert (row.source, row.filed_by, row.number, row.good) == ("test", "engineer", 2, 1)
    assert (row.weeks[-1], row.weeks[-3], row.weeks[0]) == (85, 0, None)
    assert quality(stranger) == []


@pytest.mark.parametrize(
    ("sign", "there", "absent"),
    [
        ("time_with_zone", ["at 10:56:07.322Z", "10:56 UTC", "2026-03-01T10:56:00+01:00"], ["10:56", "at ten"]),
        ("request_id", ["7f3b2a9c-11d0-4e21-9d3e-aaaaaaaaaaaa", "request-id: r_991x"], ["id card", "1234"]),
        ("version", ["v2.3", "build 991", "4.2.1", "version: 3.0-rc1"], ["version unknown", "4 of 5"]),
        ("region", ["eu-west-1", "cluster: blue", "westeurope"], ["the north"]),
        ("scope", ["12 % fail", "7 of 31", "300 active users", "all customers", "one tenant"], ["it fails"]),
        ("steps", ["1. open it\n2. press it", "- open\n- press", "Steps to reproduce"], ["I opened it"]),
        ("expected", ["we expected 200", "it should return rows"], ["it fails"]),
        ("error", ["HTTP 503", "NullPointerException", "error code: X-12"], ["it hangs"]),
        ("constraints", ["no restart", "change freeze", "go-live on Monday"], ["whenever"]),
        ("changed", ["since the last deployment", "after our upgrade", "no changes"], ["suddenly"]),
    ],
)  # fmt: skip
def test_signs_are_seen_and_not_imagined(sign, there, absent):
    for text in there:
        assert signs.SIGNS[sign](text), text
    for text in absent:
        assert not signs.SIGNS[sign](text), text


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=400),
    st.sampled_from(["a-", "1.", "9 9 ", "10:", "---\n", "since the ", "\n1. ", "x" * 40]),
)
def test_hostile_text_costs_no_time(text, piece):
    long = text + piece * (60_000 // len(piece))
    started = time.process_time()
    for look in signs.SIGNS.values():
        assert isinstance(look(long), str)
    assert time.process_time() - started < 2


def test_the_case_page_and_the_intake_page_show_it(case, engineer, customer, signed_in):
    browser = signed_in(engineer)
    assert b"0 of 8 there" in browser.get("/cases/ESC-1/").content
    page = browser.get("/cases/ESC-1/intake").content
    assert b"One request for what is missing" in page
    answer = browser.post(
        "/cases/ESC-1/intake/mark", {"item": "logs", "state": "given", "why": "on the share"}
    )
    assert answer.status_code == 302
    assert b"1 of 8 there" in browser.get("/cases/ESC-1/").content
    sent = browser.post(
        "/cases/ESC-1/intake/request", {"text": "Please.", "to": "", "wait": "on"}, follow=True
    )
    assert b"Recorded as sent by you" in sent.content
    theirs = signed_in(customer)
    assert theirs.get("/cases/ESC-1/intake").status_code == 404
    assert b"Please." in theirs.get("/cases/ESC-1/").content


def test_the_api_tells_the_same(case, engineer, signed_in):
    browser = signed_in(engineer)
    told = browser.get("/api/v1/cases/ESC-1/intake").json()
    assert (told["given"], told["of"], told["behind"], told["rounds"]) == (0, 8, False, 0)
    assert told["request"].startswith("Hello,")
    marked = browser.post(
        "/api/v1/cases/ESC-1/intake/marks", {"item": "id", "state": "given"}, "application/json"
    )
    assert marked.json()["given"] == 1
