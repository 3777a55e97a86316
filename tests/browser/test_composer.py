"""The composer says while one writes what is wrong, where it stands, and what to write instead."""

from __future__ import annotations

import pytest

from holdfast.desk.updates.models import Update
from pressing import press

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_typed_is_checked_kept_and_mended_by_a_digit(desk, browser, sign_in, case, engineer):
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 866})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, desk, engineer)
    page.goto(f"{desk}/cases/ESC-1/updates")
    page.get_by_role("button", name="Customer").click()
    known = page.get_by_label("What we know")
    known.fill("7 of 31 searches fail. It is probably the cache. This will never happen again.")

    # on the pause it is kept, and both hits are underlined, the one that stops first in order
    page.locator("#check", has_text="1 stops sending: 1").wait_for()
    assert page.locator(".under mark").all_inner_texts() == ["probably", "This will never happen again"]
    assert page.locator(".under mark.stops").all_inner_texts() == ["This will never happen again"]
    assert "probably the cache" in Update.objects.get().known
    page.locator("#preview mark").first.wait_for()
    assert page.locator("#preview mark").all_inner_texts() == ["We are watching it closely"]

    known.focus()
    press(page, "Tab")
    press(page, "1")
    page.locator("#check", has_text="1 hit").wait_for()
    assert known.input_value().endswith("the cache. We are watching it closely.")
    press(page, "Tab")
    press(page, "i")
    page.keyboard.type("the customer asked for our guess")
    press(page, "Enter")
    page.get_by_text("Nothing found").wait_for()
    known.focus()
    press(page, "Control+Enter")
    page.locator("#U-1").wait_for()
    assert Update.objects.get().state == "sent"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert complaints == []
    page.close()


def test_what_two_write_at_once_is_not_overwritten(desk, browser, sign_in, case, engineer, team_mate):
    pages = []
    for person in (engineer, team_mate):
        page = browser.new_context().new_page()
        sign_in(page, desk, person)
        page.goto(f"{desk}/cases/ESC-1/updates")
        if not pages:
            page.get_by_role("button", name="Customer").click()
        page.locator("#composer").wait_for()
        pages.append(page)
    pages[0].get_by_label("What we know").fill("7 of 31 searches fail.")
    pages[0].locator("#check", has_text="Nothing found").wait_for()
    pages[0].wait_for_timeout(1500)

    pages[1].get_by_label("What we know").fill("9 of 44 searches fail.")

    pages[1].locator("#check", has_text="was changed while you wrote").wait_for()
    assert Update.objects.get().known == "7 of 31 searches fail."
