"""Cases over REST."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases import commands
from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.outside import cases_as_read, entries_as_read
from holdfast.desk.cases.queries import entries, helper, possible_owners, visible_case
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

router = Router(tags=["cases"])

Limit = Annotated[int, Query(50, ge=1, le=200)]
Move = Literal["new", "diagnosing", "waiting", "mitigated", "resolved", "closed"]
StateName = Literal[Move, "merged"]


class CaseOut(Schema):
    """A case as it is now."""

    key: str
    title: str
    impact: str
    severity: int
    state: StateName
    organisation: str
    customer: str | None
    area: str
    component: str
    owner: str | None
    source: str
    reported_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None
    next_clock: str
    next_due_at: datetime | None
    next_step: str
    next_step_by: datetime | None
    blocked_on: str
    scope: dict[str, list[str]]
    disputed: bool
    moves: list[str]

    @classmethod
    def of(cls, case: Case, person: Person) -> CaseOut:
        """Return the public form, as the person may read it."""
        return cls.all_of([case], person)[0]

    @classmethod
    def all_of(cls, cases: Iterable[Case], person: Person) -> list[CaseOut]:
        """Return the public forms of many."""
        return [cls._of(case) for case in cases_as_read(person, cases)]

    @classmethod
    def _of(cls, case: Case) -> CaseOut:
        return cls(
            **{name: getattr(case, name) for name in _PLAIN},
            organisation=case.organisation.prefix,
            customer=case.customer.name if case.customer else None,
            owner=case.owner.username if case.owner else None,
            moves=[move.value for move in case.moves],
        )


_PLAIN = (
    "key", "title", "impact", "severity", "state", "area", "component", "source", "reported_at",
    "acknowledged_at", "closed_at", "next_clock", "next_due_at", "next_step", "next_step_by", "blocked_on",
    "scope", "disputed",
)  # fmt: skip


class CasesOut(Schema):
    """A page of cases, newest first."""

    items: list[CaseOut]
    before: int | None
    """Give it as `before` for the next page; null at the end."""


class EntryOut(Schema):
    """One entry of a timeline, with what seals it."""

    position: int
    kind: str
    text: str
    data: dict[str, Any]
    author: str
    shared: bool
    happened_at: datetime
    recorded_at: datetime
    previous: str
    hash: str


class TimelineOut(Schema):
    """A page of a timeline, oldest first."""

    items: list[EntryOut]
    after: int | None
    """Give it as `after` for the next page; null at the end."""


class WholeOut(Schema):
    """Whether a timeline is as it was written."""

    whole: bool
    broken: str
    entries: int
    head: str


class CommentIn(Schema):
    """Something said."""

    text: Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]


class EntryIn(Schema):
    """A fact, an action or a decision."""

    kind: Literal["fact", "action", "decision"] = "fact"
    text: Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]
    happened_at: Moment | None = None


class StateIn(Schema):
    """Where the case moves to."""

    to: Move
    reason: Annotated[Words, Field(max_length=2000)] = ""
    happened_at: Moment | None = None
    """When it happened, if that was earlier; with its zone."""


class SeverityIn(Schema):
    """A severity and why."""

    to: Annotated[int, Field(ge=1, le=4)]
    reason: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


class OwnerIn(Schema):
    """Who owns the case from now on; null for nobody."""

    owner: Annotated[Words, Field(max_length=150)] | None


class PartIn(Schema):
    """Who is put on the case, for what."""

    person: Annotated[Words, Field(min_length=1, max_length=150)]
    what: Annotated[Words, Field(min_length=1, max_length=60, pattern=r"\S")] = "helps"


class PartOut(Schema):
    """Somebody on the case."""

    person: str
    name: str
    what: str


class PeopleOut(Schema):
    """Who is on the case."""

    owner: str | None
    declared_by: str
    items: list[PartOut]


@router.get("/cases", response=CasesOut, summary="List cases")
def list_cases(
    request: HttpRequest,
    limit: Limit,
    before: Annotated[int | None, Query(None, ge=1, le=2**62)],
    open: Annotated[bool | None, Query(None)],  # noqa: A002  the word callers expect
    severity: Annotated[int | None, Query(None, ge=1, le=4)],
) -> dict[str, Any]:
    """Return the cases you may see, newest first."""
    person = signed_in(request)
    cases = Case.objects.visible_to(person).listed()
    if open is not None:
        cases = cases.filter(closed_at__isnull=open)
    if severity is not None:
        cases = cases.filter(severity=severity)
    if before is not None:
        cases = cases.filter(id__lt=before)
    found = list(cases.order_by("-id")[: limit + 1])
    more = found[limit - 1].id if len(found) > limit else None
    return {"items": CaseOut.all_of(found[:limit], person), "before": more}


@router.get("/cases/{key}", response=CaseOut, summary="Read a case")
def read(request: HttpRequest, key: str) -> CaseOut:
    """Return a case as it is now."""
    return _now(request, key)


@router.get("/cases/{key}/timeline", response=TimelineOut, summary="Read a timeline")
def timeline(
    request: HttpRequest, key: str, limit: Limit, after: Annotated[int, Query(0, ge=0, le=2**31 - 1)]
) -> dict[str, Any]:
    """Return the entries after a position, oldest first."""
    person = signed_in(request)
    case = visible_case(person, key)
    kept = entries(person, case).filter(position__gt=after).order_by("position")
    found = entries_as_read(person, case, kept[: limit + 1])
    return {"items": found[:limit], "after": found[limit - 1].position if len(found) > limit else None}


@router.get("/cases/{key}/timeline/check", response=WholeOut, summary="Check a timeline's hash chain")
def check(request: HttpRequest, key: str) -> dict[str, Any]:
    """Say whether every entry is there, unchanged and in its place."""
    case = visible_case(signed_in(request), key)
    broken = verify(case)
    return {"whole": not broken, "broken": broken, "entries": case.entries_count, "head": case.head}


@router.post("/cases/{key}/acknowledge", response=CaseOut, summary="Acknowledge a case")
def acknowledge(request: HttpRequest, key: str) -> CaseOut:
    """Say that you have it; twice is once."""
    person = signed_in(request)
    commands.acknowledge(visible_case(person, key), by=person)
    return _now(request, key)


@router.post("/cases/{key}/comments", response={201: EntryOut}, summary="Comment")
def comment(request: HttpRequest, key: str, said: CommentIn) -> Status[Entry]:
    """Say something on the case. What you say reaches the customer as an update only."""
    person = signed_in(request)
    return Status(201, commands.comment(visible_case(person, key), said.text, by=person))


@router.post(
    "/cases/{key}/entries", response={201: EntryOut}, summary="Record a fact, an action or a decision"
)
def record(request: HttpRequest, key: str, said: EntryIn) -> Status[Entry]:
    """Record what is known, done or decided."""
    person = signed_in(request)
    entry = commands.record_fact(
        visible_case(person, key), said.text, by=person, kind=Kind(said.kind), happened_at=said.happened_at
    )
    return Status(201, entry)


@router.post("/cases/{key}/state", response=CaseOut, summary="Move a case to another state")
def move(request: HttpRequest, key: str, said: StateIn) -> CaseOut:
    """Move the case to one of its `moves`."""
    person = signed_in(request)
    case, at = visible_case(person, key), said.happened_at
    commands.change_state(case, said.to, by=person, reason=said.reason, happened_at=at)
    return _now(request, key)


@router.post("/cases/{key}/severity", response=CaseOut, summary="Change the severity")
def severity(request: HttpRequest, key: str, said: SeverityIn) -> CaseOut:
    """Change the severity, with the reason."""
    person = signed_in(request)
    commands.raise_severity(visible_case(person, key), said.to, by=person, reason=said.reason)
    return _now(request, key)


@router.post("/cases/{key}/owner", response=CaseOut, summary="Assign a case")
def owner(request: HttpRequest, key: str, said: OwnerIn) -> CaseOut:
    """Give the case to an engineer, or to nobody."""
    person = signed_in(request)
    case = visible_case(person, key)
    chosen = None
    if said.owner is not None:
        chosen = next((one for one in possible_owners(case) if one.username == said.owner), None)
        if chosen is None:
            raise commands.Conflict(f"{said.owner} cannot own this case")
    commands.assign(case, chosen, by=person)
    return _now(request, key)


def _people(request: HttpRequest, key: str) -> PeopleOut:
    case = visible_case(signed_in(request), key)
    parts = [
        PartOut(person=part.person.username, name=part.person.title, what=part.what)
        for part in case.parts.select_related("person").order_by("id")
    ]
    owner = case.owner.username if case.owner else None
    return PeopleOut(owner=owner, declared_by=case.declared_by.username, items=parts)


@router.get("/cases/{key}/people", response=PeopleOut, summary="Who is on a case")
def people(request: HttpRequest, key: str) -> PeopleOut:
    """Return the owner, who declared it, and who was put on it."""
    person = signed_in(request)
    if not visible_case(person, key).allows(person, Deed.SEE_INTERNAL):
        raise PermissionDenied("who works on a case is not shown to your role")
    return _people(request, key)


@router.post("/cases/{key}/people", response={201: PeopleOut}, summary="Put somebody on a case")
def join(request: HttpRequest, key: str, said: PartIn) -> Status[PeopleOut]:
    """Put somebody on the case; they see it from then on."""
    person = signed_in(request)
    case = visible_case(person, key)
    commands.require_right(case, person, Deed.ASSIGN)
    commands.join(case, helper(case, said.person), said.what, by=person)
    return Status(201, _people(request, key))


@router.post("/cases/{key}/people/leave", response=PeopleOut, summary="Take somebody off a case")
def leave(request: HttpRequest, key: str, said: PartIn) -> PeopleOut:
    """Take somebody off the case."""
    person = signed_in(request)
    case = visible_case(person, key)
    commands.require_right(case, person, Deed.ASSIGN)
    commands.leave(case, helper(case, said.person), by=person)
    return _people(request, key)


def _now(request: HttpRequest, key: str) -> CaseOut:
    person = signed_in(request)
    return CaseOut.of(visible_case(person, key), person)
