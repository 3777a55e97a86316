"""The cast plays here, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cast import *  # noqa: F403

CHROMIUM = shutil.which("chromium")
VENDOR = Path(__file__).parents[2] / "src" / "holdfast" / "web" / "static" / "vendor" / "htmx.js"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Chromium; the test is skipped where it or the front-end files are absent."""
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    if not VENDOR.exists():
        pytest.skip("the front-end files are not built")
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright's loop runs in this thread
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def sign_in() -> Callable[[Any, str, Any], None]:
    """Return what signs a person in on a page; it ends on the queue."""

    def signed(page: Any, desk: str, person: Any) -> None:
        from holdfast.desk.people.commands import one_time_sign_in

        page.goto(f"{desk}/sign-in/once/{one_time_sign_in(person)}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{desk}/")

    return signed
