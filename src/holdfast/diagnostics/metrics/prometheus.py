"""Answers of the Prometheus HTTP API: matrix (`query_range`) and vector (`query`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from holdfast.diagnostics.signals import Signal

COMPONENT_LABELS = (
    "service",
    "service_name",
    "app",
    "app_kubernetes_io_name",
    "application",
    "component",
    "container",
    "pod",
    "deployment",
    "job",
    "instance",
    "node",
    "host",
    "hostname",
)
"""Which label names the component a series belongs to, the first present wins."""
MACHINES = ("node_", "host_", "machine_")
"""Metrics whose name begins so are about the machine and not about what runs on it."""


def signals(document: Any, artefact: str, fallback: str) -> Iterator[Signal]:
    """Yield a signal for each series; `fallback` names series without `__name__`."""
    data = document.get("data") or {}
    sample = 1
    for series in data.get("result") or ():
        labels = {str(k): str(v) for k, v in (series.get("metric") or {}).items()}
        points = series.get("values") or ([series["value"]] if "value" in series else [])
        if points:
            yield signal(labels, points, artefact, fallback, sample)
        sample += len(points)


def signal(
    labels: dict[str, str], points: Sequence[Sequence[Any]], artefact: str, fallback: str, sample: int
) -> Signal:
    """Return one series as a signal; times in seconds become nanoseconds, words become NaN."""
    times = np.array([int(float(point[0]) * 1e9) for point in points], np.int64)
    values = np.array([number(point[1]) for point in points], np.float64)
    name = labels.pop("__name__", "") or fallback
    order = np.argsort(times, kind="stable")
    return Signal(
        component=_machine(labels) if name.startswith(MACHINES) else component(labels),
        name=name,
        times=times[order],
        values=values[order],
        artefact=artefact,
        labels=tuple(sorted(labels.items())),
        samples=tuple(int(sample + at) for at in order),
    )


def _machine(labels: dict[str, str]) -> str:
    """Return the machine that a metric of machines is about, whatever ran on it; empty when it is not named."""
    return next(
        (labels[label] for label in ("node", "nodename", "host", "instance") if labels.get(label)), ""
    )


def component(labels: dict[str, str]) -> str:
    """Return the component a series belongs to; an empty string when no label says."""
    for label in COMPONENT_LABELS:
        if labels.get(label):
            return labels[label]
    return ""


def number(value: Any) -> float:
    """Return a float; NaN for what is none (`"NaN"`, `"+Inf"` stay as they are)."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
