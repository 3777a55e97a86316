"""The ledger of hypotheses by keys, and live while somebody else works on it."""

from __future__ import annotations

import pytest

from pressing import press

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hypothesis_is_judged_by_keys_and_seen_by_others_as_it_happens(
    desk, browser, sign_in, case, engineer, team_mate
):
    from holdfast.desk.investigation import hypotheses

    claim = hypotheses.Claim(
        "The pool is too small", "waiting grows with load", "double it, see no change", ""
    )
    one = hypotheses.propose(case, claim, by=engineer)
    page = browser.new_page(viewport={"width": 1280, "height": 830})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, desk, engineer)
    page.goto(f"{desk}/cases/ESC-1/hypotheses")
    page.locator("#live:not(.stale)").wait_for()
    page.wait_for_timeout(800)

    plan = hypotheses.Plan(setting="double the pool in staging", expected="waiting halves", minutes=10)
    test = hypotheses.plan_test(one, plan, by=team_mate)
    page.locator("#trials [data-due]", has_text="9m").wait_for(timeout=10_000)
    assert page.locator("#trials").get_by_text("of 10 min").is_visible()

    press(page, "-")
    page.keyboard.type("waiting stayed the same at night")
    press(page, "Enter")
    page.locator("#evidence-against", has_text="stayed the same").wait_for()

    page.locator("#live:not(.stale)").wait_for()
    page.wait_for_timeout(800)
    hypotheses.finish_test(test, "contradicts", "waiting stayed", by=team_mate)
    page.locator("#trials .seen", has_text="waiting stayed").wait_for(timeout=10_000)
    page.get_by_label("What was not checked").fill("production")
    press(page, "Escape")
    press(page, "R")
    page.get_by_role("button", name="Press R again").wait_for()
    press(page, "R")
    page.locator("#claim .tag", has_text="refuted").wait_for()
    page.set_viewport_size({"width": 390, "height": 830})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert complaints == []
    page.close()
