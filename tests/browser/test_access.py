"""The page Access in a real browser: a grant is asked for, approved, and opens, on a wide and on a small screen."""

from __future__ import annotations

import os

import pytest

from holdfast.desk.vault import commands

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("HOLDFAST_PICTURES", "")


def test_a_grant_is_asked_for_approved_and_opens(browser, desk, sign_in, case, engineer, manager):
    for name in ("gateway-2023-01-29.tar.gz", "orders.log"):
        upload = commands.begin(case, name, 4, by=engineer)
        commands.take(upload, 0, [b"abc\n"])
        commands.complete(upload)
    page, other = browser.new_page(), browser.new_page()
    sign_in(page, desk, engineer)
    sign_in(other, desk, manager)
    page.goto(f"{desk}/cases/ESC-1/access")
    page.get_by_label("Because").fill("the bundle does not open here")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("Asked for").wait_for()
    assert page.get_by_role("link", name="download").count() == 0
    other.goto(f"{desk}/cases/ESC-1/decisions")
    other.get_by_role("button", name="Approve").first.click()
    other.get_by_text("G-1 open until").or_(other.get_by_text("Used")).first.wait_for()
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{desk}/cases/ESC-1/access")
            assert page.get_by_role("link", name="download").count() == 2
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/access-{width}-{scheme}.png", full_page=True)
    page.goto("about:blank")  # the live streams end before the desk does
    other.goto("about:blank")
