"""The order of work as a policy."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

Points = Annotated[int, Field(ge=0, le=1000)]
Steps = dict[Annotated[int, Field(ge=1, le=10**12)], Points]


class BlastValue(PolicyModel):
    """Points for each customer, tenant and region beyond the first."""

    customers: Points = 0
    tenants: Points = 0
    regions: Points = 0
    most: Points = 0


class QueueOrderValue(PolicyModel):
    """What gives a case its place."""

    title: str
    severity: dict[Annotated[int, Field(ge=1, le=4)], Points]
    not_acknowledged: Points
    no_owner: Points
    disputed: Points = 0
    clock: Steps
    blast: BlastValue
    revenue: Steps = Field(default_factory=dict)
    security: Points = 0
    regulation: Points = 0
    untouched: Steps
    aging: Annotated[int, Field(ge=1, le=100)]
    at_once: Annotated[int, Field(ge=1, le=100)]


class QueueOrder(PolicyKind[QueueOrderValue]):
    """The order of work."""

    kind = "queue-order"
    title = "Order of work"
    says = "How many points a case has in the queue, and for what."
    schema = QueueOrderValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return severities without points, and steps that give less for more."""
        for level in (1, 2, 3, 4):
            if level not in value.severity:
                yield Contradiction(("severity",), f"no points for severity {level}")
            elif level > 1 and value.severity.get(level - 1, 1000) < value.severity[level]:
                yield Contradiction(("severity", level), f"severity {level} has more points than {level - 1}")
        for name in ("clock", "revenue", "untouched"):
            steps = sorted(getattr(value, name).items())
            for (low, fewer), (high, more) in itertools.pairwise(steps):
                if more < fewer:
                    yield Contradiction((name, high), f"{name} {high} gives fewer points than {low}")
