"""Impact in numbers and constraints over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.impact import commands, queries
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["impact"])
Source = Annotated[Words, Field(min_length=1, max_length=400, pattern=r"\S")]
Amount = Annotated[int, Field(ge=0, le=commands.MOST)]


class PlaceOut(Schema):
    """A place in the evidence."""

    artefact: str
    name: str
    place: str
    at: str


class NumberOut(Schema):
    """A number of the impact that holds."""

    what: str
    number: int
    whole: int | None
    unit: str
    since: datetime
    source: str
    entry: int | None
    finding: str
    locators: list[PlaceOut]
    said_at: datetime


class ConstraintOut(Schema):
    """A constraint nobody lifted."""

    number: int
    text: str
    until: datetime | None
    over: bool
    source: str
    entry: int | None
    finding: str
    locators: list[PlaceOut]
    said_at: datetime


class ImpactOut(Schema):
    """How large it is, and what is not allowed."""

    numbers: list[NumberOut]
    constraints: list[ConstraintOut]


class NumberIn(Schema):
    """How many, and how that is known: `customer`, `#12`, `F-03` or `route.log:54`."""

    what: Literal["users", "requests", "money", "tenants"]
    number: Amount
    source: Source
    whole: Amount | None = None
    unit: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """Currency of money."""
    since: Moment | None = None
    """The report when left out."""


class ConstraintIn(Schema):
    """What the customer does not allow or cannot bear."""

    text: Annotated[Words, Field(min_length=1, max_length=400, pattern=r"\S")]
    until: Moment | None = None
    source: Source = "customer"


class LiftIn(Schema):
    """Who says that it holds no more."""

    reason: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


def _impact(request: HttpRequest, key: str) -> dict[str, Any]:
    case = internal_case(signed_in(request), key)
    return {"numbers": queries.numbers(case), "constraints": queries.constraints(case)}


@router.get("/cases/{key}/impact/numbers", response=ImpactOut, summary="Impact in numbers, and constraints")
def read(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return what holds now, each with its source."""
    return _impact(request, key)


@router.post("/cases/{key}/impact/numbers", response=ImpactOut, summary="Say how many are affected")
def count(request: HttpRequest, key: str, said: NumberIn) -> dict[str, Any]:
    """Set one number; what held before stays on the timeline."""
    person = signed_in(request)
    commands.count(visible_case(person, key), commands.Counted(**said.model_dump()), by=person)
    return _impact(request, key)


@router.post("/cases/{key}/constraints", response=ImpactOut, summary="Write down a constraint")
def constrain(request: HttpRequest, key: str, said: ConstraintIn) -> dict[str, Any]:
    """Write down what must not happen, and until when."""
    person = signed_in(request)
    commands.constrain(visible_case(person, key), said.text, by=person, source=said.source, until=said.until)
    return _impact(request, key)


@router.post("/cases/{key}/constraints/{number}/lift", response=ImpactOut, summary="Lift a constraint")
def lift(
    request: HttpRequest, key: str, number: Annotated[int, Field(ge=1, le=2**62)], said: LiftIn
) -> dict[str, Any]:
    """Say that it holds no more."""
    person = signed_in(request)
    commands.lift(visible_case(person, key), number, by=person, reason=said.reason)
    return _impact(request, key)
