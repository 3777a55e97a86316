"""What a mitigation did to its signal: its samples before and since it started, as numbers and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from holdfast.desk.response.models import Mitigation, Sample

WIDTH, HEIGHT, EDGE = 320.0, 64.0, 4.0
MOST = 240


@dataclass(frozen=True, slots=True)
class Dot:
    """A sample in the picture."""

    x: float
    y: float
    outcome: str
    text: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Samples before and since."""

    before: float | None
    """Median; None when nothing was measured."""
    after: float | None
    unit: str
    passed: int
    of: int
    """Samples since it started."""
    dots: tuple[Dot, ...]
    line: str
    """Points of the line through the numbers."""
    start: float | None
    """Where it started, from the left."""
    samples: tuple[Sample, ...]


def effect(mitigation: Mitigation, samples: Sequence[Sample] | None = None) -> Effect:
    """Return the effect of a mitigation on the signal it was meant to change."""
    if samples is None:
        samples = list(mitigation.samples.order_by("-id")[:MOST])[::-1]
    started = mitigation.started_at
    since = [one for one in samples if started is not None and one.at >= started]
    earlier = [one for one in samples if started is None or one.at < started]
    dots = _dots(samples)
    return Effect(
        _median(earlier),
        _median(since),
        next((one.unit for one in samples if one.unit), ""),
        sum(one.outcome == "passed" for one in since),
        len(since),
        dots,
        " ".join(f"{dot.x},{dot.y}" for dot, one in zip(dots, samples, strict=True) if one.value is not None),
        _x(started, samples) if started is not None and samples else None,
        tuple(samples),
    )


def _median(samples: Sequence[Sample]) -> float | None:
    values = [one.value for one in samples if one.value is not None]
    return median(values) if values else None


def _x(at: datetime, samples: Sequence[Sample]) -> float:
    first, last = samples[0].at, samples[-1].at
    span = (last - first).total_seconds()
    share = (at - first).total_seconds() / span if span > 0 else 0.5
    return round(EDGE + min(1.0, max(0.0, share)) * (WIDTH - 2 * EDGE), 1)


def _dots(samples: Sequence[Sample]) -> tuple[Dot, ...]:
    top = max((one.value for one in samples if one.value is not None), default=0.0) or 1.0
    low = min((one.value for one in samples if one.value is not None), default=0.0)
    low = min(low, 0.0)
    return tuple(
        Dot(
            _x(one.at, samples),
            round(HEIGHT - EDGE - ((one.value - low) / (top - low)) * (HEIGHT - 2 * EDGE), 1)
            if one.value is not None
            else (EDGE * 2 if one.outcome == "failed" else HEIGHT - EDGE),
            one.outcome,
            one.text,
        )
        for one in samples
    )
