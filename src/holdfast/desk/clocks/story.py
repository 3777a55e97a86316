"""A case as its clocks see it: which marks were reached when, in which state and severity it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

DONE = ("resolved", "closed")
MERGED = "merged"


class Mark(StrEnum):
    """What starts and stops a clock."""

    REPORTED = "reported"
    ACKNOWLEDGED = "acknowledged"
    DIAGNOSED = "diagnosed"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    TICKETED = "ticketed"
    REVIEWED = "reviewed"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Step:
    """As much of a timeline entry as clocks and figures use."""

    kind: str
    happened_at: datetime
    data: dict[str, Any]
    position: int = 0
    from_customer: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """From then on something was so, by that entry."""

    at: datetime
    value: Any
    position: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """What a timeline says about time. Moments are in order and never before the report."""

    reported_at: datetime
    states: Sequence[Moment]
    severities: Sequence[Moment]
    marks: dict[Mark, list[Moment]] = field(default_factory=dict)
    """For each mark its changes: True where it was reached, False where it no longer held."""
    updates: Sequence[Moment] = ()
    """Updates to the customer."""
    replies: Sequence[Moment] = ()
    """What the customer said."""

    @property
    def merged(self) -> bool:
        """Whether another case stands for this one now."""
        return bool(self.states[-1].value == MERGED)

    def reached(self, mark: Mark) -> Moment | None:
        """Return when a mark was reached that still holds."""
        changes = self.marks.get(mark, [])
        return changes[-1] if changes and changes[-1].value else None

    def first(self, mark: Mark) -> Moment | None:
        """Return when a mark was first reached, whether or not it held."""
        return next((change for change in self.marks.get(mark, []) if change.value), None)


def tell(reported_at: datetime, severity: int, steps: Iterable[Step]) -> Story:
    """Read a timeline. `severity` is the present one, used when the timeline does not say the first.

    A time before the report or before the entry it follows is taken for the later of the two: nothing on
    a clock runs backwards.
    """
    teller = _Teller(reported_at)
    for step in steps:
        teller.hear(step)
    return teller.story(severity)


class _Teller:
    def __init__(self, reported_at: datetime) -> None:
        self.reported_at = self.latest = reported_at
        self.states = [Moment(reported_at, "new")]
        self.severities: list[Moment] = []
        self.marks: dict[Mark, list[Moment]] = {Mark.REPORTED: [Moment(reported_at, value=True)]}
        self.updates: list[Moment] = []
        self.replies: list[Moment] = []

    def hear(self, step: Step) -> None:
        self.latest = at = max(step.happened_at, self.latest)
        field_ = step.data.get("field")
        if field_ == "state":
            self._state(at, step)
        if field_ == "severity":
            if not self.severities:
                self.severities.append(Moment(self.reported_at, step.data["from"]))
            self.severities.append(Moment(at, step.data["to"], step.position))
        for name, mark in _WRITTEN.items():
            if name in step.data:
                self._mark(mark, at, bool(step.data[name]), step.position)
        if step.kind == "update":
            self.updates.append(Moment(at, step.data.get("next"), step.position))
        if step.from_customer:
            self.replies.append(Moment(at, value=True, position=step.position))

    def _state(self, at: datetime, step: Step) -> None:
        to, before = step.data.get("to"), step.data.get("from")
        if before is None:  # the declaration
            if isinstance(step.data.get("severity"), int):
                self.severities.append(Moment(self.reported_at, step.data["severity"]))
            return
        if to == before:
            return
        self.states.append(Moment(at, to, step.position))
        if to == MERGED:  # neither mitigates nor resolves, and taking it back undoes nothing
            return
        self._mark(Mark.MITIGATED, at, to in ("mitigated", *DONE), step.position)
        self._mark(Mark.RESOLVED, at, to in DONE, step.position)

    def _mark(self, mark: Mark, at: datetime, holds: bool, position: int) -> None:
        changes = self.marks.setdefault(mark, [])
        if holds != bool(changes and changes[-1].value):
            changes.append(Moment(at, holds, position))

    def story(self, severity: int) -> Story:
        severities = self.severities or [Moment(self.reported_at, severity)]
        return Story(self.reported_at, self.states, severities, self.marks, self.updates, self.replies)


_WRITTEN = {
    "acknowledged": Mark.ACKNOWLEDGED,
    "diagnosed": Mark.DIAGNOSED,
    "ticketed": Mark.TICKETED,
    "reviewed": Mark.REVIEWED,
}
"""Words in an entry's data by which a mark is reached (true) or no longer holds (false)."""
