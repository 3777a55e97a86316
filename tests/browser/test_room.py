"""A war room in two browsers: what one says the other sees, and what could not be sent is sent later."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_said_is_seen_and_what_was_not_sent_is_not_lost(
    desk, browser, sign_in, case, engineer, team_mate
):
    complaints: list[str] = []
    pages = []
    for person in (engineer, team_mate):
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, desk, person)
        page.goto(f"{desk}/cases/ESC-1/room")
        pages.append(page)
    one, other = pages

    one.get_by_role("button", name="Open the room").click()
    line = one.locator("#write-text")
    line.fill("/action @team_mate 15m")
    one.get_by_text("action for team_mate, 15 min. What is to be done is still missing").wait_for()
    line.fill("/action @team_mate 15m read the dump")
    line.press("Enter")
    other.locator("#room-live li", has_text="read the dump").wait_for()
    other.locator("#room-actions li", has_text="read the dump").wait_for()

    line.fill("/dance on the table")
    line.press("Enter")
    one.locator("#room-reads", has_text="there is no /dance").wait_for()
    assert line.input_value() == "/dance on the table"

    one.context.set_offline(True)
    line.fill("said while nobody could hear")
    line.press("Enter")
    one.locator("#room-unsent li", has_text="not sent yet: said while").wait_for()
    one.context.set_offline(False)
    other.locator("#room-live li", has_text="said while nobody could hear").wait_for(timeout=20_000)
    one.locator("#room-unsent").wait_for(state="hidden")

    line.fill("half a thou")
    one.reload()
    assert one.locator("#write-text").input_value() == "half a thou"
    other.locator("#room-live li", has_text="said while").get_by_role("button", name="fact").click()
    one.locator("#room-live li[data-kind=fact]", has_text="said while").wait_for()
    for width in (1280, 390):
        one.set_viewport_size({"width": width, "height": 830})
        assert not one.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert complaints == []


def test_what_is_said_while_other_lines_are_on_their_way_is_said_once(desk, browser, sign_in, case, engineer):
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    sign_in(page, desk, engineer)
    page.goto(f"{desk}/cases/ESC-1/room")
    page.get_by_role("button", name="Open the room").click()
    line = page.locator("#write-text")
    line.wait_for()
    page.wait_for_load_state("domcontentloaded")
    page.route("**/room/say", lambda route: (time.sleep(0.3), route.continue_()))
    said = [f"line {number} of three" for number in range(3)]
    for text in said:
        line.fill(text)
        line.press("Enter")
        page.evaluate("document.dispatchEvent(new CustomEvent('holdfast:connected'))")
    page.locator("#room-live li", has_text=said[-1]).first.wait_for()
    page.locator("#room-unsent").wait_for(state="hidden")
    page.wait_for_timeout(1_500)  # what is sent twice comes a moment later
    told = [text for text in case.entries.order_by("position").values_list("text", flat=True) if text in said]
    assert told == said
