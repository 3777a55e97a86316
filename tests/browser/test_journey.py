"""One escalation in a real browser, from the declaration to the line that proves its cause."""

from __future__ import annotations

import pytest

from holdfast.desk.cases import commands
from pressing import press

pytestmark = pytest.mark.django_db(transaction=True)
LOG = "".join(
    f"2026-03-01T10:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if n > 900 and n % 3 == 0 else 'INFO'} "
    f"checkout - {'payment refused by gateway' if n > 900 and n % 3 == 0 else 'order'} {n}\n"
    for n in range(1200)
)


def overflows(page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_from_declaration_to_proof(desk, browser, sign_in, engineer, tmp_path):
    (tmp_path / "app.log").write_text(LOG)
    page = browser.new_page(viewport={"width": 1280, "height": 830})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    sign_in(page, desk, engineer)

    press(page, "n")
    page.get_by_label("What is broken").fill("Checkout fails")
    page.get_by_label("Sev 1").check()
    page.get_by_role("button", name="Declare").click()
    page.wait_for_url("**/cases/ESC-1/")

    page.locator("input[type=file]").set_input_files(tmp_path / "app.log")
    page.get_by_role("button", name="Read the evidence").click()
    page.locator("#components .ranked, #components p.empty").first.wait_for(timeout=240_000)

    press(page, "a", "a")
    page.get_by_text("met in").first.wait_for()

    press(page, "g", "d")
    page.locator(".rows tbody tr").first.wait_for()
    page.locator("input[name=text][type=search]").fill("order 777")
    press(page, "Enter")
    page.locator(".rows tr.chosen", has_text="order 777").wait_for()
    page.get_by_role("button", name="ERROR").click()
    page.locator(".rows td.bad").first.wait_for()

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 830})
        for address in (
            "/",
            "/cases/",
            "/cases/new",
            "/cases/ESC-1/",
            "/cases/ESC-1/diagnosis",
            "/figures/",
            "/me/tokens",
        ):
            page.goto(desk + address)
            assert not overflows(page), (width, address)
    assert complaints == []
    page.close()


def test_what_somebody_else_writes_appears_by_itself(desk, browser, sign_in, case, engineer, team_mate):
    page = browser.new_page()
    sign_in(page, desk, engineer)
    page.goto(f"{desk}/cases/ESC-1/")
    page.locator("#live:not(.stale)").wait_for()
    page.wait_for_timeout(800)
    page.locator("#write-text").fill("half a thought")
    commands.comment(case, "the gateway is back", by=team_mate)
    page.get_by_text("the gateway is back").wait_for(timeout=10_000)
    assert page.locator("#write-text").input_value() == "half a thought"
    page.close()


LOOKED_AT = (
    "looked => { Object.defineProperty(document, 'hidden', { value: !looked, configurable: true });"
    " document.dispatchEvent(new Event('visibilitychange')); }"
)


def test_a_tab_nobody_looks_at_holds_no_stream_and_has_missed_nothing(
    desk, browser, sign_in, case, team_mate
):
    page = browser.new_page()
    sign_in(page, desk, team_mate)
    page.goto(f"{desk}/cases/ESC-1/")
    page.locator("#live:not(.stale)").wait_for()
    with page.expect_event("requestfailed", lambda request: "/live/" in request.url):
        page.evaluate(LOOKED_AT, False)
    for number in range(3):
        commands.comment(case, f"said unseen, no. {number}", by=team_mate)
    page.wait_for_timeout(800)
    assert not page.get_by_text("said unseen").count()
    page.evaluate(LOOKED_AT, True)
    page.get_by_text("said unseen, no. 2").wait_for(timeout=10_000)
    assert page.get_by_text("said unseen").count() == 3
    page.close()


def test_a_tab_left_before_its_stream_began_has_missed_nothing_either(
    desk, browser, sign_in, case, team_mate
):
    page = browser.new_page()
    sign_in(page, desk, team_mate)
    page.add_init_script(f"addEventListener('DOMContentLoaded', () => ({LOOKED_AT})(false))")
    page.goto(f"{desk}/cases/ESC-1/")
    commands.comment(case, "said too early", by=team_mate)
    page.wait_for_timeout(1500)  # until nobody listens any more
    page.evaluate(LOOKED_AT, True)
    page.get_by_text("said too early").wait_for(timeout=10_000)
    page.close()
