"""Whether a component still carries a mark of what happened to it in the evidence that is left.

Asked of the guilty component alone, with the true moment of the fault in hand and without the ranking: each thing
its evidence shows is compared after that moment with before (the baseline included).

- Traces, each counted once: who takes part, which lines are written, which steps are taken, which calls to it fail
  (Fisher's exact test); its own time, and the time lost on ways to and from it (Mann and Whitney's test).
- Lines without a trace: how many stand in each stretch of time (the same test).
- Metrics: whether the level, beside the same metric of all other components, lies twice as far from its middle as
  that of any stretch of as many samples before did.

A test counts below `CHANCE`, divided by the number of tests made for the component.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from holdfast.diagnostics.correlation.alignment import aligned
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.signals import Signal
from holdfast.diagnostics.traces.shape import depths, exclusive
from holdfast.diagnostics.traces.spans import CLIENT, parents

CHANCE = 0.01
STRETCHES = 12
"""Into how many stretches the time after the fault is cut."""
BEYOND, LEAST = 2.0, math.log(1.15)
"""A level is a mark this many times beyond all before, and 15 % away at least."""

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Pair = tuple[Evidence, Evidence]
Own = Callable[[str], bool]


@dataclass(frozen=True)
class Mark:
    """One test of one thing: how likely chance alone brings it about."""

    what: str
    chance: float


def marks(pair: Pair, own: Own, since: int) -> list[Mark]:
    """Return what surely changed at the components that are `own` with the time `since` (ns UTC), the surest first."""
    before, after = _divided(pair, since)
    found = [*_traced(before, after, own), *_untraced(before, after, own)]
    sure = [mark for mark in found if mark.chance < CHANCE / len(found)]
    sure += [Mark(f"metric {name}", 0.0) for name in _moved(pair, own, since)]
    return sorted(sure, key=lambda mark: (mark.chance, mark.what))


def false_alarms(baseline: Evidence) -> tuple[int, int]:
    """Return how many components leave a mark where nothing happened, and of how many: the two halves of a baseline."""
    times = pl.concat([baseline.spans["start"], baseline.records.filter(pl.col("time") > 0)["time"]])
    middle = int(times.median() or 0)  # type: ignore[arg-type]
    names = sorted(set(baseline.spans["component"]) | set(baseline.records["component"]) - {""})
    marked = [name for name in names if marks((Evidence(), baseline), name.__eq__, middle)]
    return len(marked), len(names)


def _divided(pair: Pair, since: int) -> Pair:
    """Return what came before and after, with the templates of both put together."""
    same = aligned([side.templates for side in pair])
    baseline, bundle = (
        replace(side, records=side.records.with_columns(pl.col("template").replace(same))) for side in pair
    )
    late = (
        bundle.spans.group_by("trace")
        .agg(pl.col("start").min())
        .filter(pl.col("start") >= since)["trace"]
        .implode()
    )
    lines = bundle.records.filter(pl.col("trace") != "").group_by("trace").agg(pl.col("time").min())
    late_lines = lines.filter(pl.col("time") >= since)["trace"].implode()
    spans_after, known = pl.col("trace").is_in(late), bundle.spans["trace"].unique().implode()
    by_spans = (
        pl.when(pl.col("trace").is_in(known)).then(spans_after).otherwise(pl.col("trace").is_in(late_lines))
    )
    lines_after = pl.when(pl.col("trace") == "").then(pl.col("time") >= since).otherwise(by_spans)
    before = replace(
        baseline,
        spans=pl.concat([baseline.spans, bundle.spans.filter(~spans_after)]),
        records=pl.concat([baseline.records, bundle.records.filter(~lines_after)]),
    )
    after = replace(
        bundle, spans=bundle.spans.filter(spans_after), records=bundle.records.filter(lines_after)
    )
    return before, after


# --- traces


def _traced(before: Evidence, after: Evidence, own: Own) -> Iterator[Mark]:
    sides = [_of_traces(side, own) for side in (before, after)]
    (all0, shown0, time0), (all1, shown1, time1) = sides
    if not all0 or not all1:
        return
    part0, part1 = shown0.get("takes part", 0), shown1.get("takes part", 0)
    for what in sorted(shown0.keys() | shown1.keys()):
        of0, of1 = (all0, all1) if what == "takes part" else (part0, part1)
        yield Mark(what, exact(shown1.get(what, 0), of1, shown0.get(what, 0), of0))
    for what in sorted(time0.keys() & time1.keys()):
        yield Mark(what, ranked(time1[what], time0[what]))


def _of_traces(side: Evidence, own: Own) -> tuple[int, dict[str, int], dict[str, Floats]]:
    """Return the number of traces, in how many each thing shows, and times of each trace by what they are of."""
    spans, records = side.spans, side.records.filter(pl.col("trace") != "")
    count = pl.concat([spans["trace"], records["trace"]]).n_unique()
    mine, lines = _is(spans["component"], own), records.filter(_is(records["component"], own))
    names = spans.filter(mine)
    to_it = spans.filter(_is(spans["peer"], own) & (spans["kind"] == CLIENT))
    shows = [
        _shown(names, pl.lit("takes part")),
        _shown(lines, pl.lit("takes part")),
        _shown(to_it, pl.lit("takes part")),
        _shown(lines, "line " + pl.col("template")),
        _shown(names, "step " + pl.col("operation")),
        _shown(names.filter(pl.col("error") == 1), pl.lit("fails")),
        _shown(to_it.filter(pl.col("error") == 1), pl.lit("calls to it fail")),
    ]
    counted = pl.concat(shows).unique().group_by("what").len()
    return count, dict(counted.iter_rows()), _times(spans, mine.to_numpy(), to_it)


def _shown(frame: pl.DataFrame, what: pl.Expr) -> pl.DataFrame:
    return frame.select("trace", what.alias("what"))


def _times(
    spans: pl.DataFrame, mine: np.ndarray[tuple[int], np.dtype[np.bool_]], to_it: pl.DataFrame
) -> dict[str, Floats]:
    """Return for each kind of time its sum in each trace that has any."""
    if not spans.height:
        return {}
    parent = parents(spans)
    trace = spans["trace"].rank("dense").to_numpy().astype(np.int64)
    start, end = spans["start"].to_numpy().copy(), spans["end"].to_numpy().copy()
    working = exclusive(trace, depths(parent), start, end)
    inside = np.flatnonzero(parent >= 0)
    leaves = inside[mine[inside] != mine[parent[inside]]]
    way = (end - start)[parent[leaves]] - (end - start)[leaves]
    table = pl.concat(
        [
            _timed("own time", spans["trace"].filter(pl.Series(mine)), working[mine]),
            _timed("time on ways", spans["trace"].gather(leaves), way),
            _timed("calls to it", to_it["trace"], (to_it["end"] - to_it["start"]).to_numpy()),
        ]
    )
    sums = table.group_by("what", "trace").agg(pl.col("time").mean()).group_by("what").agg("time")
    return {what: np.asarray(times, np.float64) for what, times in sums.iter_rows()}


def _timed(what: str, trace: pl.Series, time: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.DataFrame:
    return pl.DataFrame({"trace": trace, "time": pl.Series(time, dtype=pl.Int64)}).with_columns(
        pl.lit(what).alias("what")
    )


def _is(names: pl.Series, own: Own) -> pl.Series:
    return names.is_in(
        pl.Series(
            [name for name in names.unique().to_list() if name and own(name)], dtype=pl.String
        ).implode()
    )


# --- lines that name no trace


def _untraced(before: Evidence, after: Evidence, own: Own) -> Iterator[Mark]:
    times = after.records.filter(pl.col("time") > 0)["time"]
    if not times.len():
        return
    width = max((int(times.max()) - int(times.min())) // STRETCHES, 1_000_000_000)  # type: ignore[arg-type]
    counted = [_per_stretch(side.records.filter(pl.col("time") > 0), own, width) for side in (before, after)]
    for template in sorted(counted[0].keys() | counted[1].keys()):
        series = [side.get(template, side.get("", np.zeros(0))) for side in counted]
        if template and len(series[0]) and len(series[1]):
            yield Mark(f"rate of {template}", ranked(series[1], series[0]))


def _per_stretch(records: pl.DataFrame, own: Own, width: int) -> dict[str, Floats]:
    """Return how often each line stands in each stretch in which anybody wrote; under "" nothing, as often."""
    cut = records.with_columns((pl.col("time") // width).alias("stretch"))
    stretches = cut["stretch"].unique().sort()
    place = {stretch: at for at, stretch in enumerate(stretches)}
    lines = cut.filter((pl.col("trace") == "") & _is(cut["component"], own))
    found: dict[str, Floats] = {"": np.zeros(len(place))}
    for template, stretch, count in lines.group_by("template", "stretch").len().iter_rows():
        found.setdefault(template, np.zeros(len(place)))[place[stretch]] = count
    return found


# --- metrics


def _moved(pair: Pair, own: Own, since: int) -> Iterator[str]:
    """Yield the metrics of its own whose level left all that they did before."""
    series: dict[str, dict[tuple[object, ...], list[Signal]]] = {}
    for side in pair:
        for signal in side.signals:
            labels = tuple(label for label in signal.labels if label[0] not in ("instance", "node"))
            series.setdefault(signal.name, {}).setdefault((signal.component, labels), []).append(signal)
    for name, group in sorted(series.items()):
        if any(own(str(key[0])) for key in group):
            levels = {key: _logarithms(several, since) for key, several in group.items()}
            common = _common(list(levels.values()))
            if any(_beyond(levels[key], common) for key in group if own(str(key[0]))):
                yield name


def _logarithms(several: list[Signal], since: int) -> tuple[Floats, Floats]:
    values = np.concatenate([signal.values for signal in several])
    times = np.concatenate([signal.times for signal in several])
    scale = float(np.nanmedian(np.abs(values))) if np.isfinite(values).any() else 0.0
    kept = np.isfinite(values)
    told = np.log(np.abs(values[kept]) + 0.1 * scale + 1e-9)
    return told[times[kept] < since], told[times[kept] >= since]


def _common(levels: list[tuple[Floats, Floats]]) -> float:
    """Return how far the metric moved everywhere."""
    moved = [float(np.median(now) - np.median(usual)) for usual, now in levels if len(usual) and len(now)]
    return float(np.median(moved)) if len(moved) > 3 else 0.0


def _beyond(level: tuple[Floats, Floats], common: float) -> bool:
    usual, now = level
    size = len(now)
    if not size or len(usual) < 4 * size:
        size = len(usual) // 4
    if not size or not len(now):
        return False
    middle = float(np.median(usual))
    stretches = np.median(np.lib.stride_tricks.sliding_window_view(usual, size), axis=1)
    moved = abs(float(np.median(now)) - middle - common)
    return moved > max(BEYOND * float(np.abs(stretches - middle).max()), LEAST)


# --- tests


def exact(k1: int, n1: int, k0: int, n0: int) -> float:
    """Return Fisher's chance, both ways, of shares as far apart as k1 of n1 and k0 of n0."""
    if not n1 or not n0:
        return 1.0
    hits, size = k1 + k0, n1 + n0
    low, high = max(0, hits - n0), min(hits, n1)
    logs = np.array([_ways(n1, k) + _ways(n0, hits - k) - _ways(size, hits) for k in range(low, high + 1)])
    chances = np.exp(logs)
    at = k1 - low
    return float(min(1.0, 2 * min(chances[: at + 1].sum(), chances[at:].sum())))


def _ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def ranked(ours: Floats, theirs: Floats) -> float:
    """Return Mann and Whitney's chance, both ways, that two lots differ as much in rank."""
    n1, n0 = len(ours), len(theirs)
    together = np.concatenate([ours, theirs])
    ranks = pl.Series(together).rank("average").to_numpy()
    _, ties = np.unique(together, return_counts=True)
    size = n1 + n0
    spread = n1 * n0 / 12 * ((size + 1) - (ties**3 - ties).sum() / (size * max(size - 1, 1)))
    if spread <= 0:
        return 1.0
    away = abs(ranks[:n1].sum() - n1 * (size + 1) / 2) - 0.5
    return math.erfc(max(away, 0.0) / math.sqrt(2 * spread))
