"""The keys of the war room, the hand-over and the composer do what their buttons say, on what is chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from holdfast.desk.cases.commands import assign, comment
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.response.handing import hand_over
from holdfast.desk.response.models import Question as Asked
from holdfast.desk.updates.commands import draft
from holdfast.desk.updates.models import Update
from pressing import follow, press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(desk, browser, sign_in):
    def open_as(person, address):
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        sign_in(page, desk, person)
        page.goto(f"{desk}{address}")
        page.locator("body").press("Escape")
        return page

    return open_as


def test_in_the_room_f_and_d_make_of_the_chosen_message_and_shift_a_approves(opened, case, engineer, lead):
    comment(case, "line 53 is back on one pod", by=engineer)
    ask(
        case,
        Question(Right.RISKY_CHANGE, "flag off in eu-1", reason="3 of 5 came back", risk="r", undo="u"),
        by=engineer,
    )
    page = opened(lead, f"/cases/{case.key}/room")
    page.locator("#write-text").press("Escape")

    press(page, "f")  # nothing is chosen, so nothing is made of anything
    while not page.locator("#room-live li.chosen[data-kind=comment]").count():
        press(page, "j")
    press(page, "f")
    page.locator("#room-live li[data-kind=fact]", has_text="line 53 is back").wait_for()
    page.locator("#write-text").press("Escape")

    press(page, "A")
    page.get_by_role("button", name="Press A again").wait_for()
    assert Decision.objects.get().state == "waiting"
    follow(page, "A")
    assert page.url.endswith("/room")
    assert Decision.objects.get().state == "taken"


def test_a_hand_over_is_read_and_taken_by_keys_one_item_at_a_time(opened, case, engineer, team_mate):
    owned = assign(case, engineer, by=engineer)
    hand = hand_over(owned, team_mate, timezone.now() + timedelta(minutes=30), by=engineer)
    page = opened(team_mate, f"/cases/{case.key}/handover")

    press(page, "T")  # not yet
    press(page, "j")
    press(page, "q")
    page.keyboard.type("who approves the text?")
    press(page, "Enter")
    page.get_by_text("who approves the text?").wait_for()
    assert Asked.objects.get().key == "state"
    while page.locator("[data-key=Enter]").count():
        left = page.locator("[data-key=Enter]").count()
        press(page, "j")
        follow(page, "Enter")
        assert page.locator("[data-key=Enter]").count() == left - 1
    hand.refresh_from_db()
    assert hand.state == "open"

    press(page, "T")
    page.get_by_role("button", name="Press T again").wait_for()
    with page.expect_response("**/handover"):  # the page comes anew between the two
        comment(case, "one more thing", by=engineer)
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Press T again").count() == 1
    page.wait_for_timeout(4100)
    press(page, "T")  # too late: it is asked again
    page.wait_for_timeout(500)
    hand.refresh_from_db()
    assert hand.state == "open"
    follow(page, "T")
    case.refresh_from_db()
    assert case.owner == team_mate


def test_in_the_composer_a_goes_to_the_next_audience_and_r_fills_anew(opened, case, engineer):
    mine = draft(case, "customer", by=engineer)
    Update.objects.filter(id=mine.id).update(known="my own words")
    page = opened(engineer, f"/cases/{case.key}/updates")

    press(page, "r")
    page.get_by_role("button", name="Press r again").wait_for()
    follow(page, "r")
    assert page.locator("[name=known]").input_value() != "my own words"
    follow(page, "a")
    page.locator("[name=audience][aria-pressed=true]", has_text="Executive").wait_for()
    assert [one.audience for one in Update.objects.order_by("number")] == ["customer", "executive"]

    press(page, "?")
    for says in ("next audience", "fill from the case, pressed twice"):
        page.locator("#page-keys dd", has_text=says).wait_for()
