"""What a figure is: a pure function of a case's timeline, with its definition, unit, target and version."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.clocks.story import Step, Story, tell


@dataclass(frozen=True, slots=True)
class Told:
    """A case as its timeline tells it."""

    key: str
    title: str
    severity: int
    reported_at: datetime
    ended_at: datetime | None
    steps: Sequence[Step]
    source: str = ""
    clocks: Sequence[Clock] = field(default=())
    """Its clocks under the policy that holds."""

    @property
    def story(self) -> Story:
        """What the timeline says about time."""
        return tell(self.reported_at, self.severity, self.steps)


@dataclass(frozen=True, slots=True)
class Value:
    """A duration for one case. One still growing is a lower bound, and counts as one."""

    seconds: float
    running: bool


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, for one case; or a score, as so much of one answer."""

    part: float
    whole: float
    counts_from: datetime | None = None
    """When it begins to count."""


class Figure(ABC):
    """One figure. A subclass in `figures/` is registered by being there."""

    registry: ClassVar[dict[str, type[Figure]]] = {}
    id: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[str]
    definition: ClassVar[str]
    unit: ClassVar[str] = "seconds"
    """`seconds`, `percent`, or `of 5`."""
    version: ClassVar[int]
    events: ClassVar[tuple[str, ...]]
    """Fields whose changes on the timeline the figure reads."""
    targets: ClassVar[Mapping[int, float]]
    """By severity, in the unit: a duration is to stay below it."""
    above: ClassVar[bool] = False
    """Whether the target is to be exceeded."""
    by: ClassVar[str] = "severity"
    """What it is told apart by: `severity` or `source`."""
    older: ClassVar[timedelta | None] = None
    """A snapshot: the share of open cases reported longer ago than this, whenever they were reported."""

    def __init_subclass__(cls) -> None:
        if cls.name in Figure.registry:
            raise ValueError(f"two figures are called {cls.name}")
        Figure.registry[cls.name] = cls

    @abstractmethod
    def of(self, case: Told, now: datetime) -> Value | Share | None:
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
    median, p90 = (None, None) if few else _quantiles(crowd, (0.5, 0.9))
    longest = max((value.seconds for value in crowd), default=None)
    at_least = longest if not few and p90 is None else None
    return Summary(len(crowd), len(crowd) - finished, median, p90, at_least, met, met + late)


def _quantiles(values: Sequence[Value], shares: Sequence[float]) -> list[float | None]:
    """Return the times by which each share of the cases is done (Kaplan and Meier 1958); None if not reached."""
    surviving, at_risk = 1.0, len(values)
    wanted, found = list(shares), []
    for value in sorted(values, key=lambda value: (value.seconds, value.running)):
        if not value.running:
            surviving *= 1 - 1 / at_risk
            while wanted and (surviving <= 1 - wanted[0] or math.isclose(surviving, 1 - wanted[0])):
                found.append(value.seconds)
                wanted.pop(0)
        at_risk -= 1
    return [*found, *[None] * len(wanted)]
