"""The picture of a diagnosis: one time axis, a lane per finding, the onset as a band."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from holdfast.desk.investigation.kept import raw_page_of
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.investigation.story import changes
from holdfast.diagnostics.viewing.columns import NO_TIME

LEFT, RIGHT = 232, 1040
ROW = 30
MOST_LANES, MOST_TICKS = 8, 160
LANES, LABEL, LETTER = 70, 44, 6.4
"""Left end of what labels may cover, most letters of one, and how wide a letter is at most."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture: ticks, or a dashed box where something stopped."""

    y: int
    name: str
    under: str
    ticks: list[float]
    gone_from: float | None
    gone_text: str
    before: str
    after: str
    tone: str
    finding: str

    @property
    def gone_width(self) -> float:
        """Width of the box that stands for what is absent."""
        return RIGHT - (self.gone_from or RIGHT)

    @property
    def gone_middle(self) -> float:
        """Middle of that box."""
        return RIGHT - self.gone_width / 2


@dataclass(frozen=True, slots=True)
class Mark:
    """A change or the report on the axis, its label on a row of its own where it would cover another."""

    x: float
    kind: str
    title: str
    label: str
    """The title as far as there is room."""
    y: int
    anchor: str
    """`end`: the label stands left of the mark; `start`: right of it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the template draws."""

    height: int
    axis: list[tuple[float, str]]
    band: tuple[float, float]
    marks: list[Mark]
    lanes: list[Lane] = field(default_factory=list)

    @property
    def band_width(self) -> float:
        """Width of the onset band, never so thin that it vanishes."""
        return max(3.0, self.band[1] - self.band[0])


def draw(kept: Diagnosis) -> Picture | None:
    """Return the picture, None when nothing in the diagnosis has a time."""
    report = kept.report
    if report["onset"] is None or (span := _span(report)) is None:
        return None
    first, last = span
    onset = (at(_time(report["onset"]["earliest"]), span), at(_time(report["onset"]["latest"]), span))
    shown = changes(report)[:MOST_LANES]
    found = [
        (at(_time(moment["time"]), span), moment["kind"], moment["title"])
        for moment in report["timeline"]
        if moment["kind"] in {"change", "report"} and first <= _time(moment["time"]) <= last
    ]
    marks = _placed(found[:6], onset[1])
    top = max([40, *(mark.y for mark in marks)]) + 18
    lanes = [_lane(kept, change, span, onset, top + ROW * row) for row, change in enumerate(shown)]
    return Picture(top + 8 + ROW * len(lanes), list(_axis(first, last)), onset, marks, lanes)


def _placed(found: list[tuple[float, str, str]], onset: float) -> list[Mark]:
    """Return the marks with their labels on rows on which they cover neither each other nor the word onset."""
    taken: list[list[tuple[float, float]]] = [[(onset, onset + 48)]]
    marks = []
    for x, kind, title in found:
        label = title if len(title) <= LABEL else f"{title[: LABEL - 1]}…"
        width = len(label) * LETTER
        left = (x - 12 - width, x + 8)
        span, anchor = (left, "end") if left[0] >= LANES else ((x - 8, x + 12 + width), "start")
        row = next((n for n, row in enumerate(taken) if _free(row, span)), len(taken))
        if row == len(taken):
            taken.append([])
        taken[row].append(span)
        marks.append(Mark(x, kind, title, label, 40 + 16 * row, anchor))
    return marks


def _free(row: list[tuple[float, float]], span: tuple[float, float]) -> bool:
    return all(span[1] < first or last < span[0] for first, last in row)


def at(time: float, span: tuple[float, float]) -> float:
    """Return the x of a time, kept inside the axis."""
    share = (time - span[0]) / max(1e-9, span[1] - span[0])
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, share)), 1)


def _span(report: dict[str, Any]) -> tuple[float, float] | None:
    """Return the stretch to show: around the onset, as far as the logs and findings reach."""
    times = [_time(one[name]) for one in report["findings"] for name in ("first", "last") if one[name]]
    times += [_time(moment["time"]) for moment in report["timeline"]]
    ranges = [
        (_time(one["first"]), _time(one["last"]))
        for one in report["artefacts"]
        if one["first"] and one["last"] and one["kind"].startswith("log")
    ]
    if not times and not ranges:
        return None
    onset = _time(report["onset"]["earliest"]) if report["onset"] else times[0]
    starts = sorted(first for first, last in ranges if first <= onset <= last)
    first = min([*starts[: max(1, len(starts) // 2)], *times])
    last = max([*times, *(last for start, last in ranges if start <= onset <= last)])
    return (first, last) if last > first else (first - 30, first + 30)


def _time(text: str) -> float:
    """Return seconds since the epoch; nanoseconds are cut, the picture has a thousand pixels."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


_STEPS = (0.1, 0.5, 1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800)


def _axis(first: float, last: float) -> Iterable[tuple[float, str]]:
    step = next((step for step in _STEPS if (last - first) / step <= 12), 2_592_000)
    layout = "%H:%M:%S" if step < 3600 else "%d %b %H:%M"
    tick = first - first % step + step
    while tick < last:
        yield at(tick, (first, last)), datetime.fromtimestamp(tick, UTC).strftime(layout)
        tick += step


def _lane(
    kept: Diagnosis, change: Any, span: tuple[float, float], onset: tuple[float, float], y: int
) -> Lane:
    found = change.finding
    times = _times(kept, found)
    gone = change.word == "gone"
    if gone:
        times = times[times <= _time(kept.report["onset"]["latest"])]
    if len(times) > MOST_TICKS:
        times = times[:: len(times) // MOST_TICKS + 1]
    ticks = [at(float(time), span) for time in times if span[0] <= time <= span[1]]
    of = change.after.partition(" of ")[2]
    return Lane(
        y,
        change.what,
        f"{found['rule'].partition('.')[0]}, {', '.join(found['components'][:2])}",
        ticks,
        onset[1] if gone else None,
        f"gone: 0 for {of} calls" if of else "gone",
        change.before,
        change.after,
        change.tone,
        found["id"],
    )


def _times(kept: Diagnosis, found: dict[str, Any]) -> Any:
    """Return when it was seen: of a log line all its like, of anything else the places cited."""
    for locator in found["locators"][:1]:
        if "line" in locator and kept.folder:
            whole = _like(kept, locator["artefact"], int(locator["line"]))
            if whole is not None:
                return whole
    cited = [_time(one["time"]) for one in found["locators"] if one.get("time")]
    return np.array(sorted(cited), dtype=np.float64)


def _like(kept: Diagnosis, artefact: str, line: int) -> Any | None:
    try:
        columns = raw_page_of(kept, artefact).columns  # only its times
    except FileNotFoundError:
        return None
    if columns is None:
        return None
    record = int(np.searchsorted(columns.line, columns.line.dtype.type(line), side="right")) - 1
    if record < 0:
        return None
    times = columns.time[columns.template == columns.template[record]]
    return np.asarray(times[times != NO_TIME], dtype=np.float64) / 1e9
