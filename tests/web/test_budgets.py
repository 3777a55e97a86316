"""How many queries a page may ask, however much is on it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from holdfast.desk.cases import commands
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.rights import Right
from holdfast.desk.engineering import commands as ticketing
from holdfast.desk.engineering.fixes import Built, add_customer, fix
from holdfast.desk.engineering.outcomes import answer_for_owner
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, plan_test, propose, weigh_evidence
from holdfast.desk.response.handing import hand_over, question, write
from holdfast.desk.response.mitigations import Proposal, judge, start
from holdfast.desk.response.mitigations import propose as propose_mitigation
from holdfast.desk.response.room import act

pytestmark = pytest.mark.django_db

BUDGETS = {
    "/": 13,
    "/cases/": 5,
    "/cases/new": 5,
    "/cases/ESC-1/": 32,
    "/cases/ESC-1/brief": 19,
    "/cases/ESC-1/environments": 9,
    "/cases/ESC-1/intake": 14,
    "/arrivals/": 6,
    "/arrivals/quality": 4,
    "/api/v1/arrivals": 4,
    "/cases/ESC-1/timeline": 6,
    "/cases/ESC-1/diagnosis": 8,
    "/cases/ESC-1/follow?value=none": 8,
    "/cases/ESC-1/hypotheses": 14,
    "/cases/ESC-1/clocks": 9,
    "/cases/ESC-1/triage": 13,
    "/cases/ESC-1/decisions": 12,
    "/decisions/": 14,
    "/mitigations/": 6,
    "/cases/ESC-1/room": 20,
    "/cases/ESC-1/room/news?after=3": 6,
    "/cases/ESC-1/handover": 27,
    "/cases/ESC-1/mitigations": 14,
    "/api/v1/cases/ESC-1/mitigations": 6,
    "/api/v1/mitigations": 5,
    "/api/v1/cases/ESC-1/decisions": 9,
    "/cases/ESC-1/closing": 11,
    "/cases/ESC-1/updates": 12,
    "/promises/": 4,
    "/cases/ESC-1/tickets": 42,
    "/cases/ESC-1/tickets?t=2": 24,
    "/tickets/": 8,
    "/tickets/matrix": 8,
    "/tickets/ESC-1/2": 24,
    "/api/v1/tickets": 8,
    "/api/v1/tickets/matrix": 8,
    "/hygiene/": 6,
    "/cases/ESC-1/place": 20,
    "/queue/stand-up": 18,
    "/queue/weekly": 18,
    "/me/notices": 4,
    "/me/profile": 4,
    "/figures/": 29,
    "/policies/": 16,
    "/policies/profiles/": 10,
    "/policies/profiles/enterprise": 6,
    "/policies/business-calendar/default": 6,
    "/api/v1/cases": 5,
    "/api/v1/cases/ESC-1": 4,
    "/api/v1/cases/ESC-1/timeline": 5,
}


@pytest.mark.parametrize("address", BUDGETS)
def test_a_page_keeps_its_budget_when_there_is_more_on_it(
    address, declare, engineer, diagnosis, signed_in, team_mate
):
    for _ in range(12):
        case = declare()
        for text in ("one", "two", "three"):
            commands.comment(case, text, by=engineer)
    first = type(case).objects.select_related("organisation").get(number=1)
    for number in range(8):
        commands.comment(first, str(number), by=engineer)
    keep(first, diagnosis, artefacts=[])
    for number in range(6):
        one = propose(first, Claim(f"claim {number}", "seen", "not seen"), by=engineer)
        weigh_evidence(one, "+", "seen", by=engineer)
        plan_test(one, Plan("off", "back"), by=engineer)
    for number in range(6):
        one = propose_mitigation(first, Proposal("flag", f"switch {number} off"), by=engineer)
        judge(start(one, by=engineer), held=number % 2 == 0, observed="seen", by=engineer)
    first = commands.assign(first, engineer, by=engineer)
    for number in range(8):
        act(first, engineer, f"read {number}", 15, by=engineer)
    hand = hand_over(first, team_mate, None, by=engineer)
    for number in range(5):
        write(hand, f"note {number}", "text", by=engineer)
        question(hand, "state", f"why {number}", by=team_mate)
    ticketing.draft(first, by=engineer)
    for number in range(6):
        noted = ticketing.note(first, f"ENG-{number}", by=engineer)
        answer_for_owner(noted, "sent_back", "which flag?", by=engineer, lacks="steps")
        fix(noted, Built(f"1.0.{number}"), by=engineer)
        for name in "abc":
            add_customer(noted, first, f"Customer {name}", by=engineer)
    for number, right in enumerate(Right):
        ask(first, Question(right, f"do {number}", about=f"thing/{number}"), by=engineer)
    browser = signed_in(engineer)
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    asked = [
        query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "PRAGMA"))
    ]
    assert len(asked) <= BUDGETS[address], "\n".join(asked)
