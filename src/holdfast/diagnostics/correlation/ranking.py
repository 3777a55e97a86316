"""Weighs everything: which component explains most of what changed, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.alignment import aligned
from holdfast.diagnostics.correlation.blame import Suspicion, by_counts, suspicions
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.onset import FEWEST, Moment, calls_of, divide, gains, ways_of
from holdfast.diagnostics.correlation.resources import Shift, shifts
from holdfast.diagnostics.correlation.shares import Z
from holdfast.diagnostics.correlation.tallies import WAY, divided, tallies
from holdfast.diagnostics.correlation.visits import BASELINE, BUNDLE, Division, Visits, visits

ABNORMAL = 0.1
"""Score of the first candidate below which nothing abnormal is claimed."""
LENIENT = 1.0
"""Standard deviations that do where nothing stands out at two."""
WORTH = 0.02
"""An effect below this is not worth an argument."""
MEANS = 0.8
"""Weight of what a component uses up beside what its calls show: a busy machine need not be a broken one."""
EARLIER = 0.5
"""An earlier moment is preferred where it leaves a first candidate of this part of the score: what a fault
brings about comes later, and is often louder than the fault."""
SETTLE = 120_000_000_000
"""Nanoseconds after the report that still count as the fault's time."""


@dataclass(slots=True)
class Ranked:
    """One component with everything that argues for it."""

    component: str
    score: float
    suspicions: list[Suspicion] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)


@dataclass(slots=True)
class Weighed:
    """The outcome of the comparison."""

    visits: Visits
    subject: pl.Series
    reference: pl.Series
    onset: Moment | None
    """None when nothing changes within the bundle: then all of it is compared with the baseline."""
    start: int
    """From when on the bundle counts as faulty, ns UTC."""
    ranked: list[Ranked]
    suspicions: list[Suspicion]
    compared: bool
    """False when there was nothing to compare with."""
    sure: bool
    """False when nothing surely changed and the ranking is of what may have."""
    texts: dict[str, str] = field(default_factory=dict)
    """Text of each log template by id."""

    @property
    def first(self) -> float:
        """Score of the first candidate, 0 when there is none."""
        return self.ranked[0].score if self.ranked else 0.0


def weigh(baseline: Evidence, bundle: Evidence, at: int | None = None) -> Weighed:
    """Compare the bundle with its baseline, or its own earlier part, and rank its components.

    at: the onset where a person knows it, ns UTC. Otherwise each moment that divides the evidence is tried
    and the one is taken under which one component explains most.
    """
    same = aligned([baseline.templates, bundle.templates])
    seen = visits(_with(baseline, same), _with(bundle, same))
    comparison = _Comparison(baseline, bundle, seen)
    if at is not None:
        return comparison.since(at, None, Z)
    strict = comparison.best(Z)
    return strict if strict.first >= ABNORMAL else comparison.best(LENIENT)


class _Comparison:
    """Both sides and the ways to divide them."""

    def __init__(self, baseline: Evidence, bundle: Evidence, seen: Visits) -> None:
        self.baseline, self.bundle, self.seen = baseline, bundle, seen
        self.ours, self.theirs = seen.frame["side"] == BUNDLE, seen.frame["side"] == BASELINE
        self.first = _first(bundle, seen.frame)
        self.texts = {**baseline.templates, **bundle.templates}
        self.tallies = tallies(baseline.signals, bundle.signals, seen)

    def best(self, z: float) -> Weighed:
        """Return the comparison since the moment under which one component explains most."""
        tried = [self.since(moment.time if moment else self.first, moment, z) for moment in self.moments(z)]
        # what differs from before says more than what only looks grave
        tried = [w for w in tried if w.compared and w.first >= ABNORMAL] or tried
        best = max(tried, key=lambda weighed: weighed.first)
        early = [w for w in tried if w.onset and best.onset and w.start < best.start]
        return min((w for w in early if w.first >= EARLIER * best.first), key=lambda w: w.start, default=best)

    def moments(self, z: float) -> list[Moment | None]:
        """Return the moments worth trying; None stands for "since before the bundle begins"."""
        found = self._asked(divide(self.seen))
        if self.theirs.any() or self.tallies.height:
            whole = self.since(self.first, None, z)
            if whole.ranked:
                wanted = _wanted([s for s in whole.ranked[0].suspicions if s.unexplained >= WORTH])
                found += divide(self.seen, wanted) if wanted.height else _by_means(whole.ranked[0].shifts)
                found += self._by_counts(whole.ranked[0])
        if not found and not self.theirs.any():
            found = self._asked(_by_means(self._shifts(_middle(self.bundle)))) + self._by_all_counts()
        return [*dict.fromkeys(found), None]

    def _by_counts(self, first: Ranked) -> list[Moment]:
        """Return the moment that best divides what callers counted of a candidate that does not answer them."""
        ways = [way for s in first.suspicions if s.unexplained >= WORTH for way in s.detail.get("ways", ())]
        wanted = [{name: way[name] for name in (*WAY, "late")} for way in ways if way.get("counted")]
        mine = pl.struct(*WAY, "late").is_in(wanted)
        return _divided(self.tallies.filter(mine), first.component) if wanted else []

    def _by_all_counts(self) -> list[Moment]:
        """Return the moment that best divides what callers counted of anybody."""
        ways = self.tallies.partition_by(*WAY, "late")
        moments = [moment for way in ways for moment in _divided(way, way["component"][0])]
        return [max(moments, key=lambda moment: moment.gain)] if moments else []

    def _asked(self, moments: list[Moment]) -> list[Moment]:
        """Return the moments before which calls were made, where any are known: where they begin nothing broke."""
        called = self.seen.frame.filter(pl.col("trace") != "")
        known, starts = bool((called["side"] == BASELINE).any()), called["start"]
        return [m for m in moments if known or not len(starts) or (starts < m.time).sum() >= FEWEST]

    def since(self, start: int, onset: Moment | None, z: float) -> Weighed:
        """Compare what came from `start` on with what came before and with the baseline."""
        starts = self.seen.frame["start"]
        subject, earlier = self.ours & (starts >= start), self.ours & (starts < start)
        reference = self.theirs | earlier
        ours, early = pl.col("side") == BUNDLE, pl.col("time") < start
        counted = self._counted(ours & ~early & (pl.col("time") <= _stop(self.bundle)), ~ours | early)
        found = []
        if subject.any() or counted is not None:
            found = suspicions(Division(self.seen, subject, reference, z, self.texts, counted))
        if self.theirs.any() and earlier.any():
            counted = self._counted(ours & early, ~ours)
            _discount(found, suspicions(Division(self.seen, earlier, self.theirs, z, self.texts, counted)))
        moved = self._shifts(start)
        since_then = onset is not None and bool(moved or any(map(by_counts, found)))  # metrics know of before
        compared = bool(reference.any()) or not self.baseline.empty() or since_then
        return Weighed(
            self.seen,
            subject,
            reference,
            onset,
            start,
            _ranked(found, moved),
            found,
            compared,
            z >= Z,
            self.texts,
        )

    def _shifts(self, start: int) -> list[Shift]:
        """Return what metrics say since a moment."""
        return shifts(self.baseline.signals, self.bundle.signals, start, _stop(self.bundle))

    def _counted(self, now: pl.Expr, before: pl.Expr) -> pl.DataFrame | None:
        return divided(self.tallies, now, before) if self.tallies.height else None


def _with(side: Evidence, same: dict[str, str]) -> Evidence:
    return replace(side, records=side.records.with_columns(pl.col("template").replace(same)))


def _first(bundle: Evidence, frame: pl.DataFrame) -> int:
    ours = frame.filter(pl.col("side") == BUNDLE)["start"]
    if ours.len():
        return int(ours.min())  # type: ignore[arg-type]
    return min((int(s.times[0]) for s in bundle.signals if len(s.times)), default=0)


def _middle(bundle: Evidence) -> int:
    times = [signal.times for signal in bundle.signals]
    return int(np.median(np.concatenate(times))) if times else 0


def _stop(bundle: Evidence) -> int:
    return bundle.reported_at + SETTLE if bundle.reported_at else np.iinfo(np.int64).max


def _wanted(suspected: Sequence[Suspicion]) -> pl.DataFrame:
    rows: list[tuple[str, str]] = []
    for suspicion in suspected:
        if suspicion.kind == "behaviour":
            rows.append((calls_of(suspicion.detail["context"]), suspicion.detail["item"]))
        elif suspicion.kind == "work":
            rows.append((calls_of(suspicion.detail["context"]), "slow"))
        else:
            rows += [(ways_of(way["caller"], way["component"]), "slow") for way in suspicion.detail["ways"]]
    return pl.DataFrame(rows, schema={"population": pl.String, "item": pl.String}, orient="row")


def _divided(counted: pl.DataFrame, component: str) -> list[Moment]:
    """Return the moment that best divides calls counted, some of them lost."""
    ours = counted.filter(pl.col("side") == BUNDLE).group_by("time").agg(pl.sum("lost", "calls")).sort("time")
    if ours.height < 2 or not ours["lost"].sum():
        return []
    gain = gains(ours["lost"].to_numpy()[None], ours["calls"].to_numpy()[None])[0]
    return [Moment(int(ours["time"][int(gain.argmax()) + 1]), float(gain.max()), component)]


def _by_means(moved: list[Shift]) -> list[Moment]:
    """Return when the clearest of the shifts began: after its last sample of the old level."""
    clear = [shift for shift in moved if shift.at > 0]
    if not clear:
        return []
    best = max(clear, key=lambda shift: shift.score)
    return [Moment(int(best.signal.times[best.at - 1]), best.score, best.signal.component)]


def _discount(found: list[Suspicion], earlier: list[Suspicion]) -> None:
    """Take off what was already so before the onset: it may be odd, but it did not begin then."""
    before = {_identity(s): s.effect for s in earlier}
    for suspicion in found:
        already = before.get(_identity(suspicion), 0.0)
        suspicion.unexplained *= 1 - min(1.0, already / max(suspicion.effect, 1e-9))


def _identity(suspicion: Suspicion) -> tuple[object, ...]:
    detail = suspicion.detail
    return suspicion.component, suspicion.kind, detail.get("context"), detail.get("item"), detail.get("side")


def _ranked(found: list[Suspicion], moved: list[Shift]) -> list[Ranked]:
    by: dict[str, Ranked] = defaultdict(lambda: Ranked("", 0.0))
    for suspicion in found:
        by[suspicion.component].suspicions.append(suspicion)
    for shift in moved:
        if shift.score > 0:
            by[shift.signal.component].shifts.append(shift)
    for name, entry in by.items():
        entry.component = name
        entry.suspicions.sort(key=lambda s: -s.unexplained)
        entry.shifts.sort(key=lambda s: (-s.effect, s.signal.name, s.signal.labels))
        entry.score = _score(entry)
    return sorted((e for e in by.values() if e.score > 0), key=lambda e: (-e.score, e.component))


def _borne(own: list[Suspicion]) -> float:
    """Return 0..1: how far the gravest change of a component's calls is others' doing, and what it uses up for it."""
    gravest = max((s for s in own if s.kind == "behaviour"), key=lambda s: s.effect, default=None)
    return 1 - gravest.unexplained / gravest.effect if gravest and gravest.effect > 0 else 0.0


def _score(entry: Ranked) -> float:
    """Return 1 - the chance that each kind of argument misleads: independent kinds strengthen each other."""
    best: dict[str, float] = defaultdict(float)
    for suspicion in entry.suspicions:
        best[suspicion.kind] = max(best[suspicion.kind], suspicion.unexplained)
    if entry.shifts:
        best["means"] = MEANS * entry.shifts[0].effect * (1 - _borne(entry.suspicions))
    return float(1 - np.prod([1 - min(value, 0.99) for value in best.values()]))
