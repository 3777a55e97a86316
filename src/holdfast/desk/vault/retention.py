"""The retention policy: for how long evidence is kept after its case was closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

Days = Annotated[int, Field(ge=1, le=36_500)] | None


class RetentionValue(PolicyModel):
    """For how long evidence is kept."""

    title: str
    days: dict[Annotated[int, Field(ge=1, le=4)], Days]
    contracts: dict[str, Annotated[int, Field(ge=1, le=36_500)]] = Field(default_factory=dict)

    def keeps(self, severity: int, contract: str) -> timedelta | None:
        """Return how long after closing, None for as long as nobody deletes it."""
        found = [days for days in (self.days.get(severity), self.contracts.get(contract)) if days]
        return timedelta(days=min(found)) if found else None


class RetentionPolicy(PolicyKind[RetentionValue]):
    """Keeping evidence."""

    kind = "retention"
    title = "Keeping evidence"
    says = "For how long the evidence of a closed case is kept before its key is destroyed."
    schema = RetentionValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return severities nothing is said of."""
        for level in (1, 2, 3, 4):
            if level not in value.days:
                yield Contradiction(("days",), f"nothing is said of severity {level}; write null to keep it")
