"""Every change with the calls that show it, and what of it is explained by a change further down.

A caller that fails because what it called failed is not to blame. So a change counts only as far as the
calls that show it have no stronger change below them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation import behaviour, latency
from holdfast.diagnostics.correlation.inferred import all_below
from holdfast.diagnostics.correlation.shares import COUNTS
from holdfast.diagnostics.correlation.silence import LATE, Silence
from holdfast.diagnostics.correlation.tallies import unanswered
from holdfast.diagnostics.correlation.visits import Division, Visits
from holdfast.diagnostics.correlation.ways import SlowEnd, blame

UNSURE = 0.25
"""Weight of a line that names no trace and comes or goes, of a component whose calls are traced: with fewer
requests it would go as well."""
HEARSAY = 0.3
"""Weight of an error line that names another component."""
UNFELT = 0.6
"""Weight of errors without a reference in calls whose callers go on as if nothing were: a habit, more likely."""
COMPARABLE = 0.3
"""A delay explains another that is at most about three times as long."""

Array = np.ndarray[tuple[int], np.dtype[Any]]


@dataclass(slots=True)
class Suspicion:
    """A change that argues against a component."""

    component: str
    kind: str
    """behaviour, work, way."""
    effect: float
    """By how much the affected share of calls grew at least, 0..1."""
    visits: Array
    """Rows of the calls that show it."""
    detail: dict[str, Any] = field(default_factory=dict)
    unexplained: float = 0.0
    """The part of the effect that no change further down explains."""
    by: str = ""
    """The component whose change explains most of it."""
    lost: float = 0.0
    """Nanoseconds an affected call loses; infinite where it fails."""
    loose: bool = False
    """True when it shows in stretches of time and not in single calls."""
    covers: float = 0.0
    """How much of a caller's trouble it can explain, 0..1: its effect on those calls, however few of all they are."""

    def __post_init__(self) -> None:
        """What is not said to explain more explains as much as it changed."""
        self.covers = max(self.covers, self.effect)


def by_counts(suspicion: Suspicion) -> bool:
    """Tell whether it rests on what callers counted or timed."""
    return any(way.get("counted") for way in suspicion.detail.get("ways", ()))


def suspicions(division: Division) -> list[Suspicion]:
    """Return all changes of calls between reference and subject, with what is left unexplained of each."""
    found = [
        *_behaviour(division),
        *_work(division),
        *_ways(division),
    ]
    _explain(division, found)
    return found


def _behaviour(division: Division) -> list[Suspicion]:
    visits = division.visits
    table = behaviour.changes(division)
    pairs = _grouped(behaviour.affected(division, table))
    loose = set(visits.frame.filter(pl.col("trace") == "")["context"].unique())
    traced = set(visits.frame.filter(pl.col("trace") != "")["component"].unique())
    found = [
        Suspicion(
            row["component"],
            "behaviour",
            row["effect"]
            * (UNSURE if row["context"] in loose and row["component"] in traced and not row["bad"] else 1),
            pairs.get(at, _NONE),
            row,
            loose=row["context"] in loose,
        )
        for at, row in enumerate(table.iter_rows(named=True))
    ]
    _discount_habits(visits, found)
    return found + _silences(division, found)


def _discount_habits(visits: Visits, found: list[Suspicion]) -> None:
    """Discount errors that nothing can be compared with and that no caller suffers from."""
    habits = [s for s in found if s.detail["bad"] and not s.detail["n0"] and len(s.visits)]
    if not habits:
        return
    above = visits.frame["above"].to_numpy()
    failing = np.zeros(len(above), bool)
    failing[visits.items.filter("bad")["visit"].unique().to_numpy()] = True
    suffering = np.zeros(len(above), bool)
    for rows in _by_level(above)[1:]:
        suffering[rows] = failing[above[rows]] | suffering[above[rows]]
    felt = suffering | (above < 0)  # whom nobody called, the user feels
    for suspicion in habits:
        suspicion.effect *= UNFELT + (1 - UNFELT) * float(felt[suspicion.visits].mean())


def _silences(division: Division, found: list[Suspicion]) -> list[Suspicion]:
    """Return what is laid at silent called ones, and take it off their callers."""
    silence, silent = Silence(division), []
    for suspicion in found:
        detail = suspicion.detail
        called = silence.called(detail["item"]) if detail["kind"] == "call" else ""
        if called and detail["way"] in ("gone", "fewer"):
            share = silence.share(detail["context"], detail["item"], suspicion.visits)
            late = silence.late(detail["item"])
            quiet = {**detail, "kind": "silence", "component": called}
            laid = suspicion.effect * share * (LATE if late else 1)
            silent.append(Suspicion(called, "behaviour", laid, suspicion.visits, quiet, loose=late))
            suspicion.effect *= 1 - share
    return silent


def _work(division: Division) -> list[Suspicion]:
    table, slow = latency.slow_work(division)
    pairs = _grouped(slow)
    return [
        Suspicion(
            row["component"],
            "work",
            row["effect"],
            pairs.get(row["change"], _NONE),
            row,
            lost=row["lost"] or 0.0,
        )
        for row in table.iter_rows(named=True)
    ]


def _ways(division: Division) -> list[Suspicion]:
    table, slow = latency.slow_ways(division)
    pairs = _grouped(slow)
    if division.counted is not None:
        table = unanswered(division.counted, table, division.z)
    return [_slow_end(end, pairs) for end in blame(table, division.z)]


def _slow_end(end: SlowEnd, pairs: dict[int, Array]) -> Suspicion:
    rows = np.unique(
        np.concatenate([_NONE, *(pairs.get(way, _NONE) for way in end.ways["change"].to_list())])
    )
    total = end.ways.select(pl.sum(*COUNTS)).row(0, named=True)
    detail = {**total, "side": end.side, "share": end.share, "ways": end.ways.to_dicts()}
    failing = end.ways["f1"].sum() > end.ways["w1"].sum() / 2
    lost = float("inf") if failing else float(end.ways["lost"].max() or 0)  # type: ignore[arg-type]
    return Suspicion(end.component, "way", end.worth, rows, detail, lost=lost, covers=end.effect)


def _grouped(pairs: pl.DataFrame) -> dict[int, Array]:
    parts = pairs.group_by("change").agg("visit")
    return {change: visits.to_numpy() for change, visits in zip(parts["change"], parts["visit"], strict=True)}


_NONE = np.empty(0, np.int64)


def _explain(division: Division, found: list[Suspicion]) -> None:
    """Fill in `unexplained` and `by`."""
    visits, texts, counted = division.visits, division.names, division.counted
    above = visits.frame["above"].to_numpy()
    owner, numbers = _owners(visits.frame["component"])
    below = _below(above, owner, numbers, found, lambda _: True)
    failing = _below(above, owner, numbers, found, _fails)
    for suspicion in found:
        rows = suspicion.visits
        suspicion.unexplained = suspicion.effect
        if suspicion.kind != "way" and len(rows) and not suspicion.loose and not _clock(suspicion):
            beneath = below if suspicion.kind == "behaviour" else failing  # who tries again works longer
            whose = beneath.number[rows]
            other = np.array([n >= 0 and found[n].component != suspicion.component for n in whose])
            covered = np.where(other, np.minimum(beneath.effect[rows] / max(suspicion.effect, 1e-9), 1), 0)
            suspicion.unexplained *= float(1 - covered.mean())
            if other.any():
                suspicion.by = found[np.bincount(whose[other]).argmax()].component
    _explain_by_clocks(above, found)
    reach = _reach(visits, counted)
    _explain_hearsay(found, reach, texts)
    _explain_waiting(found, reach, fed(visits))


def _clock(suspicion: Suspicion) -> bool:
    """Tell whether it is a clock that is off: nothing that is called sets the clock of its caller."""
    return suspicion.detail.get("kind") == "clock"


def _explain_by_clocks(above: Array, found: list[Suspicion]) -> None:
    """Explain what calls of one whose clock is off bring about in the called: it refuses what it is given."""
    clocks = [s for s in found if _clock(s)]
    for wrong in clocks:
        off = np.zeros(len(above) + 1, bool)  # the last one stands for no caller
        off[wrong.visits] = True
        for suspicion in found:
            if suspicion.component != wrong.component and len(suspicion.visits) and not suspicion.loose:
                share = off[above[suspicion.visits]].mean()
                suspicion.unexplained *= float(
                    1 - share * min(1.0, wrong.effect / max(suspicion.effect, 1e-9))
                )


def _fails(suspicion: Suspicion) -> bool:
    return bool(suspicion.detail.get("bad")) or suspicion.lost == float("inf")


def _below(
    above: Array,
    owner: Array,
    numbers: dict[str, int],
    found: list[Suspicion],
    counts: Callable[[Suspicion], bool],
) -> _Strongest:
    """Return for each call the strongest of some suspicions against what it called."""
    own, foreign = _Strongest(len(above)), _Strongest(len(above))
    for number, suspicion in enumerate(found):
        if counts(suspicion):
            rows = suspicion.visits
            mine = owner[rows] == numbers.get(suspicion.component, -1)
            own.raise_to(rows[mine], suspicion.covers, number)
            foreign.raise_to(rows[~mine], suspicion.covers, number)  # a call that failed in what it called
    return _from_below(above, own, foreign)


def _explain_hearsay(found: list[Suspicion], reach: dict[str, set[str]], texts: dict[str, str]) -> None:
    """Discount error lines that belong to no call and name a component which their writer calls.

    Whoever complains of another is seldom the one; whether the other is, its own evidence must say.
    """
    for suspicion in found:
        if not (suspicion.loose and suspicion.detail.get("bad")):
            continue
        words = set(re.split(r"[^\w-]+", texts.get(str(suspicion.detail["item"])[4:], "")))
        named = sorted(words & reach.get(suspicion.component, set()))
        if named:
            suspicion.unexplained *= HEARSAY
            suspicion.by = named[0]


def _explain_waiting(found: list[Suspicion], reach: dict[str, set[str]], fed: dict[str, set[str]]) -> None:
    """Explain what shows in no single call: one that waits for a connection never made the call it waits for.

    The own slowness of a component, and lines that name no trace, are explained by what is slow or failing
    further down, as far as that is as grave. Whoever waits for it answers too late for a caller that counts it as lost.
    """
    worst: dict[str, Suspicion] = {}
    for suspicion in found:
        if suspicion.component not in worst or suspicion.unexplained > worst[suspicion.component].unexplained:
            worst[suspicion.component] = suspicion
    strength = {name: suspicion.unexplained for name, suspicion in worst.items()}
    for suspicion in found:
        if suspicion.kind == "behaviour" and not suspicion.loose:
            continue
        names = reach.get(suspicion.component, set())
        if suspicion.loose:
            names = names | fed.get(suspicion.component, set())
        below = [worst[name] for name in sorted(names) if name in worst]
        grave = [s for s in below if s.kind != "behaviour" or suspicion.loose]
        given_up = suspicion.loose or (by_counts(suspicion) and suspicion.lost == float("inf"))
        grave = [s for s in grave if given_up or s.lost >= COMPARABLE * suspicion.lost]
        best = max(grave, key=lambda s: strength[s.component], default=None)
        if best is not None and suspicion.unexplained > 0:
            suspicion.unexplained *= 1 - min(1.0, strength[best.component] / suspicion.effect)
            suspicion.by = best.component


def _reach(visits: Visits, counted: pl.DataFrame | None) -> dict[str, set[str]]:
    """Return for each component all that it calls, directly or through others."""
    frame = visits.frame.filter(pl.col("caller") != "").select("caller", "component").unique()
    leaves = visits.leaves.select(
        pl.col("component").alias("caller"), pl.col("peer").alias("component")
    ).unique()
    direct: dict[str, set[str]] = {}
    known = [frame, leaves] if counted is None else [frame, leaves, counted.select("caller", "component")]
    for caller, called in pl.concat(known).iter_rows():
        direct.setdefault(caller, set()).add(called)
    return all_below(direct)


def fed(visits: Visits) -> dict[str, set[str]]:
    """Return for each broker who takes its messages: what a broker complains of is what they do not take."""
    posting = visits.leaves.filter("message").select(pl.col("component").alias("caller"), "peer").unique()
    taking = visits.frame.filter(pl.col("posted") != "").select("caller", "component").unique()
    fed: dict[str, set[str]] = {}
    for broker, consumer in (
        posting.join(taking, on="caller").select("peer", "component").unique().iter_rows()
    ):
        fed.setdefault(broker, set()).add(consumer)
    return fed


class _Strongest:
    """The strongest suspicion of each call."""

    def __init__(self, size: int) -> None:
        self.effect = np.zeros(size)
        self.number = np.full(size, -1, np.int64)

    def raise_to(self, rows: Array, effect: float, number: int) -> None:
        """Note a suspicion for some calls, where none noted is stronger."""
        weaker = rows[self.effect[rows] < effect]
        self.effect[weaker], self.number[weaker] = effect, number


def _owners(components: pl.Series) -> tuple[Array, dict[str, int]]:
    names = components.unique(maintain_order=True).to_list()
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[name] for name in components], np.int64), numbers


def _from_below(above: Array, own: _Strongest, foreign: _Strongest) -> _Strongest:
    """Return for each call the strongest suspicion against what it called, however far down."""
    below = foreign
    for rows in reversed(_by_level(above)[1:]):
        mine = own.effect[rows] >= below.effect[rows]
        effect = np.where(mine, own.effect[rows], below.effect[rows])
        number = np.where(mine, own.number[rows], below.number[rows])
        caller = above[rows]
        stronger = np.flatnonzero(effect > below.effect[caller])
        last = stronger[
            np.lexsort((-stronger, effect[stronger]))
        ]  # of several for one caller the last one stays
        below.effect[caller[last]], below.number[caller[last]] = effect[last], number[last]
    return below


def _by_level(above: Array) -> list[Array]:
    """Return the rows of the calls that nobody called, of those called by them, and so on."""
    level = _levels(above)
    order = np.argsort(level, kind="stable")
    return np.split(order, np.searchsorted(level[order], np.arange(1, int(level.max(initial=0)) + 1)))


def _levels(above: Array) -> Array:
    """Return how many calls stand above each."""
    level, at = np.zeros(len(above), np.int64), above.copy()
    for _ in range(10_000):
        inside = at >= 0
        if not inside.any():
            break
        level[inside] += 1
        at[inside] = above[at[inside]]
    return level
