"""Every change with the calls that show it, and what of it is explained by a change further down.

A caller that fails because what it called failed is not to blame. So a change counts only as far as the
calls that show it have no stronger change below them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation import behaviour, latency
from holdfast.diagnostics.correlation.visits import Visits
from holdfast.diagnostics.correlation.ways import SlowEnd, blame

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


def suspicions(visits: Visits, subject: pl.Series, reference: pl.Series) -> list[Suspicion]:
    """Return all changes of calls between reference and subject, with what is left unexplained of each."""
    found = [
        *_behaviour(visits, subject, reference),
        *_work(visits, subject, reference),
        *_ways(visits, subject, reference),
    ]
    _explain(visits, found)
    return found


def _behaviour(visits: Visits, subject: pl.Series, reference: pl.Series) -> list[Suspicion]:
    table = behaviour.changes(visits, subject, reference)
    pairs = _grouped(behaviour.affected(visits, table, subject))
    return [
        Suspicion(row["component"], "behaviour", row["effect"], pairs.get(at, _NONE), row)
        for at, row in enumerate(table.iter_rows(named=True))
    ]


def _work(visits: Visits, subject: pl.Series, reference: pl.Series) -> list[Suspicion]:
    table, slow = latency.slow_work(visits, subject, reference)
    pairs = _grouped(slow)
    return [
        Suspicion(row["component"], "work", row["effect"], pairs.get(row["change"], _NONE), row)
        for row in table.iter_rows(named=True)
    ]


def _ways(visits: Visits, subject: pl.Series, reference: pl.Series) -> list[Suspicion]:
    table, slow = latency.slow_ways(visits, subject, reference)
    pairs = _grouped(slow)
    return [_slow_end(end, pairs) for end in blame(table)]


def _slow_end(end: SlowEnd, pairs: dict[int, Array]) -> Suspicion:
    rows = np.concatenate([_NONE, *(pairs.get(way, _NONE) for way in end.ways["change"].to_list())])
    total = end.ways.select(pl.sum("n1", "k1", "n0", "k0")).row(0, named=True)
    detail = {**total, "side": end.side, "share": end.share, "ways": end.ways.to_dicts()}
    return Suspicion(end.component, "way", end.effect * end.share**0.5, rows, detail)


def _grouped(pairs: pl.DataFrame) -> dict[int, Array]:
    parts = pairs.group_by("change").agg("visit")
    return {change: visits.to_numpy() for change, visits in zip(parts["change"], parts["visit"], strict=True)}


_NONE = np.empty(0, np.int64)


def _explain(visits: Visits, found: list[Suspicion]) -> None:
    """Fill in `unexplained` and `by`."""
    above = visits.frame["above"].to_numpy()
    strength = np.zeros(len(above))
    who = np.full(len(above), -1, np.int64)
    for number, suspicion in enumerate(found):
        stronger = suspicion.visits[strength[suspicion.visits] < suspicion.effect]
        strength[stronger], who[stronger] = suspicion.effect, number
    below, source = _from_below(above, strength, who)
    for suspicion in found:
        rows = suspicion.visits
        if suspicion.kind != "behaviour" or not len(rows):
            suspicion.unexplained = suspicion.effect  # time is counted where it was spent, never twice
            continue
        foreign = np.array([s >= 0 and found[s].component != suspicion.component for s in source[rows]])
        covered = np.where(foreign, np.minimum(below[rows] / max(suspicion.effect, 1e-9), 1), 0)
        suspicion.unexplained = suspicion.effect * float(1 - covered.mean())
        if foreign.any():
            suspicion.by = found[np.bincount(source[rows][foreign]).argmax()].component


def _from_below(above: Array, strength: Array, who: Array) -> tuple[Array, Array]:
    """Return for each call the strongest change in the calls under it, and whose it is."""
    below, source = np.zeros(len(above)), np.full(len(above), -1, np.int64)
    order = np.argsort(-_levels(above), kind="stable")
    for row in order[above[order] >= 0]:
        best, whose = (strength[row], who[row]) if strength[row] >= below[row] else (below[row], source[row])
        if best > below[above[row]]:
            below[above[row]], source[above[row]] = best, whose
    return below, source


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
