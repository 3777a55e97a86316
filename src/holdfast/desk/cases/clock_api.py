"""Clocks over REST, and the deeds they count."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases import marks
from holdfast.desk.cases.api import CaseOut, EntryOut
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Entry
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.rulebook import rulebook
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["clocks"])
Sentence = Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]
Name = Annotated[Words, Field(min_length=1, max_length=200, pattern=r"\S")]


class IntervalOut(Schema):
    """A stretch of a clock's life."""

    start: datetime
    end: datetime
    kind: str
    """`running`, `paused` or `stopped`."""
    reason: str
    severity: int
    counts: bool
    seconds: float
    answered_at: datetime | None
    """When, in a pause for the customer, the customer had answered."""


class ClockOut(Schema):
    """A clock as it stands."""

    clock: str
    number: int
    severity: int
    target_seconds: float
    used_seconds: float
    status: str
    started_at: datetime
    stopped_at: datetime | None
    broke_at: datetime | None
    due: datetime | None
    intervals: list[IntervalOut]

    @classmethod
    def of(cls, clock: Clock) -> ClockOut:
        """Return the public form."""
        names = ("number", "severity", "status", "started_at", "stopped_at", "broke_at", "due")
        return cls(
            clock=clock.rule.name,
            target_seconds=clock.target.total_seconds(),
            used_seconds=clock.used.total_seconds(),
            intervals=[_interval(one) for one in clock.intervals],
            **{name: getattr(clock, name) for name in names},
        )


def _interval(one: Any) -> IntervalOut:
    names = ("start", "end", "kind", "reason", "severity", "counts", "answered_at")
    return IntervalOut(seconds=one.length.total_seconds(), **{name: getattr(one, name) for name in names})


class ClocksOut(Schema):
    """The clocks of a case and the policy they were counted by."""

    policy_version: int
    clocks: list[ClockOut]


class NameIn(Schema):
    """What it is called, and where it is."""

    name: Name


class PlanIn(Schema):
    """What happens next."""

    step: Annotated[Words, Field(max_length=200)]
    blocked_on: Annotated[Words, Field(max_length=120)] = ""
    due: Moment | None = None
    before: Annotated[Words, Field(max_length=200)] | None = None
    """The step you saw; a change by somebody else in between is then a conflict."""


class ImpactIn(Schema):
    """The impact, written anew."""

    impact: Sentence
    before: Annotated[Words, Field(max_length=20_000)]
    """The text you started from."""


@router.get("/cases/{key}/clocks", response=ClocksOut, summary="Why the clocks stand where they stand")
def clocks(
    request: HttpRequest, key: str, version: Annotated[int | None, Query(None, ge=0, le=2**31 - 1)]
) -> dict[str, Any]:
    """Return every clock with its intervals; `version` counts them by another version of the policy."""
    case = internal_case(signed_in(request), key)
    book = rulebook(case.organisation, version)
    found = clocks_of(case, version=version)
    return {"policy_version": book.clocks.version, "clocks": [ClockOut.of(one) for one in found]}


@router.post("/cases/{key}/diagnosed", response={201: EntryOut}, summary="Name the fault domain")
def diagnosed(request: HttpRequest, key: str, said: NameIn) -> Status[Entry]:
    """Name the fault domain that was validated; the clock of the initial diagnosis stops."""
    person = signed_in(request)
    return Status(201, marks.diagnose(visible_case(person, key), said.name, by=person))


@router.post("/cases/{key}/review", response={201: EntryOut}, summary="Note the review")
def review(request: HttpRequest, key: str, said: NameIn) -> Status[Entry]:
    """Note the review of causes and where it is kept."""
    person = signed_in(request)
    return Status(201, marks.note_review(visible_case(person, key), said.name, by=person))


@router.post("/cases/{key}/plan", response=CaseOut, summary="Say what happens next")
def plan(request: HttpRequest, key: str, said: PlanIn) -> CaseOut:
    """Set the next step, by when, and what it waits for."""
    person = signed_in(request)
    words = said.model_dump(exclude={"step"})
    marks.plan(visible_case(person, key), said.step, by=person, **words)
    return CaseOut.of(visible_case(person, key), person)


@router.post("/cases/{key}/impact", response=CaseOut, summary="Write the impact anew")
def impact(request: HttpRequest, key: str, said: ImpactIn) -> CaseOut:
    """Replace the impact statement; refused when it is not the one you started from."""
    person = signed_in(request)
    marks.rewrite_impact(visible_case(person, key), said.impact, by=person, before=said.before)
    return CaseOut.of(visible_case(person, key), person)
