"""Tickets of a case over REST: drafting, the gate, filing, answering."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.engineering import commands, outcomes, queries, reproducing
from holdfast.desk.engineering.api_shapes import (
    AskedOut,
    BeginIn,
    BriefOut,
    DocumentOut,
    FileIn,
    NoteIn,
    ReasonIn,
    RefillIn,
    RepairIn,
    ReproduceIn,
    SameIn,
    TextIn,
    TicketOut,
    WriteIn,
)
from holdfast.desk.engineering.models import Ticket
from holdfast.desk.engineering.printing import document, leaving, markdown
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in

router = Router(tags=["tickets"])


@router.get("/cases/{key}/tickets", response=list[BriefOut], summary="List the tickets of a case")
def listed(request: HttpRequest, key: str) -> list[BriefOut]:
    """Return its own tickets, the newest first, and those it shares."""
    person = signed_in(request)
    case = internal_case(person, key)
    return [BriefOut.of(one) for one in [*queries.tickets_of(case), *queries.shared_by(person, case)]]


@router.post("/cases/{key}/tickets", response={201: TicketOut}, summary="Begin a ticket")
def begin(request: HttpRequest, key: str, said: BeginIn) -> Status[TicketOut]:
    """Return a draft filled from the case; an open draft for the component is gone on with."""
    person = signed_in(request)
    made = commands.draft(internal_case(person, key), by=person, component=said.component)
    return Status(201, TicketOut.of(made, person))


@router.post("/cases/{key}/tickets/note", response={201: TicketOut}, summary="Note a ticket filed elsewhere")
def note(request: HttpRequest, key: str, said: NoteIn) -> Status[TicketOut]:
    """Note which ticket was filed with engineering by hand; the clock of the ticket stops."""
    person = signed_in(request)
    case = internal_case(person, key)
    made = commands.note(case, said.reference, by=person, url=said.url, title=said.summary)
    return Status(201, TicketOut.of(made, person))


@router.get("/cases/{key}/tickets/{int:number}", response=TicketOut, summary="Read a ticket of a case")
def one(request: HttpRequest, key: str, number: int) -> TicketOut:
    """Return it; a draft with what the gate says."""
    person = signed_in(request)
    return TicketOut.of(commands.ticket_of(internal_case(person, key), number), person)


@router.put("/cases/{key}/tickets/{int:number}", response=TicketOut, summary="Write a ticket")
def write(request: HttpRequest, key: str, number: int, said: WriteIn) -> TicketOut:
    """Keep what is written, and return what the gate says."""
    person, ticket = _found(request, key, number)
    words = commands.Said(said.summary, said.component, said.owner, said.priority, said.parts, said.patch)
    return TicketOut.of(commands.write(ticket, words, by=person, before=said.before), person)


@router.post("/cases/{key}/tickets/{int:number}/refill", response=TicketOut, summary="Fill a ticket anew")
def refill(request: HttpRequest, key: str, number: int, said: RefillIn) -> TicketOut:
    """Take what the case says now; what people wrote stays, but for the part named."""
    person, ticket = _found(request, key, number)
    return TicketOut.of(commands.refill(ticket, by=person, take=said.take), person)


@router.post("/cases/{key}/tickets/{int:number}/repair", response=TicketOut, summary="Repair a ticket")
def repair(request: HttpRequest, key: str, number: int, said: RepairIn) -> TicketOut:
    """Do what a check offers as its repair."""
    person, ticket = _found(request, key, number)
    return TicketOut.of(commands.repair(ticket, said.check, by=person), person)


@router.post(
    "/cases/{key}/tickets/{int:number}/reproduce",
    response={202: TicketOut},
    summary="Have the command run that shows the fault",
)
def reproduce(request: HttpRequest, key: str, number: int, said: ReproduceIn) -> Status[TicketOut]:
    """Run it in the desk's sandbox by a job; what came of it is on the ticket and counts in its gate."""
    person, ticket = _found(request, key, number)
    steps = reproducing.Steps(said.command, said.arguments, said.shows, said.times, said.seconds)
    reproducing.reproduce(ticket, steps, by=person)
    return Status(202, TicketOut.of(ticket, person))


@router.post(
    "/cases/{key}/tickets/{int:number}/ask", response=AskedOut, summary="Ask to file with open checks"
)
def ask(request: HttpRequest, key: str, number: int, said: ReasonIn) -> dict[str, list[str]]:
    """Ask for the decision that filing takes; nothing is asked for when it is yours."""
    person, ticket = _found(request, key, number)
    return {"asked": commands.request(ticket, said.reason, by=person)}


@router.post("/cases/{key}/tickets/{int:number}/file", response=TicketOut, summary="File a ticket")
def file(request: HttpRequest, key: str, number: int, said: FileIn) -> TicketOut:
    """File it with its owner; refused while checks are open, unless that was decided and you say so."""
    person, ticket = _found(request, key, number)
    return TicketOut.of(commands.file(ticket, by=person, despite=said.despite), person)


@router.post("/cases/{key}/tickets/{int:number}/drop", response=BriefOut, summary="Give a draft up")
def drop(request: HttpRequest, key: str, number: int) -> BriefOut:
    """Its text stays."""
    person, ticket = _found(request, key, number)
    commands.drop(ticket, by=person)
    return BriefOut.of(commands.ticket_of(ticket.case, number))


@router.post(
    "/cases/{key}/tickets/{int:number}/same", response=BriefOut, summary="Link it to a ticket instead"
)
def same(request: HttpRequest, key: str, number: int, said: SameIn) -> BriefOut:
    """Put a draft aside because another ticket is of the same defect; the case shares that one."""
    person, ticket = _found(request, key, number)
    other = outcomes.seen_ticket(person, said.case, said.number)
    outcomes.same(ticket, other, by=person)
    return BriefOut.of(commands.ticket_of(ticket.case, number))


@router.post("/cases/{key}/tickets/{int:number}/answer", response=TicketOut, summary="Answer the owner")
def answer(request: HttpRequest, key: str, number: int, said: TextIn) -> TicketOut:
    """Answer what was asked or disputed; what was rewritten meanwhile goes along."""
    person, ticket = _found(request, key, number)
    return TicketOut.of(outcomes.answer(ticket, said.text, by=person), person)


@router.post("/cases/{key}/tickets/{int:number}/withdraw", response=TicketOut, summary="Withdraw a ticket")
def withdraw(request: HttpRequest, key: str, number: int, said: ReasonIn) -> TicketOut:
    """Take it back; the clock runs on."""
    person, ticket = _found(request, key, number)
    return TicketOut.of(outcomes.withdraw(ticket, said.reason, by=person), person)


@router.get("/cases/{key}/tickets/{int:number}/document", response=DocumentOut, summary="Export a ticket")
def exported(request: HttpRequest, key: str, number: int) -> DocumentOut:
    """Return it as Markdown and JSON, as it leaves: without secrets and personal data."""
    _, ticket = _found(request, key, number)
    said = ticket.sent or leaving(ticket)
    return DocumentOut(markdown=markdown(said), document=document(ticket, said))


def _found(request: HttpRequest, key: str, number: int) -> tuple[Person, Ticket]:
    person = signed_in(request)
    case = internal_case(person, key)
    ticket = commands.ticket_of(case, number)
    ticket.case = case
    return person, ticket
