"""Decision rights as a policy: who decides what, how many it takes, and for how long it counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from holdfast.desk.clocks.policy import Length, length
from holdfast.desk.people.rights import Role
from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel
from holdfast.desk.policies.queries import shipped


class Right(StrEnum):
    """What is decided; a room's deed names the one it needs."""

    COURSE = "course"
    """What is done next and in which order."""
    SEVERITY = "severity"
    """The severity, when disputed."""
    UPDATE = "update"
    """What a customer is told of the known facts."""
    COMMITMENT = "commitment"
    """A promise to a customer: a date, a fix, a credit note."""
    ADVISORY = "advisory"
    """A text that goes to many customers at once."""
    OPEN_GATE = "open-gate"
    """Filing a ticket with engineering although checks of its gate are open."""
    PROCESS = "process"
    """How the team works: skipping a step, another way than the written one."""
    POLICY = "policy"
    """Publishing a policy: how the team works from then on."""
    SAFE_CHANGE = "safe-change"
    """A change of production that is small and undone at once."""
    CHANGE = "change"
    """A change of production of medium risk."""
    RISKY_CHANGE = "risky-change"
    """A change of production of high risk, or one that cannot be undone."""
    ACCESS = "access"
    """Access beyond what a role has."""
    COMPENSATION = "compensation"
    """Money or its equal for a customer."""


class LineValue(PolicyModel):
    """Who decides one thing."""

    says: str
    decides: str
    """A level."""
    quorum: Annotated[int, Field(ge=1, le=9)] = 1
    own: bool = False
    """Whether somebody of the level decides what they ask for themselves."""
    expires: Length
    """How long an approval counts, and how long a request waits."""
    delegation: bool = False
    break_glass: bool = False

    @property
    def lasts(self) -> timedelta:
        """How long an approval counts."""
        return length(self.expires)


class DecisionRightsValue(PolicyModel):
    """Who decides what."""

    title: str
    levels: dict[str, Annotated[tuple[Role, ...], Field(min_length=1)]]
    alarm: tuple[Role, ...]
    """Who hears at once when glass is broken."""
    rights: dict[Right, LineValue]

    def line(self, right: Right) -> LineValue:
        """Return who decides; a right younger than the published text is decided as shipped."""
        found = self.rights.get(right)
        return found if found is not None else shipped(DecisionRights).value.rights[right]

    def roles(self, line: LineValue) -> tuple[Role, ...]:
        """Return the roles of a line's level."""
        found = self.levels.get(line.decides)
        return found if found is not None else shipped(DecisionRights).value.levels[line.decides]


class DecisionRights(PolicyKind[DecisionRightsValue]):
    """Decision rights."""

    kind = "decision-rights"
    title = "Decision rights"
    says = "What an engineer decides alone, and what needs the team, a lead, a manager or an executive."
    schema = DecisionRightsValue
    folder = Path(__file__).parent / "policies"

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:
        """Return levels that are missing or hold customers, and approvals that nobody could give."""
        for name, roles in value.levels.items():
            if Role.CUSTOMER in roles:
                yield Contradiction(
                    ("levels", name), f"{name} holds customers; they do not decide for the desk"
                )
        if Role.CUSTOMER in value.alarm:
            yield Contradiction(("alarm",), "customers do not hear of broken glass")
        for right, line in value.rights.items():
            if line.decides not in value.levels:
                yield Contradiction(
                    ("rights", right), f"{right} is decided by {line.decides}, which is no level"
                )
            if right == Right.POLICY and line.break_glass:
                yield Contradiction(
                    ("rights", right), "glass is broken for a deed on a case, not for a policy"
                )
            if line.break_glass and not value.alarm:
                yield Contradiction(
                    ("rights", right), f"{right} lets glass be broken, and nobody hears of it"
                )
