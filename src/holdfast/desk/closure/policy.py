"""The closure policy: when a case may be closed, and what has to be learned from it before."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

Item = Literal["cause", "article", "ticket", "actions"]
Severity = Annotated[int, Field(ge=1, le=4)]
Days = Annotated[int, Field(ge=1, le=365)]


class ReasonValue(PolicyModel):
    """A reason to close without the customer's word."""

    says: str
    days: Days | None = None


class SurveyValue(PolicyModel):
    """Whom to ask how it was, and for how long the link works."""

    severities: tuple[Severity, ...]
    days: Days


class ClosureValue(PolicyModel):
    """How cases are closed."""

    title: str
    reasons: dict[str, ReasonValue]
    checklist: dict[Severity, tuple[Item, ...]]
    survey: SurveyValue
    reopened_within_days: Days


class ClosurePolicy(PolicyKind[ClosureValue]):
    """Closing."""

    kind = "closure"
    title = "Closing"
    says = "When a case may be closed, what has to be learned before, and whom to ask how it was."
    schema = ClosureValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return severities without a list, milder ones that ask for more, items written twice."""
        for level in (1, 2, 3, 4):
            if level not in value.checklist:
                yield Contradiction(("checklist",), f"no list for severity {level}; write [] for nothing")
            elif len(set(value.checklist[level])) < len(value.checklist[level]):
                yield Contradiction(("checklist", level), f"severity {level} names an item twice")
        for (worse, asked), (milder, more) in pairwise(sorted(value.checklist.items())):
            if extra := set(more) - set(asked):
                names = ", ".join(sorted(extra))
                yield Contradiction(
                    ("checklist", milder), f"severity {milder} asks for {names}, {worse} does not"
                )
