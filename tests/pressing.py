"""Keys in a real browser."""

from __future__ import annotations

from typing import Any


def press(page: Any, *keys: str) -> None:
    """Press keys one after another, once the page hears them.

    What a page shows can be seen before its scripts have run; they have when the document is parsed.
    """
    page.wait_for_load_state("domcontentloaded")
    for key in keys:
        page.keyboard.press(key)


def follow(page: Any, key: str) -> None:
    """Press a key that leads somewhere, and arrive there."""
    with page.expect_navigation():
        press(page, key)
