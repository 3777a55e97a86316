"""The queue, the access rule and the pages of cases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.desk.cases import commands, marks, queries
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock, reasons
from holdfast.desk.cases.outside import cases_as_read, entries_as_read
from holdfast.desk.cases.rulebook import rulebook
from holdfast.desk.cases.telling import Message, tell

pytestmark = pytest.mark.django_db


def seen(person):
    return set(Case.objects.visible_to(person))


def test_who_sees_the_case(
    case, engineer, team_mate, lead, admin, auditor, customer, developer, tier1, stranger
):
    for person in (engineer, team_mate, lead, admin, auditor, customer):
        assert seen(person) == {case}, person
    for person in (developer, tier1, stranger):
        assert seen(person) == set(), person
    commands.join(case, developer, "reads the change", by=engineer)
    assert seen(developer) == {case}


def test_the_customer_reads_what_is_shared_and_nothing_else(case, engineer, customer):
    commands.comment(case, "internal suspicion", by=engineer)
    commands.raise_severity(case, 1, by=engineer, reason="the node of ours is gone")
    commands.change_state(case, "waiting", by=engineer, reason="for the vendor we do not name")
    marks.rewrite_impact(case, "all of ours fail", by=engineer, before="")
    marks.plan(case, "ask the vendor", by=engineer, blocked_on="the vendor")
    tell(case, Message("We are looking."), by=engineer)
    texts = [entry.text for entry in entries_as_read(customer, case, queries.entries(customer, case))]
    assert [text for text in texts if "We are looking." in text]
    assert {"Severity 2 to 1", "State New to Waiting on customer"} <= set(texts)
    assert not [text for text in texts if "vendor" in text or "ours" in text or "suspicion" in text]
    told = cases_as_read(customer, [Case.objects.get(id=case.id)])[0]
    assert (told.severity, told.impact, told.next_step, told.blocked_on) == (1, case.impact, "", "")
    assert cases_as_read(engineer, [Case.objects.get(id=case.id)])[0].blocked_on == "the vendor"


def test_what_the_customer_says_is_shared(case, customer):
    assert commands.comment(case, "still failing", by=customer).shared


def test_every_place_has_its_reasons(case):
    policy = rulebook(case.organisation).queue.value
    assert [reason.text for reason in reasons(case, policy)] == ["Sev 2", "not acknowledged", "no owner"]


def test_the_clock_runs_until_somebody_acknowledges(case, engineer):
    assert (clock(case).name, clock(case).left <= timedelta(hours=1)) == ("acknowledge", True)
    assert clock(commands.acknowledge(case, by=engineer)).name != "acknowledge"


@pytest.mark.parametrize("key", ["ESC-1", "esc-1"])
def test_a_key_opens_its_case(case, engineer, signed_in, key):
    answer = signed_in(engineer).get("/cases/", {"q": key})
    assert answer.headers["Location"] == "/cases/ESC-1/"


@pytest.mark.parametrize("key", ["ESC-", "ESC-99999999999", "x", "ESC-1%00", "'; DROP"])
def test_a_key_that_is_none_leads_nowhere(case, engineer, signed_in, key):
    assert signed_in(engineer).get(f"/cases/{key}/").status_code == 404


def test_declaring_on_the_web_twice_makes_one_case(organisation, engineer, signed_in):
    form = {"organisation": organisation.id, "title": "Search fails", "severity": 1, "key": "abc"}
    browser = signed_in(engineer)
    first, second = (browser.post("/cases/new", form).headers["Location"] for _ in range(2))
    assert first == second == "/cases/ESC-1/"


def test_a_declaration_without_a_title_is_shown_again_with_what_was_typed(organisation, engineer, signed_in):
    form = {"organisation": organisation.id, "title": " ", "severity": 1, "key": "k", "impact": "all of eu-1"}
    answer = signed_in(engineer).post("/cases/new", form)
    assert answer.status_code == 400
    assert b"all of eu-1" in answer.content
    assert Case.objects.count() == 0


def test_a_line_on_the_timeline_may_be_a_fact(case, engineer, signed_in):
    signed_in(engineer).post("/cases/ESC-1/note", {"text": "/fact call 3 of 5 wrote line 53"})
    entry = case.entries.latest("position")
    assert (entry.kind, entry.text) == ("fact", "call 3 of 5 wrote line 53")


def test_evidence_in_a_title_stays_text(declare, engineer, signed_in):
    declare(title="<script>alert(1)</script>")
    for address in ("/", "/cases/", "/cases/ESC-1/"):
        assert b"<script>alert" not in signed_in(engineer).get(address).content


def test_somebody_is_put_on_a_case_and_taken_off_it(case, engineer, developer, customer, signed_in):
    browser = signed_in(engineer)
    browser.post("/cases/ESC-1/people", {"person": "developer", "what": "reads the change"})
    assert signed_in(developer).get("/cases/ESC-1/").status_code == 200
    assert "reads the change" in browser.get("/cases/ESC-1/").content.decode()
    refused = browser.post("/cases/ESC-1/people", {"person": "customer", "what": "x"}, follow=True)
    assert "nobody who could be put on" in refused.content.decode()
    browser.post("/cases/ESC-1/people", {"person": "developer", "what": "writes the fix"})
    browser.post("/cases/ESC-1/people", {"person": "developer", "leave": "yes"})
    assert signed_in(developer).get("/cases/ESC-1/").status_code == 404
    texts = list(case.entries.order_by("position").values_list("text", flat=True))
    assert texts[-3:] == [
        "developer joins: reads the change",
        "developer: writes the fix",
        "developer leaves the case",
    ]


def test_the_neighbours_of_a_case_are_those_of_the_queue(declare, engineer, developer, signed_in):
    from holdfast.desk.cases.models import Case
    from holdfast.desk.cases.queries import neighbours

    for severity in (3, 1, 2, 4, 2):
        declare(f"Sev {severity}", severity)
    order = list(Case.objects.visible_to(engineer).in_order().select_related("organisation"))
    for at, one in enumerate(order):
        former = order[at - 1].key if at else ""
        latter = order[at + 1].key if at + 1 < len(order) else ""
        assert neighbours(engineer, one) == (former, latter)
    assert neighbours(developer, order[1]) == ("", "")
    page = signed_in(engineer).get(f"/cases/{order[1].key}/").content.decode()
    assert f'rel="prev" href="/cases/{order[0].key}/"' in page
    assert f'rel="next" href="/cases/{order[2].key}/"' in page


def test_a_customer_finds_their_case_by_its_title_and_not_by_what_the_engine_ranks_first(
    declare, customer, engineer
):
    case = declare()
    commands.name_component(case, "secret-ledger", "ranked first", {})
    for word, who, found in (
        (case.title.split()[0], customer, True),
        ("secret-ledger", engineer, True),
        ("secret-ledger", customer, False),
    ):
        assert [one.id for one in queries.search(who, word)] == ([case.id] if found else []), (word, who)
