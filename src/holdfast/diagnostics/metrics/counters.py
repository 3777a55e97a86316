"""Counters: what only ever grows tells something by its pace."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from holdfast.diagnostics.signals import Signal, Values

PER_SECOND = "per second"
_SUMS = re.compile(r"[_.-](total|count|sum)$")
"""How Prometheus and OpenMetrics name counters (https://prometheus.io/docs/practices/naming/)."""
_ANEW = 0.1
"""A counter falls only where it starts anew: in no more than this part of its steps."""


def paced(signal: Signal) -> Signal:
    """Return a counter as what it grew by a second, NaN first; any other series as it is.

    Where it falls it was started anew at zero, as it is with `rate` of Prometheus.
    """
    if not _SUMS.search(signal.name) or len(signal.times) < 2 or not _only_grows(signal.values):
        return signal
    known = np.flatnonzero(np.isfinite(signal.values))
    seconds = np.diff(signal.times[known]) / 1e9
    seconds[seconds <= 0] = np.nan  # two samples of one moment tell no pace
    values = np.full(len(signal.values), np.nan)
    values[known[1:]] = grown(signal.values[known]) / seconds
    return replace(signal, values=values, unit=PER_SECOND)


def grown(values: Values) -> Values:
    """Return by how much a counter grew from each sample to the next, one less than there are samples."""
    steps = np.diff(values)
    return np.where(steps < 0, values[1:], steps)


def _only_grows(values: Values) -> bool:
    steps = np.diff(values[np.isfinite(values)])
    return len(steps) > 0 and float((steps < 0).mean()) <= _ANEW
