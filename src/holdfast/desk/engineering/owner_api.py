"""Tickets over REST for whoever answers for a component, fixes, and the matrix of defects and customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.engineering import fixes, outcomes, queries
from holdfast.desk.engineering.api_shapes import BriefOut, TicketOut
from holdfast.desk.engineering.models import Fix, Standing, Ticket
from holdfast.desk.engineering.queries import Row
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["tickets"])


class OutcomeIn(Schema):
    """What the owner says."""

    word: Annotated[Words, Field(max_length=20)]
    """`accepted`, `sent_back`, `disputed` or `fixed`."""
    text: Annotated[Words, Field(max_length=8000)] = ""
    lacks: Annotated[Words, Field(max_length=20)] = ""
    """For what it is sent back: a part of the ticket, or `other`."""


class FixIn(Schema):
    """A version that has the fix."""

    version: Annotated[Words, Field(min_length=1, max_length=60, pattern=r"\S")]
    line: Annotated[Words, Field(max_length=60)] = ""
    """The line a hot fix is for, such as `1.0`; every later version has it when empty."""
    build: Annotated[Words, Field(max_length=120)] = ""
    released_at: Moment | None = None
    """When it could be installed."""


class FixOut(Schema):
    """A version that has the fix."""

    version: str
    line: str
    build: str
    released_at: datetime | None

    @classmethod
    def of(cls, one: Fix) -> FixOut:
        """Return the public form."""
        return cls(version=one.version, line=one.line, build=one.build, released_at=one.released_at)


class CustomerIn(Schema):
    """A customer who may have the defect, by a case of the ticket."""

    name: Annotated[Words, Field(min_length=1, max_length=120, pattern=r"\S")]
    case: Annotated[Words, Field(max_length=40)] = ""


class WhereIn(Schema):
    """Where a customer stands; what is left out stays."""

    affected: Annotated[Words, Field(max_length=8)] | None = None
    """`yes`, `no` or `unknown`."""
    version: Annotated[Words, Field(max_length=120)] | None = None
    workaround: Annotated[Words, Field(max_length=400)] | None = None
    told: Annotated[Words, Field(max_length=200)] | None = None
    """How they were told of the fix, such as `U-3`."""
    verified: Annotated[Words, Field(max_length=400)] | None = None
    """How it is known that it is fixed there."""


class ShareIn(Schema):
    """Another case with the same defect."""

    case: Annotated[Words, Field(max_length=40)]


class RowOut(Schema):
    """A customer and a defect."""

    id: int
    case: str
    ticket_case: str
    ticket: int
    reference: str
    summary: str
    customer: str
    affected: str
    version: str
    stands: str
    install: str
    workaround: str
    told_at: datetime | None
    told_by: str
    verified_at: datetime | None
    verified_by: str

    @classmethod
    def of(cls, one: Row) -> RowOut:
        """Return the public form."""
        row, ticket = one.row, one.ticket
        names = ("id", "affected", "version", "told_at", "told_by", "verified_at", "verified_by")
        return cls(
            case=row.case.key,
            ticket_case=ticket.case.key,
            ticket=ticket.number,
            reference=ticket.called,
            summary=ticket.document["summary"],
            customer=row.name,
            stands=one.stands,
            install=one.install,
            workaround=one.workaround,
            **{name: getattr(row, name) for name in names},
        )


@router.get("/tickets", response=list[BriefOut], summary="List filed tickets by owner")
def listed(
    request: HttpRequest,
    owner: Annotated[Words, Query("", max_length=12, description="One owner only.")],
    all: Annotated[bool, Query(False, description="Also those that are done.")],  # noqa: A002
) -> list[BriefOut]:
    """Return those you may see, the open ones or all; those you answer for first."""
    found = queries.by_owner(signed_in(request), everything=all, owner=owner)
    return [BriefOut.of(one) for group in found for one in group.tickets]


@router.get("/tickets/matrix", response=list[RowOut], summary="Read the matrix of defects and customers")
def matrix(
    request: HttpRequest,
    customer: Annotated[Words, Query("", max_length=120, description="Part of a name.")],
    all: Annotated[bool, Query(False, description="Also verified and unaffected ones.")],  # noqa: A002
) -> list[RowOut]:
    """Return who stands where with which defect, by the cases you may see."""
    return [RowOut.of(one) for one in queries.defects(signed_in(request), customer=customer, everything=all)]


@router.get("/tickets/{key}/{int:number}", response=TicketOut, summary="Read a filed ticket")
def one(request: HttpRequest, key: str, number: int) -> TicketOut:
    """Return it as it was filed, with what was said about it."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    return TicketOut.of(found, person, written=found.state == Standing.DRAFT)


@router.post(
    "/tickets/{key}/{int:number}/outcome", response=TicketOut, summary="Say what becomes of a ticket"
)
def outcome(request: HttpRequest, key: str, number: int, said: OutcomeIn) -> TicketOut:
    """Accept it, send it back with a question, dispute it, or say that it is fixed."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    done = outcomes.answer_for_owner(found, said.word, said.text, by=person, lacks=said.lacks)
    return TicketOut.of(done, person, written=False)


@router.get("/tickets/{key}/{int:number}/fixes", response=list[FixOut], summary="List the fixes of a ticket")
def fixed(request: HttpRequest, key: str, number: int) -> list[FixOut]:
    """Return the versions that have the fix."""
    return [FixOut.of(one) for one in outcomes.seen_ticket(signed_in(request), key, number).fixes.all()]


@router.post(
    "/tickets/{key}/{int:number}/fixes", response={201: FixOut}, summary="Name a version that has the fix"
)
def fix(request: HttpRequest, key: str, number: int, said: FixIn) -> Status[FixOut]:
    """Name it, or say more about one: its build, when it is out."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    built = fixes.Built(said.version, said.line, said.build, said.released_at)
    return Status(201, FixOut.of(fixes.fix(found, built, by=person)))


@router.get("/tickets/{key}/{int:number}/customers", response=list[RowOut], summary="Read who has a defect")
def customers(request: HttpRequest, key: str, number: int) -> list[RowOut]:
    """Return the matrix of one ticket."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    return [RowOut.of(row) for row in queries.matrix(person, [found])]


@router.post(
    "/tickets/{key}/{int:number}/customers",
    response={201: list[RowOut]},
    summary="Add a customer to a ticket",
)
def add(request: HttpRequest, key: str, number: int, said: CustomerIn) -> Status[list[RowOut]]:
    """Put a customer in whom nobody knows to be affected yet."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    fixes.add_customer(found, _case(request, said.case, found), said.name, by=person)
    return Status(201, customers(request, key, number))


def _case(request: HttpRequest, key: str, ticket: Ticket) -> Case:
    return internal_case(signed_in(request), key) if key else ticket.case


@router.put(
    "/tickets/{key}/{int:number}/customers/{int:row}", response=list[RowOut], summary="Place a customer"
)
def place(request: HttpRequest, key: str, number: int, row: int, said: WhereIn) -> list[RowOut]:
    """Say whether they are affected, what they run, what helps, that they were told, where it was verified."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    there = fixes.customer_of(person, row)
    if there.ticket_id != found.id:
        raise Ticket.DoesNotExist
    fixes.place(there, fixes.Where(said.affected, said.version, said.workaround), by=person)
    if said.told is not None:
        fixes.tell(there, said.told, by=person)
    if said.verified is not None:
        fixes.verify(there, said.verified, by=person)
    return customers(request, key, number)


@router.post(
    "/tickets/{key}/{int:number}/share", response={201: TicketOut}, summary="Share a ticket with a case"
)
def share(request: HttpRequest, key: str, number: int, said: ShareIn) -> Status[TicketOut]:
    """Say that another case has the same defect; its clock stops, its customers join the matrix."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    outcomes.share(found, internal_case(person, said.case), by=person)
    return Status(201, TicketOut.of(found, person, written=False))
