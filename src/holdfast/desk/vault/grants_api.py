"""Grants over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.vault import grants
from holdfast.desk.vault.models import Grant

router = Router(tags=["grants"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Said = Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


class GrantIn(Schema):
    """What is asked for."""

    what: Annotated[str, Field(pattern="^(raw|map)$")] = "raw"
    """`raw`: the evidence as it came. `map`: what pseudonyms stand for."""
    why: Said
    hours: Annotated[int, Field(ge=1, le=168)] = 8
    artefacts: Annotated[list[Annotated[int, Field(ge=1, le=2**62)]], Field(max_length=200)] = Field(
        default_factory=list
    )
    """Which ones; none means all of the case."""
    person: Annotated[Words, Field(max_length=150)] = ""
    """Username of who gets it; you when empty."""


class ReasonIn(Schema):
    """Why."""

    reason: Said


class GrantOut(Schema):
    """A grant."""

    number: int
    person: str
    asked_by: str
    what: str
    artefacts: list[int]
    why: str
    hours: int
    state: str
    decision: int | None
    """The decision it opened by."""
    asked_at: datetime
    until: datetime | None
    open: bool

    @staticmethod
    def resolve_person(one: Grant) -> str:
        """Return its username."""
        return one.person.username

    @staticmethod
    def resolve_asked_by(one: Grant) -> str:
        """Return its username."""
        return one.asked_by.username


@router.get("/cases/{key}/grants", response=list[GrantOut], summary="List the grants of a case")
def listed(request: HttpRequest, key: str) -> list[Grant]:
    """Return who may see the evidence itself, who might, and until when; the newest first."""
    case = internal_case(signed_in(request), key)
    return list(case.grants.select_related("person", "asked_by")[:500])


@router.post("/cases/{key}/grants", response={201: GrantOut}, summary="Ask for a grant")
def ask(request: HttpRequest, key: str, said: GrantIn) -> Status[Grant]:
    """Ask to see the evidence itself, or what pseudonyms stand for; who decides on access is told."""
    person = signed_in(request)
    case = internal_case(person, key)
    wanted = grants.Wanted(said.what, said.why, said.hours, said.artefacts, who(said.person, person))
    return Status(201, grants.request(case, wanted, by=person))


@router.post("/cases/{key}/grants/{number}/open", response=GrantOut, summary="Open a grant")
def open_grant(request: HttpRequest, key: str, number: Number) -> Grant:
    """Open a grant whose decision allows it: by glass that was broken; an approved one opens by itself."""
    person = signed_in(request)
    return grants.open_grant(grants.grant_of(internal_case(person, key), number), by=person)


@router.post("/cases/{key}/grants/{number}/end", response=GrantOut, summary="End a grant")
def end(request: HttpRequest, key: str, number: Number, said: ReasonIn) -> Grant:
    """End a grant before its time; downloads under way stop."""
    person = signed_in(request)
    return grants.end(grants.grant_of(internal_case(person, key), number), by=person, reason=said.reason)


def who(username: str, asker: Person) -> Person:
    """Return the person named, the asker for nobody named."""
    if not username:
        return asker
    found = Person.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise Conflict(f"nobody here is called {username}")
    return found
