"""From a locator to the line that shows it, whatever the artefact is."""

from __future__ import annotations

from typing import Any

from holdfast.diagnostics.viewing.pages import Page


def row_of(page: Page, place: str, at: str) -> int | None:
    """Return the line (from 1) a locator points at; None when the file does not show it."""
    if place == "byte":
        offset = _number(at)
        return page.lines.line_at(min(offset, page.lines.size)) + 1 if offset is not None else None
    if place == "span":
        return _first(page, at)
    number = _number(at)
    if number is None:
        return None
    # samples and entries of formats that write one a line; others open at their first line
    return number if 1 <= number <= page.lines.count else min(1, page.lines.count) or None


def _first(page: Page, text: str) -> int | None:
    start: int | None = 0
    while start is not None and text:
        hits = page.find(text, start, patience=2.0, most=1)
        if hits.lines:
            return hits.lines[0]
        start = hits.next
    return None


def _number(at: Any) -> int | None:
    return int(at) if str(at).isdecimal() else None
