"""The library of safe patterns as a policy: what is done, at what risk, how it is undone, for how long it may stay."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from holdfast.desk.clocks.policy import Length
from holdfast.desk.decisions.rights import Right
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

Risk = Literal["low", "medium", "high"]
RIGHT: dict[str, Right] = {"low": Right.SAFE_CHANGE, "medium": Right.CHANGE, "high": Right.RISKY_CHANGE}


class PatternValue(PolicyModel):
    """One way to mitigate."""

    says: str
    risk: Risk
    reversible: bool = True
    steps: Annotated[tuple[str, ...], Field(min_length=1)]
    rollback: tuple[str, ...] = ()
    watch: str = ""
    """Which signal shows that it works."""
    expires: Length


class PatternsValue(PolicyModel):
    """The library."""

    title: str
    warn_before: Length
    patterns: dict[str, PatternValue]


class MitigationPatterns(PolicyKind[PatternsValue]):
    """Patterns of mitigation."""

    kind = "mitigation-patterns"
    title = "Mitigations"
    says = "Which ways to mitigate there are, at what risk, how each is undone, and how long it may stay."
    schema = PatternsValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return patterns that call themselves reversible and say not how, or are low risk and final."""
        for name, pattern in value.patterns.items():
            if pattern.reversible and not pattern.rollback:
                yield Contradiction(("patterns", name), f"{name} is reversible, and no step says how")
            if not pattern.reversible and pattern.risk != "high":
                yield Contradiction(("patterns", name), f"{name} cannot be undone; its risk is high")
