"""A ticket in two browsers: written where it is red, filed by the keyboard, sent back, answered, accepted."""

from __future__ import annotations

import pytest

from holdfast.desk.impact.commands import Counted, count
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, finish_test, plan_test, propose, rule
from holdfast.desk.triage.commands import Answers, answer
from pressing import follow, press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known(case, engineer, diagnosis):
    keep(case, diagnosis, artefacts=[])
    count(case, Counted("requests", 7, "customer", whole=31), by=engineer)
    answer(case, Answers(workaround="none", revenue_at_risk=60_000), by=engineer)
    made = propose(case, Claim("route drops the log line", "it is gone", "it is there", "route"), by=engineer)
    test = plan_test(made, Plan("flag at 100 %", "no line", command="curl http://route/byIds"), by=engineer)
    finish_test(test, "supports", "5 of 5 calls write no line", by=engineer)
    rule(made, "confirmed", "other regions", by=engineer)


def test_a_ticket_is_written_filed_sent_back_answered_and_accepted(
    desk, browser, sign_in, known, engineer, developer
):
    complaints: list[str] = []
    pages = []
    for person in (engineer, developer):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, desk, person)
        pages.append(page)
    team, owner = pages

    team.goto(f"{desk}/cases/ESC-1/")
    press(team, "g", "k")
    team.get_by_role("button", name="Begin a ticket").click()
    team.locator("#gate header", has_text="9 of 11").wait_for()
    press(team, "x")
    team.locator("#part-environment.chosen").wait_for()
    press(team, "e")
    team.keyboard.type("prod, version 1.0.2")
    follow(team, "Control+Enter")  # while typing it keeps the part, and files nothing
    team.locator("#gate header", has_text="10 of 11").wait_for()
    press(team, "x", "e")
    team.keyboard.type("Low: one log line. See route.log:54")
    team.locator("#part-risk").get_by_role("button", name="Keep").click()
    team.locator("#part-risk a", has_text="route.log:54").wait_for()
    press(team, "p")
    team.locator("#preview pre", has_text="## Expected").wait_for()
    for width in (1280, 390):
        team.set_viewport_size({"width": width, "height": 900})
        assert not team.evaluate("document.documentElement.scrollWidth > innerWidth")
    team.set_viewport_size({"width": 1280, "height": 900})
    press(team, "Control+Enter")
    team.locator("#filed header", has_text="ENG-1").wait_for()

    owner.goto(f"{desk}/tickets/")
    press(owner, "j")
    press(owner, "Enter")
    owner.get_by_label("Words").fill("Which flag is it?")
    owner.get_by_label("It lacks").select_option("steps")
    owner.get_by_role("button", name="Send back").click()
    owner.locator("#said li", has_text="Which flag is it?").wait_for()

    team.reload()
    team.locator("#said li", has_text="Which flag is it?").wait_for()
    team.locator("#answer input[name=text]").fill("route.batch-lookup")
    team.get_by_role("button", name="Answer", exact=True).click()
    team.locator("#said li", has_text="route.batch-lookup").wait_for()
    owner.reload()
    owner.get_by_role("button", name="Accept").click()
    owner.locator("#said li", has_text="accepted").wait_for()
    owner.get_by_label("Version").fill("1.0.3")
    owner.locator("#fixes").get_by_role("button", name="Keep").click()
    owner.locator("#fixes li", has_text="1.0.3").wait_for()
    for width in (1280, 390):
        owner.set_viewport_size({"width": width, "height": 900})
        assert not owner.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert complaints == []
