"""Counters: what only ever grows tells something by its pace."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from holdfast.diagnostics.signals import Signal, Values

PER_SECOND = "per second"
_SUMS = re.compile(r"[_.-](total|count|sum)$")
"""How Prometheus and OpenMetrics name counters (https://prometheus.io/docs/practices/naming/)."""
_ANEW = 0.5
"""A counter falls only where it starts anew: to less than this part of what it was."""


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
    known = values[np.isfinite(values)]
    falls = np.diff(known) < 0
    return len(known) > 1 and bool(np.all(known[1:][falls] < _ANEW * known[:-1][falls]))
