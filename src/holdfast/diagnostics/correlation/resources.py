"""Metrics that belong to one component alone: what it uses up, not what it suffers.

The change of each series is held against the change of the same metric in all other components (load and
the hour move them all) and against how much the series moves by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from holdfast.diagnostics.signals import Signal, Values

USED_UP = re.compile(
    r"cpu|memor|\bmem|rss|heap|\bgc\b|_gc_|disk|filesystem|\bfs_|inode|\bfds?\b|_fds|file_desc|thread|goroutine|pool|"
    r"connections|sessions|queue|lag|backlog|saturat|throttl|evict|restart|oom|lock|hit_ratio|swap|quota",
    re.IGNORECASE,
)
"""Metric names that speak of a component's own means, in the words of the usual exporters."""
FEW = 3
"""Samples a level needs."""
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
        if USED_UP.search(signal.name) and signal.component:
            level = _level(signal, earlier.get(_key(signal), []), start, stop)
            if level is not None:
                levels[signal.name].append(level)
    return [shift for group in levels.values() for shift in _unlike_the_others(group)]


def _key(signal: Signal) -> object:
    return signal.component, signal.name, tuple(x for x in signal.labels if x[0] not in ("instance", "node"))


def _level(signal: Signal, earlier: list[Values], start: int, stop: int) -> _Level | None:
    after = (signal.times >= start) & (signal.times <= stop)
    before = np.concatenate([*earlier, signal.values[signal.times < start]])
    before, now = before[np.isfinite(before)], signal.values[after]
    now = now[np.isfinite(now)]
    if len(before) < FEW or not len(now):
        return None
    usual = float(np.median(before))
    spread = 1.4826 * float(np.median(np.abs(before - usual)))
    level = float(np.max(now)) if abs(np.max(now) - usual) >= abs(np.min(now) - usual) else float(np.min(now))
    middle = (usual + level) / 2
    crossed = np.flatnonzero(after & ((signal.values >= middle) == (level >= usual)))
    return _Level(signal, usual, spread, level, int(crossed[0]) if len(crossed) else int(np.flatnonzero(after)[0]))


def _full(level: _Level) -> bool:
    """Tell whether a share of something limited was far from its limit and has reached it."""
    name = level.signal.name.lower()
    limit = 100.0 if "percent" in name else 1.0 if re.search("ratio|utili[sz]ation|saturation", name) else np.inf
    return level.before < 0.7 * limit and 0.95 * limit <= level.after <= 1.05 * limit


def _unlike_the_others(group: list[_Level]) -> list[Shift]:
    scale = float(np.median([abs(level.before) for level in group])) or max(abs(x.after) for x in group) or 1.0
    soft = 0.1 * scale
    change = np.array([np.log((max(x.after, 0) + soft) / (max(x.before, 0) + soft)) for x in group])
    common = float(np.median(change)) if len(group) >= 5 else 0.0
    apart = 1.4826 * float(np.median(np.abs(change - common))) if len(group) >= 5 else 0.0
    found = []
    for level, moved in zip(group, change, strict=True):
        own = np.log1p(level.spread / (abs(level.before) + soft))
        score = (moved - common) / max(np.hypot(apart, own), FLOOR)
        if abs(score) > 3:
            effect = 1 - float(np.exp(-(abs(score) - 3) / 3))
            if _full(level):
                effect = 1 - (1 - effect) * 0.2
            found.append(Shift(level.signal, level.before, level.after, float(score), effect, level.at))
    return found
