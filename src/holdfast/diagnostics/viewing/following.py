"""Following a value across files: the lines of several artefacts that carry it, in the order of time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from holdfast.diagnostics.viewing.columns import NO_TIME
from holdfast.diagnostics.viewing.pages import Page, Row

MOST_LINES = 500
"""Lines of one artefact that are shown."""
_LOOKED_AT = 1 << 20
"""Bytes of one line in which the value is looked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """A line that carries the value. `moment` is when, ns UTC, as its record or the last one above with a time says."""

    artefact: str
    row: Row
    moment: int


@dataclass(frozen=True, slots=True)
class Trail:
    """Lines by time, those without one behind. `unfinished`: artefacts with more lines, or not read to their end."""

    steps: list[Step]
    unfinished: list[str]


def follow(pages: Mapping[str, Callable[[], Page | None]], value: str, patience: float = 2.0) -> Trail:
    """Return the lines that carry a value as a word of its own, of all pages; patience in seconds, for all of them.

    pages: what opens each, None for one that is not shown. One is let go before the next is opened, for there may be
    thousands; those there is no time left for are not opened.
    """
    until = time.monotonic() + patience
    steps, unfinished = list[Step](), list[str]()
    for artefact, opened in pages.items():
        if time.monotonic() >= until:
            unfinished.append(artefact)
        elif page := opened():
            lines, whole = _carrying(page, value, until)
            unfinished += [] if whole else [artefact]
            steps.extend(Step(artefact, page.rows(line - 1, 1)[0], page.moment(line)) for line in lines)
    return Trail(sorted(steps, key=lambda step: (step.moment == NO_TIME, step.moment)), unfinished)


def _carrying(page: Page, value: str, until: float) -> tuple[list[int], bool]:
    """Return lines (from 1), and whether the page was read to its end."""
    word = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(value.encode()) + rb"(?![0-9A-Za-z_-])")
    lines, at = list[int](), 0
    while (left := until - time.monotonic()) > 0:
        found = page.find(value, at, left, MOST_LINES)
        lines.extend(line for line in found.lines if any(word.search(text) for text in _texts(page, line)))
        if found.next is None or len(lines) >= MOST_LINES:
            return lines[:MOST_LINES], found.next is None and len(lines) <= MOST_LINES
        at = found.next
    return lines, False


def _texts(page: Page, line: int) -> Iterator[bytes]:
    for start, end in page.lines.spans(line - 1, 1):
        yield page.lines.bytes[start : min(end, start + _LOOKED_AT)]
