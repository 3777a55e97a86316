"""The traces a reading left to be looked at, as their page draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Trace = dict[str, Any]
SORTS = ("failed", "slow", "good")
SHOWN = (*SORTS, "all")
THIN = 0.25
"""Percent of the width below which a part would not be seen."""
TOLD = 8.0
"""Percent of the width that a wait must have to be told in words within it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle, in percent of the width."""

    x: float
    width: float
    tone: str
    """`rest`, `held` (the request waited for its work), `wait` (for something without a span), `usual`, `lost`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a waterfall."""

    row: dict[str, Any]
    indent: int
    """Pixels."""
    parts: list[Part]
    words: str
    """Stand at `words_at`, percent."""
    words_at: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A waterfall."""

    trace: Trace
    lines: list[Line]
    ticks: list[tuple[float, str]]
    """Percent and milliseconds."""
    error_at: float | None
    """Percent: when the error was raised."""
    shown: int
    """Rows that are not folded away."""
    held: bool
    """Whether it says what the request waited for."""


def chosen(traces: Sequence[Trace], sort: str, request: str) -> list[Trace]:
    """Return those of a sort and of a request, the latest last; all where nothing is asked."""
    found = [one for one in traces if not sort or one["sort"] == sort]
    return [one for one in found if not request or one["request"] == request]


def named(traces: Sequence[Trace], trace: str) -> Trace | None:
    """Return the trace of that id."""
    return next((one for one in traces if one["trace"] == trace), None) if trace else None


def worst(traces: Sequence[Trace], requests: Sequence[dict[str, Any]]) -> Trace:
    """Return the one to look at first: one that failed, of the request that fails most."""
    order = [one["request"] for one in requests]

    def place(trace: Trace) -> tuple[int, int]:
        like = trace["request"]
        return SORTS.index(trace["sort"]), order.index(like) if like in order else len(order)

    return min(traces, key=place)


def draw(trace: Trace) -> Picture:
    """Return a trace laid out over its width."""
    rows = trace["rows"]
    whole = max((row["at"] + row["took"] for row in rows if not row["missing"]), default=0) or 1.0
    share = 100 / whole
    origin = trace["origin"]
    error_at = min(100.0, origin["at"] * share) if origin else None
    lines = [_line(row, share, error_at) for row in rows]
    return Picture(
        trace,
        lines,
        _ticks(whole),
        error_at,
        sum(not row["folded"] for row in rows),
        any(row.get("critical") for row in rows),
    )


def _line(row: dict[str, Any], share: float, error_at: float | None) -> Line:
    indent = 8 * min(row["depth"], 24)
    if row["missing"]:
        at = 96.0 if error_at is None else min(96.0, error_at)
        return Line(row, indent, [Part(at, 3.5, "lost")], row["said"], at)
    parts = [Part(row["at"] * share, max(THIN, row["took"] * share), "rest")]
    parts += [_part(one, share, "held") for one in row["critical"]]
    waits = [_part(one, share, "wait") for one in row["waiting"]]
    parts += waits
    if row["good"]:
        parts.append(Part(row["at"] * share, max(THIN, min(100.0, row["good"][0] * share)), "usual"))
    words, at = "", 0.0
    if waits:
        longest = max(range(len(waits)), key=lambda n: waits[n].width)
        if waits[longest].width >= TOLD:
            start, end = row["waiting"][longest]
            words = f"{end - start:.1f} ms waited, no span"
            at = waits[longest].x + waits[longest].width / 2
    return Line(row, indent, parts, words, at)


def _part(one: Sequence[float], share: float, tone: str) -> Part:
    return Part(one[0] * share, max(THIN, (one[1] - one[0]) * share), tone)


def _ticks(whole: float) -> list[tuple[float, str]]:
    """Return round moments, at most eight."""
    power = 10.0 ** math.floor(math.log10(whole / 7))
    step = next(power * n for n in (1, 2, 5, 10) if whole <= 7 * power * n)
    return [(100 * n * step / whole, f"{n * step:g}") for n in range(int(whole / step) + 1)]
