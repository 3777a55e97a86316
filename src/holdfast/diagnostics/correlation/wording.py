"""Turns what was weighed into findings: one plain sentence each, with numbers and proof."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.correlation.blame import Suspicion
from holdfast.diagnostics.correlation.ranking import Weighed
from holdfast.diagnostics.correlation.resources import Shift
from holdfast.diagnostics.correlation.visits import BUNDLE
from holdfast.diagnostics.findings import Finding, Severity
from holdfast.diagnostics.metrics.counters import PER_SECOND
from holdfast.diagnostics.units import duration, figure

_ID = re.compile(r"\b(trace|span|request|correlation)[_ -]?id\W{0,3}<\*>\W?", re.IGNORECASE)
"""Ids in a line: they tell its calls apart, not the line from others."""
PROOFS = 5
"""Locators a finding names of each side."""
_RULES = {
    "log": "logs",
    "span": "traces",
    "call": "traces",
    "fault": "traces",
    "clock": "clocks",
    "silence": "logs",
}
_NOUNS = {
    "log": "line",
    "span": "step",
    "call": "call",
    "fault": "failure",
    "clock": "clock",
    "silence": "answer",
}


class Wording:
    """Words for one comparison."""

    def __init__(self, weighed: Weighed, templates: dict[str, str]) -> None:
        self._weighed, self._templates = weighed, templates
        self._frame = weighed.visits.frame
        self._operations = self._frame.group_by("context").agg(pl.col("operation").first())
        self._items = weighed.visits.items

    def finding(self, suspicion: Suspicion) -> Finding:
        """Return a suspicion as a finding."""
        make = {"behaviour": self._behaviour, "work": self._work, "way": self._way}[suspicion.kind]
        return make(suspicion)

    def what(self, suspicion: Suspicion) -> str:
        """Return what a changed item is, in its own words."""
        kind, _, rest = str(suspicion.detail.get("item", "")).partition(" ")
        return shortened(_ID.sub("", self._templates.get(rest, rest)) if kind == "log" else rest)

    def _behaviour(self, s: Suspicion) -> Finding:
        detail = s.detail
        unit = self._unit(detail["context"])
        counts = f"{_of(detail['k1'], detail['n1'])} {unit}"
        if detail["n0"] < 1:
            counts += " of a kind not seen before"
        else:
            counts += f", before in {_of(detail['k0'], detail['n0'])}"
        kind, way = detail["kind"], detail["way"]
        noun = _NOUNS[kind]
        verb = {"new": "New", "gone": "Gone:", "more": "More often", "fewer": "Less often"}[way]
        title = f"{verb} {noun} in {s.component}: {self.what(s)}, in {counts}"
        if kind == "silence":
            lost, before = detail["n1"] - detail["k1"], detail["n0"] - detail["k0"]
            does, whose = "writes nothing in", f"calls in which {self._caller(s)} came as far as calling it"
            if s.loose:  # it came as a message
                does, whose = "has not taken the messages of", f"calls of {self._caller(s)}"
            title = (
                f"{s.component} {does} {_of(lost, detail['n1'])} {whose}, before {_of(before, detail['n0'])}"
            )
        return Finding(
            f"{_RULES[kind]}.{way}_{noun}",
            title,
            Severity.ERROR if detail["bad"] else Severity.WARNING,
            min(0.99, s.effect + 0.3),
            (s.component,),
            *self._period(s),
            int(detail["k1"] if way in ("new", "more") else detail["n1"] - detail["k1"]),
            self._proof(s),
            {
                "before": {"count": int(detail["k0"]), "of": int(detail["n0"])},
                "after": {"count": int(detail["k1"]), "of": int(detail["n1"])},
                "way": way,
                "what": self.what(s),
                "operation": self._operation(detail["context"]),
                "effect": round(s.effect, 3),
                "unexplained": round(s.unexplained, 3),
                "explained_by": s.by if s.unexplained < s.effect / 2 else "",
            },
        )

    def _caller(self, s: Suspicion) -> str:
        return str(self._frame["component"][int(s.visits[0])]) if len(s.visits) else "its caller"

    def _unit(self, context: int) -> str:
        """Return what is counted: calls, or stretches of time of a log that names no calls."""
        one = self._frame.filter(pl.col("context") == context).row(0, named=True)
        return "calls" if one["trace"] else f"stretches of {(one['end'] - one['start']) / 1e9:.0f} s"

    def _operation(self, context: int) -> str:
        return str(self._operations.filter(pl.col("context") == context)["operation"][0])

    def _work(self, s: Suspicion) -> Finding:
        d = s.detail
        operation = self._operation(d["context"]) or "its work"
        what = f"{s.component} itself works longer on {operation}"
        return self._slow("traces.slower_work", what, d["usual"], d["lost"], s)

    def _way(self, s: Suspicion) -> Finding:
        d = s.detail
        others = sorted({w[end] for w in d["ways"] for end in ("caller", "component")} - {s.component})
        whom = ", ".join(others[:4])
        worst = max(d["ways"], key=lambda w: w["excess"])
        verb = {
            "in": f"Calls to {s.component} from {whom}",
            "out": f"Calls from {s.component} to {whom}",
            "both": f"Calls to and from {s.component} ({whom})",
        }[d["side"]]
        if worst["f1"] > worst["w1"] / 2:
            return self._slow("traces.slower_way", f"{verb} fail without an answer", None, None, s)
        how = "take longer" if worst.get("counted") else "wait on the way"
        return self._slow("traces.slower_way", f"{verb} {how}", worst["usual"], worst["lost"], s)

    def _slow(self, rule: str, what: str, usual: float | None, lost: float | None, s: Suspicion) -> Finding:
        """Return what is slower, from its usual time and what it lost; both None where no answer comes at all."""
        d = s.detail
        data = {
            "before": {"count": int(d["k0"]), "of": int(d["n0"])},
            "after": {"count": int(d["k1"]), "of": int(d["n1"])},
            "way": "slower",
            "subject": what,
            "effect": round(s.effect, 3),
            "unexplained": round(s.unexplained, 3),
        }
        title = f"{what}: {_of(d['k1'], d['n1'])}, before {_of(d['k0'], d['n0'])}"
        if usual is not None:
            now = usual + (lost or 0)
            data |= {"usual": round(usual), "now": round(now)}
            clocked = any(way.get("counted") for way in d.get("ways", ()))  # then the share is an estimate
            of = f"about {100 * d['k1'] / d['n1']:.0f} % of" if clocked else _of(d["k1"], d["n1"])
            title = f"{what}: usually {duration(usual)}, now {duration(now)} in {of} calls"
        confidence = min(0.99, s.effect + 0.3)
        first, last = self._period(s)
        counted = sorted((way["counted"] for way in d.get("ways", ()) if way.get("counted")), key=_time)
        if counted:
            first = min(first or counted[0]["time"], counted[0]["time"])
        return Finding(
            rule,
            title,
            Severity.WARNING,
            confidence,
            (s.component,),
            first,
            last,
            int(d["k1"]),
            (
                *self._calls(s),
                *(Locator(c["artefact"], "sample", c["sample"], c["time"]) for c in counted[:PROOFS]),
            ),
            data,
        )

    def shift(self, shift: Shift) -> Finding:
        """Return a shift of means as a finding."""
        signal = shift.signal
        verb = "rises" if shift.score > 0 else "falls"
        pace = " a second" if signal.unit == PER_SECOND else ""
        title = (
            f"{signal.name} of {signal.component} {verb} from {figure(shift.before)} to {figure(shift.after)}{pace}, "
            "unlike the same metric elsewhere"
        )
        time = int(signal.times[shift.at])
        proof = Locator(
            signal.artefact, "sample", signal.samples[shift.at] if signal.samples else shift.at + 1, time
        )
        data = {
            "before": shift.before,
            "after": shift.after,
            "score": round(shift.score, 2),
            "metric": signal.name,
            "labels": dict(signal.labels),
            "effect": round(shift.effect, 3),
        }
        return Finding(
            "metrics.shift",
            title,
            Severity.WARNING,
            min(0.95, 0.4 + shift.effect / 2),
            (signal.component,),
            time,
            int(signal.times[-1]),
            1,
            (proof,),
            data,
        )

    def _period(self, s: Suspicion) -> tuple[int | None, int | None]:
        if not len(s.visits):
            return None, None
        times = self._frame["start"].gather(s.visits)
        if s.detail.get("way") in ("new", "more") and (shown := self._shown(s)).height:
            times = shown["time"]  # a stretch of time begins before what it shows
        return int(times.min()), int(times.max())  # type: ignore[arg-type]

    def _shown(self, s: Suspicion) -> pl.DataFrame:
        """Return what the calls of a suspicion show of it."""
        return self._items.filter(
            (pl.col("item") == s.detail["item"]) & pl.col("visit").is_in(pl.Series(s.visits).implode())
        )

    def _proof(self, s: Suspicion) -> tuple[Locator, ...]:
        """Return where the change can be seen: what is new itself, what is gone by its last sight and first lack."""
        if s.detail["way"] in ("new", "more"):
            return _places(self._shown(s).sort("time").head(PROOFS))
        context = self._frame.filter(pl.col("context") == s.detail["context"]).select("visit", "side")
        seen = (
            self._items.filter(pl.col("item") == s.detail["item"])
            .join(context, on="visit")
            .sort("side", "time")
        )
        before = seen.filter(~pl.col("visit").is_in(pl.Series(s.visits).implode()))
        last = before.filter((pl.col("side") < BUNDLE) | (pl.col("time") < self._weighed.start))
        return _places(last.tail(2).reverse()) + self._calls(s)

    def _calls(self, s: Suspicion) -> tuple[Locator, ...]:
        rows = self._frame[s.visits].sort("start").head(PROOFS)
        return tuple(
            Locator(row["artefact"], "span", row["span"], row["start"], row["trace"][1:])
            if row["span"]
            else Locator(row["artefact"], "line", row["line"], row["start"])
            for row in rows.iter_rows(named=True)
            if row["artefact"]
        )


def _time(counted: dict[str, int]) -> int:
    return counted["time"]


def _places(items: pl.DataFrame) -> tuple[Locator, ...]:
    return tuple(
        Locator(row["artefact"], "span", row["place"], row["time"])
        if row["place"]
        else Locator(row["artefact"], "line", row["line"], row["time"])
        for row in items.iter_rows(named=True)
    )


def _of(count: float, total: float) -> str:
    return f"{int(count)} of {int(total)}"


def shortened(text: str, most: int = 110) -> str:
    """Return a text cut in the middle: its ends tell it from others."""
    text = " ".join(text.split())
    half = most // 2 - 1
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def texts(sides: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return the template texts of several sides in one dict."""
    return {key: text for side in sides for key, text in side.items()}
