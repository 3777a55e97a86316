"""One trace as its page draws it: the bars, where the error comes from, what was waited for, what is odd."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from holdfast.diagnostics.correlation.habits import ENOUGH, Habits, Logged, What, Written
from holdfast.diagnostics.diagnosis import iso
from holdfast.diagnostics.traces.waterfall import Bar, Stretch, waterfall

MOST = 400
"""Spans of one trace that are drawn; of more, the shortest that nobody waited for are left out and counted."""
USUAL, RARE = 0.9, 0.05
"""A call that so many good traces make is missed where it is not; one that so few make is odd where it is."""
TOLD = 3
"""What is odd, most sentences."""
SMALL = 0.01
"""A step within a component is folded away when it took less than this part of the trace."""


def drawn(
    trace: dict[str, Any], sort: str, spans: pl.DataFrame, usual: Habits, lines: Written
) -> dict[str, Any]:
    """Return the trace as JSON; its times are ms since it began, `time` ISO 8601.

    trace: `trace` (its side first), `request`, `start` (ns), `ms`, `failed`, `slow`. spans: its own.
    """
    picture = _Picture(spans, usual, lines, trace)
    rows = picture.rows()
    return {
        "trace": trace["trace"][1:],
        "baseline": trace["trace"][0] == "0",
        "sort": sort,
        "request": trace["request"],
        "time": iso(trace["start"]),
        "spans": spans.height,
        "components": spans["component"].n_unique(),
        "ms": round(trace["ms"], 3),
        "good": {"number": usual.number, "median": round(usual.median, 3), "p95": round(usual.p95, 3)},
        "origin": picture.origin(),
        "path": picture.path(),
        "odd": picture.odd(),
        "left_out": spans.height - sum(not row["missing"] for row in rows),
        "rows": rows,
    }


class _Picture:
    def __init__(self, spans: pl.DataFrame, usual: Habits, lines: Written, trace: dict[str, Any]) -> None:
        self.all = spans.to_dicts()
        self.bars = waterfall(spans)
        self.usual, self.lines, self.trace = usual, lines, trace
        self.begin = min(one["start"] for one in self.all)
        self.missing = list(self._missing()) if usual.number >= ENOUGH else []
        self.error = self._origin()

    def rows(self) -> list[dict[str, Any]]:
        """Return the bars to draw, and after the last of its caller's each call that good traces make."""
        kept = self._kept()
        found, same = [], self._folds()
        for bar in (one for one in self.bars if one.row in kept):
            found.append(self._row(bar) | same[bar.row])
        for lost in self.missing:
            at = next((n for n, row in enumerate(found) if _what(row) == lost.caller), None)
            if at is None:
                continue
            depth = found[at]["depth"]
            last = next((n for n in range(at + 1, len(found)) if found[n]["depth"] <= depth), len(found))
            found.insert(last, lost.row(depth + 1, self.usual))
        return found

    def _kept(self) -> set[int]:
        if len(self.bars) <= MOST:
            return {bar.row for bar in self.bars}
        matters = sorted(self.bars, key=self._matter, reverse=True)
        parents = {bar.row: bar.parent for bar in self.bars}
        kept: set[int] = set()
        for bar in matters:
            line, at = [], bar.row
            while at >= 0 and at not in kept:
                line.append(at)
                at = parents[at]
            if len(kept) + len(line) <= MOST:
                kept.update(line)
        return kept

    def _matter(self, bar: Bar) -> tuple[bool, int, int]:
        span = self.all[bar.row]
        held = sum(end - start for start, end in (*bar.critical, *bar.waiting))
        return span["error"] == 1, held, span["end"] - span["start"]

    def _row(self, bar: Bar) -> dict[str, Any]:
        span = self.all[bar.row]
        known = self.usual.calls.get((span["component"], span["operation"]))
        lines = self._logged(span)
        return {
            "depth": bar.depth,
            "component": span["component"],
            "operation": span["operation"],
            "span": span["span"],
            "artefact": span["artefact"],
            "instance": span["instance"] or span["node"],
            "at": self._ms(span["start"]),
            "took": round((span["end"] - span["start"]) / 1e6, 3),
            "critical": [self._stretch(one) for one in bar.critical],
            "waiting": [self._stretch(one) for one in bar.waiting],
            "error": self._bad(bar),
            "fault": span["fault"],
            "good": [round(known.median, 3), round(known.p95, 3)] if known else None,
            "lines": lines.sorts if lines else None,
            "log": {"artefact": lines.artefact, "line": lines.line} if lines and lines.line else None,
            "good_lines": known.lines if known else None,
            "missing": False,
        }

    def _folds(self) -> dict[int, dict[str, Any]]:
        """Return for each span whether it is folded away, and for how many like calls of its caller it stands."""
        small = SMALL * (max(one["end"] for one in self.all) - self.begin)
        callers = {bar.parent for bar in self.bars}
        first: dict[tuple[int, str, str], int] = {}
        found: dict[int, dict[str, Any]] = {}
        for bar in self.bars:
            span = self.all[bar.row]
            found[bar.row] = {"times": 1, "folded": False}
            if self._bad(bar):
                continue
            like = first.setdefault((bar.parent, span["component"], span["operation"]), bar.row)
            again = bar.row not in callers and like != bar.row and like not in callers
            found[like]["times"] += again
            own = bar.parent >= 0 and self.all[bar.parent]["component"] == span["component"]
            minor = own and span["end"] - span["start"] < small and not self._rare(bar)
            found[bar.row]["folded"] = again or minor or (bar.parent >= 0 and found[bar.parent]["folded"])
        return found

    def _bad(self, bar: Bar) -> bool:
        return self.all[bar.row]["error"] == 1 or (self.error is not None and self.error.row == bar.row)

    def _logged(self, span: dict[str, Any]) -> Logged | None:
        return self.lines.get((self.trace["trace"], span["span"]))

    def _ms(self, time: int) -> float:
        return float(round((time - self.begin) / 1e6, 3))

    def _stretch(self, one: Stretch) -> list[float]:
        return [self._ms(one[0]), self._ms(one[1])]

    def _origin(self) -> Bar | None:
        """Return where the error comes from: the span that failed though nothing it called did; where spans do not
        say, the first call that logged an error, the deepest; else a step that good traces do not take."""
        failed = {bar.row for bar in self.bars if self.all[bar.row]["error"] == 1}
        passing = {bar.parent for bar in self.bars if bar.row in failed}
        own = [bar for bar in self.bars if bar.row in failed - passing]
        if own:
            return min(own, key=lambda bar: self.all[bar.row]["end"])
        if not self.trace["failed"]:
            return None
        told = [bar for bar in self.bars if (lines := self._logged(self.all[bar.row])) and lines.error]
        if told:
            return min(told, key=lambda bar: (-bar.depth, self.all[bar.row]["start"]))
        rare = [bar for bar in self.bars if self._rare(bar)]
        return min(rare, key=lambda bar: self.all[bar.row]["start"]) if rare else None

    def _rare(self, bar: Bar) -> bool:
        """Tell whether good traces do not take this step."""
        span = self.all[bar.row]
        known = self.usual.calls.get((span["component"], span["operation"]))
        return self.usual.number >= ENOUGH and (known is None or known.share <= RARE)

    def origin(self) -> dict[str, Any] | None:
        """Return where the error comes from."""
        if self.error is None:
            return None
        span = self.all[self.error.row]
        logged = self._logged(span)
        line = {"artefact": logged.artefact, "line": logged.line} if logged and logged.error else None
        raised = span["end"] if span["error"] == 1 else logged.time if logged and line else span["start"]
        return {
            "component": span["component"],
            "operation": span["operation"],
            "proof": {"artefact": span["artefact"], "span": span["span"]},
            "at": self._ms(raised),
            "fault": span["fault"],
            "logged": logged.error if logged else "",
            "log_line": line,
            "said": span["error"] == 1,
        }

    def path(self) -> list[dict[str, Any]]:
        """Return what held the critical path, the longest first: a component at work, or one waiting for another."""
        held: dict[tuple[str, str], int] = defaultdict(int)
        for bar in self.bars:
            name = self.all[bar.row]["component"]
            held[name, ""] += sum(end - start for start, end in bar.critical)
            held[name, bar.waits_for] += sum(end - start for start, end in bar.waiting)
        whole = sum(held.values()) or 1
        rows = sorted(((time, who) for who, time in held.items() if time), reverse=True)
        return [
            {"component": name, "for": other, "ms": round(time / 1e6, 3), "share": round(time / whole, 4)}
            for time, (name, other) in rows[:10]
        ]

    def odd(self) -> list[str]:
        """Return what good traces of the request do otherwise, in sentences."""
        said = [f"no {lost.operation} ({lost.component})" for lost in self.missing[:2]]
        if self.error is not None:
            span = self.all[self.error.row]
            logged = self._logged(span)
            words = span["fault"] or (logged.error if logged else "") or span["operation"]
            said.append(f"{span['component']}: {words}"[:160])
        if self.usual.number >= ENOUGH and self.trace["ms"] > self.usual.p95:
            said.append(f"{self.trace['ms']:.1f} ms, 95 % of good ones under {self.usual.p95:.1f}")
        return said[:TOLD]

    def _missing(self) -> Iterator[_Missing]:
        """Yield the calls nearly all good traces make and this one does not; of a tree of them the topmost."""
        here = {(span["component"], span["operation"]) for span in self.all}
        for what, call in sorted(self.usual.calls.items()):
            if call.share >= USUAL and what not in here and call.caller in here:
                yield _Missing(*what, call.caller, call.least, call.most)


@dataclass(frozen=True, slots=True)
class _Missing:
    component: str
    operation: str
    caller: What
    least: int
    most: int

    def row(self, depth: int, usual: Habits) -> dict[str, Any]:
        """Return the row that stands for it."""
        often = str(self.most) if self.least == self.most else f"{self.least} to {self.most}"
        return {
            "depth": depth,
            "component": self.component,
            "operation": self.operation,
            "missing": True,
            "said": f"missing: {often} in each of {usual.number} good traces",
            "times": 1,
            "folded": False,
        }


def _what(row: dict[str, Any]) -> What:
    return row["component"], row["operation"]
