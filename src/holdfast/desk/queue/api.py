"""The queue over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, QueryDict
from ninja import Query, Router, Schema
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.queue import commands, queries, reviews
from holdfast.desk.queue.filters import asked
from holdfast.desk.queue.views import internal

router = Router(tags=["queue"])
Key = Annotated[Words, Field(max_length=20)]


class ReasonOut(Schema):
    """A part of a case's points."""

    points: int
    text: str


class RowOut(Schema):
    """A row of the queue."""

    place: int
    key: str
    title: str
    severity: int
    points: int
    reasons: list[ReasonOut]
    clock: str
    due: datetime | None
    owner: str | None
    next_step: str
    blocked_on: str


class PlaceOut(Schema):
    """Why a case stands where it stands."""

    place: int
    points: int
    reasons: list[ReasonOut]
    lifted: int
    policy: str
    change_at: datetime | None
    change: str
    change_place: int | None


class SuggestionOut(Schema):
    """Somebody who could take a case."""

    username: str
    at_once: int
    most: int
    known: int
    reason: str


class LoadOut(Schema):
    """How much somebody works on."""

    username: str
    at_once: int
    most: int
    focus_until: datetime | None


class BulkIn(Schema):
    """One thing for many cases."""

    keys: Annotated[list[Key], Field(max_length=100)]
    deed: Literal["assign", "acknowledge", "plan", "wait_for"]
    value: Annotated[Words, Field(max_length=200)] = ""


class RefusedOut(Schema):
    """A case left as it was."""

    key: str
    reason: str


class BulkOut(Schema):
    """What became of each."""

    done: list[str]
    refused: list[RefusedOut]


class FocusIn(Schema):
    """Time to concentrate; null ends it."""

    until: Moment | None
    lets_in: Annotated[int, Field(ge=1, le=4)] = 1


class ViewIn(Schema):
    """A view to keep."""

    name: Annotated[Words, Field(min_length=1, max_length=60, pattern=r"\S")]
    query: Annotated[Words, Field(max_length=500)]


class ViewOut(Schema):
    """A kept view."""

    id: int
    name: str
    query: str


class WaitOut(Schema):
    """Whom cases wait for."""

    on: str
    keys: list[str]
    since: datetime


class StandUpOut(Schema):
    """The day's stand-up, as keys of cases."""

    severity_1: list[str]
    unowned: list[str]
    due: list[str]
    without_step: list[str]
    waits: list[WaitOut]


class WeeklyOut(Schema):
    """The week's review."""

    opened: int
    resolved: int
    open_now: int
    ages: dict[str, int]
    over: list[str]
    oldest: list[str]
    silent: list[str]
    disputed: list[str]
    waits: list[WaitOut]


@router.get("/queue", response=list[RowOut], summary="Read the queue")
def queue(
    request: HttpRequest,
    query: Annotated[
        Words, Query("", max_length=500, description="As in the page's address: view=mine&severity=1")
    ],
    start: Annotated[int, Query(0, ge=0, le=10_000)],
) -> list[dict[str, Any]]:
    """Return 50 rows in the order of work, each with its reasons."""
    rows = queries.queue(signed_in(request), asked(QueryDict(query)), start)[: queries.PAGE]
    return [_row(row) for row in rows]


def _row(row: queries.Row) -> dict[str, Any]:
    case = row.case
    return {
        "place": row.place,
        "key": case.key,
        "points": row.points,
        "reasons": row.reasons,
        "clock": row.clock.name if row.clock else "",
        "due": row.clock.due if row.clock else None,
        "owner": case.owner.username if case.owner else None,
    } | {name: getattr(case, name) for name in ("title", "severity", "next_step", "blocked_on")}


@router.get("/cases/{key}/place", response=PlaceOut, summary="Why a case stands where it stands")
def place(request: HttpRequest, key: str) -> queries.Place:
    """Return the sum of its points, and when its place would change by itself."""
    person = signed_in(request)
    return queries.place_of(person, internal_case(person, key))


@router.get("/cases/{key}/suggestions", response=list[SuggestionOut], summary="Who could take a case")
def suggestions(request: HttpRequest, key: str) -> list[dict[str, Any]]:
    """Return who could own it, by load, focus and what they worked on before."""
    person = signed_in(request)
    found = queries.suggestions(person, internal_case(person, key))
    return [_load(one.load) | {"known": one.known, "reason": one.reason} for one in found]


def _load(load: queries.Load) -> dict[str, Any]:
    until = load.focus.until if load.focus else None
    return {
        "username": load.person.username,
        "at_once": load.at_once,
        "most": load.most,
        "focus_until": until,
    }


@router.get("/queue/work", response=list[LoadOut], summary="Who works on how much")
def work(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the engineers with their open cases and focus time."""
    return [_load(load) for load in queries.loads(internal(request))]


@router.post("/queue/bulk", response=BulkOut, summary="Do one thing to many cases")
def bulk(request: HttpRequest, said: BulkIn) -> dict[str, Any]:
    """Assign, acknowledge, plan or block many cases; each is done or refused by itself."""
    became = commands.in_bulk(said.keys, said.deed, said.value, by=signed_in(request))
    return {"done": became.done, "refused": [{"key": key, "reason": why} for key, why in became.refused]}


@router.post("/me/focus", response=FocusIn, summary="Take focus time")
def focus(request: HttpRequest, said: FocusIn) -> dict[str, Any]:
    """Take time to concentrate: nobody assigns you a milder case than `lets_in` until then."""
    found = commands.concentrate(signed_in(request), said.until, lets_in=said.lets_in)
    return {"until": found.until if found else None, "lets_in": said.lets_in}


@router.get("/queue/views", response=list[ViewOut], summary="List kept views")
def views(request: HttpRequest) -> list[Any]:
    """Return your views and those shared with you."""
    return list(queries.views_of(signed_in(request)))


@router.post("/queue/views", response=ViewOut, summary="Keep a view")
def keep_view(request: HttpRequest, said: ViewIn) -> Any:
    """Keep a filter under a name; the same name again replaces it."""
    return commands.keep_view(signed_in(request), said.name, asked(QueryDict(said.query)))


@router.get("/queue/stand-up", response=StandUpOut, summary="The daily stand-up")
def stand_up(request: HttpRequest) -> dict[str, Any]:
    """Return what a team looks at in the morning."""
    told = reviews.stand_up(internal(request))
    return {
        "severity_1": _keys(told.first),
        "unowned": _keys(told.unowned),
        "due": _keys(told.due),
        "without_step": _keys(told.stepless),
        "waits": _waits(told.waits),
    }


@router.get("/queue/weekly", response=WeeklyOut, summary="The weekly escalation review")
def weekly(request: HttpRequest) -> dict[str, Any]:
    """Return what a team looks back on."""
    told = reviews.weekly(internal(request))
    lists = {name: _keys(getattr(told, name)) for name in ("over", "oldest", "silent", "disputed")}
    numbers = {name: getattr(told, name) for name in ("opened", "resolved", "open_now")}
    return {"ages": dict(told.ages), "waits": _waits(told.waits)} | lists | numbers


def _keys(cases: list[Case]) -> list[str]:
    return [case.key for case in cases]


def _waits(found: list[queries.Waiting]) -> list[dict[str, Any]]:
    return [{"on": one.on, "keys": _keys(one.cases), "since": one.since} for one in found]
