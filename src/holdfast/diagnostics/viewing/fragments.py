"""The piece of a JSON file a locator points at, written out: a file may be one line of many megabytes."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from holdfast.diagnostics.viewing.pages import Page

WHOLE = 8 << 20
"""Bytes of a file that is read as a whole to count samples."""
BEHIND, AHEAD, TRIES = 1 << 16, 1 << 18, 400
"""How far around a span its object is looked for, and how many places may be its beginning."""
AROUND = 3
MOST = 20_000
"""Characters of a fragment that are shown."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of JSON, indented, and the path to it; the path is empty where it was not counted."""

    path: str
    text: str


def fragment_of(page: Page, place: str, at: str) -> Fragment | None:
    """Return the object of a span, or the series and the neighbours of a sample; None where it is no JSON."""
    if page.lines.bytes[:64].lstrip()[:1] not in (b"{", b"["):
        return None
    if place == "span":
        return _around(page, at)
    return _sample(page, int(at)) if place == "sample" and at.isdecimal() else None


def _around(page: Page, text: str) -> Fragment | None:
    """Return the smallest object that holds a text, read from the nearest opening before it."""
    sought = json.dumps(text).encode()
    hit = page.lines.bytes.find(sought)
    if hit < 0 or not text:
        return None
    start = max(0, hit - BEHIND)
    behind = page.lines.bytes[start:hit].decode("utf-8", "replace")
    window = behind + page.lines.bytes[hit : hit + AHEAD].decode("utf-8", "replace")
    decoder, opening = json.JSONDecoder(), len(behind)
    for _ in range(TRIES):
        opening = window.rfind("{", 0, opening)
        if opening < 0:
            return None
        with suppress(ValueError, RecursionError):
            found, end = decoder.raw_decode(window, opening)
            if end > len(behind):
                return Fragment("", _written(found))
    return None


def _sample(page: Page, number: int) -> Fragment | None:
    """Return a sample of a Prometheus answer, counted from 1 over all its series."""
    if page.lines.size > WHOLE:
        return None
    try:
        series = orjson.loads(page.lines.bytes[:])["data"]["result"]
        for place, one in enumerate(series):
            name = "values" if "values" in one else "value"
            points = one["values"] if name == "values" else [one["value"]]
            if number <= len(points):
                return _point(place, name, one.get("metric", {}), points, number - 1)
            number -= len(points)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return None


def _point(place: int, name: str, labels: Any, points: list[Any], at: int) -> Fragment:
    first = max(0, at - AROUND)
    shown = {"metric": labels, name: points[first : at + AROUND + 1]}
    path = f"data.result[{place}].{name}" + (f"[{at}]" if name == "values" else "")
    return Fragment(path, _written(shown))


def _written(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST else f"{text[:MOST]}\n… {len(text) - MOST} characters more"
