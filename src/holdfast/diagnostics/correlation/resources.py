"""Metrics that belong to one component alone: what it uses up, not what it suffers.

The change of each series is held against the change of the same metric in all other components (load and
the hour move them all) and against how much the series moves by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.diagnostics.correlation.shares import Z, surely_more
from holdfast.diagnostics.metrics.counters import PER_SECOND
from holdfast.diagnostics.metrics.prometheus import MACHINES
from holdfast.diagnostics.metrics.quantities import ANSWERS, USED_UP, is_own
from holdfast.diagnostics.signals import Signal, Values

WEAK = 0.12
"""Weight of what is waited for, and of machines: many things run on one."""
FEW = 3
"""Samples a level needs."""
MANY = 12
"""Samples from which on a level is a middle and not an extreme."""
FLOOR = 0.15
"""A relative change below this is not a change."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A series whose level changed as no other's did."""

    signal: Signal
    before: float
    after: float
    score: float
    """Robust deviations from what the same metric did elsewhere."""
    effect: float
    """0..1."""
    at: int
    """Index of the first sample of the new level."""


@dataclass(frozen=True, slots=True)
class _Level:
    signal: Signal
    before: float
    spread: float
    after: float
    at: int


def shifts(baseline: list[Signal], bundle: list[Signal], start: int, stop: int) -> list[Shift]:
    """Return the shifts between before `start` (ns; the baseline included) and `start`..`stop`."""
    earlier: dict[object, list[Values]] = defaultdict(list)
    for signal in baseline:
        earlier[_key(signal)].append(signal.values)
    levels: dict[str, list[_Level]] = defaultdict(list)
    for signal in bundle:
        if signal.component and is_own(signal.name):
            level = _level(signal, earlier.get(_key(signal), []), start, stop)
            if level is not None:
                levels[signal.name].append(level)
    return [shift for group in levels.values() for shift in _unlike_the_others(group)]


def _key(signal: Signal) -> object:
    return (
        signal.component,
        signal.name,
        signal.unit,
        tuple(x for x in signal.labels if x[0] not in ("instance", "node")),
    )


def _level(signal: Signal, earlier: list[Values], start: int, stop: int) -> _Level | None:
    after = (signal.times >= start) & (signal.times <= stop)
    before = np.concatenate([*earlier, signal.values[signal.times < start]])
    before, now = before[np.isfinite(before)], signal.values[after]
    now = now[np.isfinite(now)]
    if len(before) < FEW or not len(now):
        return None
    if ANSWERS.search(signal.name):
        return _answered(signal, before, now, after)
    if signal.unit == PER_SECOND:
        if _by_chance(before, now):
            return None
        usual, spread, level = _paces(before, now)
    else:
        usual, spread = _usual(before, now)
        level = _reached(now, usual)
    spread = max(spread, _drift(signal, start, float(np.median(signal.times[after]))))
    middle = (usual + level) / 2
    crossed = np.flatnonzero(after & ((signal.values >= middle) == (level >= usual)))
    return _Level(
        signal, usual, spread, level, int(crossed[0]) if len(crossed) else int(np.flatnonzero(after)[0])
    )


def _answered(signal: Signal, before: Values, now: Values, after: npt.NDArray[np.bool_]) -> _Level:
    """Return the shares of yes: of whoever is started again and again none of the two is the middle."""
    mute = np.flatnonzero(after & (signal.values < 1))
    usual = float(before.mean())
    spread = float(np.sqrt(usual * (1 - usual) / len(before)))
    return _Level(
        signal, usual, spread, float(now.mean()), int(mute[0] if len(mute) else np.flatnonzero(after)[0])
    )


def _by_chance(before: Values, now: Values) -> bool:
    """Tell whether what is counted now and then (restarts, kills) was not surely counted more often."""
    often = np.median(before) or np.median(now)
    return not often and not surely_more((now > 0).sum(), len(now), (before > 0).sum(), len(before), Z) > 0


def _paces(before: Values, now: Values) -> tuple[float, float, float]:
    """Return the pace of a counter, how far that of as many samples strays by itself, and the pace it reached.

    Means: a middle tells little of few steps, or of what is counted now and then.
    """
    last = now[-max(len(now) // 3, min(MANY, len(now))) :]
    known = before if len(before) >= 2 * FEW else now
    strays = _strays(known, max(1, min(len(last), len(known) // 2)), np.mean)
    return float(before.mean()), strays, float(last.mean())


def _reached(now: Values, usual: float) -> float:
    """Return the level a series reached: the farthest sample of few, of many the middle of its last third."""
    if len(now) < MANY:
        return float(now[np.argmax(np.abs(now - usual))])
    return float(np.median(now[-len(now) // 3 :]))


def _usual(before: Values, now: Values) -> tuple[float, float]:
    """Return the middle of a series and how far levels of as many samples as now stray from it by themselves.

    Where too few came before to know that, it is told from how levels stray since.
    """
    middle = float(np.median(before))
    if len(now) < MANY:
        return middle, 1.4826 * float(np.median(np.abs(before - middle)))
    step = max(1, len(now) // 3)
    if len(before) < 2 * FEW:
        return middle, _strays(now, step)
    return middle, _strays(before, min(step, len(before) // 2))


def _strays(values: Values, step: int, level: Callable[..., Values] = np.median) -> float:
    stretches = np.lib.stride_tricks.sliding_window_view(values, step)[:: max(1, step // 2)]
    return float(np.max(np.abs(level(stretches, axis=1) - level(values))))


def _drift(signal: Signal, start: int, until: float) -> float:
    """Return how far a series would have gone by `until` (ns) at the pace it had.

    What only goes on growing has not changed.
    """
    earlier = (signal.times < start) & np.isfinite(signal.values)
    times, values = signal.times[earlier], signal.values[earlier]
    half = len(values) // 2
    if half < FEW:
        return 0.0
    lasted = float(np.median(times[half:]) - np.median(times[:half]))
    pace = float(np.median(values[half:]) - np.median(values[:half])) / max(lasted, 1.0)
    return abs(pace) * (until - float(np.median(times)))


def _full(level: _Level) -> bool:
    """Tell whether a share of something limited was far from its limit and has reached it."""
    name = level.signal.name.lower()
    limit = (
        100.0 if "percent" in name else 1.0 if re.search("ratio|utili[sz]ation|saturation", name) else np.inf
    )
    return level.before < 0.7 * limit and 0.95 * limit <= level.after <= 1.05 * limit


def _unlike_the_others(group: list[_Level]) -> list[Shift]:
    scale = (
        float(np.median([abs(level.before) for level in group])) or max(abs(x.after) for x in group) or 1.0
    )
    soft = 0.1 * scale
    change = np.array([np.log((max(x.after, 0) + soft) / (max(x.before, 0) + soft)) for x in group])
    common = float(np.median(change)) if len(group) >= 5 else 0.0
    apart = 1.4826 * float(np.median(np.abs(change - common))) if len(group) >= 5 else 0.0
    found = []
    for level, moved in zip(group, change, strict=True):
        own = np.log1p(level.spread / (abs(level.before) + soft))
        score = (moved - common) / max(np.hypot(apart, own), FLOOR)
        score = -score if ANSWERS.search(level.signal.name) else score
        if abs(score) > 3:
            effect = 1 - float(np.exp(-(abs(score) - 3) / 3))
            if _full(level):
                effect = 1 - (1 - effect) * 0.2
            effect *= _weight(level.signal.name)
            found.append(Shift(level.signal, level.before, level.after, float(score), effect, level.at))
    return found


def _weight(name: str) -> float:
    """Return how far a metric speaks against the component that has it."""
    own = USED_UP.search(name) or ANSWERS.search(name)
    return 1.0 if own and not name.startswith(MACHINES) else WEAK
