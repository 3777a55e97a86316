"""What a figure is: a pure function of a case's timeline, with its definition, unit, target and version."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Step:
    """As much of a timeline entry as figures use."""

    kind: str
    happened_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A case as its timeline tells it."""

    key: str
    title: str
    severity: int
    reported_at: datetime
    ended_at: datetime | None
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Value:
    """What a figure is for one case. A value still growing is a lower bound, and counts as one."""

    seconds: float
    running: bool


class Figure(ABC):
    """One figure. A subclass in `figures/` is registered by being there."""

    registry: ClassVar[dict[str, type[Figure]]] = {}
    id: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[str]
    definition: ClassVar[str]
    unit: ClassVar[str] = "seconds"
    version: ClassVar[int]
    events: ClassVar[tuple[str, ...]]
    """Fields whose changes on the timeline the figure reads."""
    targets: ClassVar[dict[int, float]]
    """Seconds by severity."""

    def __init_subclass__(cls) -> None:
        if cls.name in Figure.registry:
            raise ValueError(f"two figures are called {cls.name}")
        Figure.registry[cls.name] = cls

    @abstractmethod
    def of(self, case: Told, now: datetime) -> Value | None:
        """Return the value for one case, None when the case has nothing to say about it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A crowd of values: the middle and the slow end, with how many stand behind them."""

    number: int
    running: int
    median: float | None
    p90: float | None
    """None when so many are still running that it is not reached, or when fewer than 8 cases are there."""
    at_least: float | None
    """Where P90 is not reached: the longest time seen, which it exceeds."""
    met: int
    judged: int
    """Cases that met the target or can no longer meet it."""


LEAST = 8


def summarise(values: Sequence[tuple[Value, float]]) -> Summary:
    """Return the summary of values with their targets; running ones count by the product-limit rule."""
    crowd = [value for value, _ in values]
    finished = sum(not value.running for value in crowd)
    met = sum(not value.running and value.seconds <= target for value, target in values)
    late = sum(value.seconds > target for value, target in values)
    few = len(crowd) < LEAST
    median, p90 = (None, None) if few else (_quantile(crowd, 0.5), _quantile(crowd, 0.9))
    longest = max((value.seconds for value in crowd), default=None)
    at_least = longest if not few and p90 is None else None
    return Summary(len(crowd), len(crowd) - finished, median, p90, at_least, met, met + late)


def _quantile(values: Sequence[Value], share: float) -> float | None:
    """Return the time by which `share` of the cases are done (Kaplan and Meier 1958); None if not reached."""
    surviving, at_risk = 1.0, len(values)
    for value in sorted(values, key=lambda value: (value.seconds, value.running)):
        if not value.running:
            surviving *= 1 - 1 / at_risk
            if surviving <= 1 - share or math.isclose(surviving, 1 - share):
                return value.seconds
        at_risk -= 1
    return None
