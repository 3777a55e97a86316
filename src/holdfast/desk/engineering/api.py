"""Tickets of a case over REST: drafting, the gate, filing, answering."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.engineering import commands, outcomes, queries, reproducing
from holdfast.desk.engineering.alike import Alike, alike
from holdfast.desk.engineering.models import Exchange, Reproduction, Standing, Ticket
from holdfast.desk.engineering.printing import document, leaving, markdown
from holdfast.desk.engineering.quality import Row, Subject, look
from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in

router = Router(tags=["tickets"])
Text = Annotated[Words, Field(max_length=20_000)]
Said = Annotated[Words, Field(min_length=1, max_length=8000, pattern=r"\S")]


class BeginIn(Schema):
    """What a ticket is about."""

    component: Annotated[Words, Field(max_length=200)] = ""
    """The one the case is about when empty."""


class WriteIn(Schema):
    """What is written; what is left out stays."""

    summary: Annotated[Words, Field(min_length=1, max_length=200, pattern=r"\S")] | None = None
    component: Annotated[Words, Field(max_length=200)] | None = None
    owner: Annotated[Words, Field(max_length=12)] | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    parts: dict[Annotated[Words, Field(max_length=20)], Text] = Field(default_factory=dict)
    """Text by part: `expected`, `actual`, `impact`, `steps`, `environment`, `excluded`, `evidence`, `acceptance`,
    `suggestion`, `priority`, `risk`."""
    before: dict[Annotated[Words, Field(max_length=20)], Text] | None = None
    """The parts as you saw them; a part changed meanwhile by somebody else is refused."""
    patch: Annotated[Words, Field(max_length=100_000)] | None = None
    """A unified diff."""


class RefillIn(Schema):
    """Which part written by a person is to be taken from the case after all."""

    take: Annotated[Words, Field(max_length=20)] = ""


class RepairIn(Schema):
    """Which check's repair is to be done."""

    check: Annotated[Words, Field(max_length=40)]


class ReasonIn(Schema):
    """Why."""

    reason: Said


class FileIn(Schema):
    """Filing."""

    despite: bool = False
    """That open checks were seen, and it is filed despite them; that needs the decision `open-gate`."""


class NoteIn(Schema):
    """A ticket filed elsewhere."""

    reference: Annotated[Words, Field(min_length=1, max_length=200, pattern=r"\S")]
    url: Annotated[Words, Field(max_length=500)] = ""
    summary: Annotated[Words, Field(max_length=200)] = ""


class TextIn(Schema):
    """What is answered."""

    text: Said


class SameIn(Schema):
    """The ticket that is of the same defect."""

    case: Annotated[Words, Field(max_length=40)]
    number: Annotated[int, Field(ge=1, le=2**31 - 1)]


class CheckOut(Schema):
    """What a check of the gate says."""

    check: str
    title: str
    verdict: str
    says: str
    why: str
    gaps: list[str]
    repair: str

    @classmethod
    def of(cls, row: Row) -> CheckOut:
        """Return the public form."""
        check, looked = row.check, row.looked
        return cls(
            check=check.name,
            title=check.title,
            verdict=str(looked.verdict),
            says=looked.says,
            why=check.why,
            gaps=[f"{gap.part}: {gap.says}" for gap in looked.gaps],
            repair=looked.repair,
        )


class ExchangeOut(Schema):
    """One thing said about a ticket."""

    word: str
    lacks: str
    text: str
    author: str
    at: datetime

    @classmethod
    def of(cls, one: Exchange) -> ExchangeOut:
        """Return the public form."""
        return cls(word=one.word, lacks=one.lacks, text=one.text, author=one.author, at=one.at)


class AlikeOut(Schema):
    """A ticket that reads like another."""

    case: str
    number: int
    reference: str
    score: float
    shared: list[str]
    """The words both have, the rarest first."""

    @classmethod
    def of(cls, one: Alike) -> AlikeOut:
        """Return the public form."""
        there, shared = one.ticket, list(one.shared)
        return cls(
            case=there.case.key,
            number=there.number,
            reference=there.called,
            score=one.score,
            shared=shared,
        )


class ReproductionOut(Schema):
    """A command that was run to see the fault, and what came of it."""

    line: str
    shows: str
    outcome: str
    hits: int
    codes: list[int | None]
    """Exit codes, in order; null for a run that was killed when its time was over."""
    environment: str
    output: str
    ran_at: datetime | None

    @classmethod
    def of(cls, one: Reproduction) -> ReproductionOut:
        """Return the public form."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class ReproduceIn(Schema):
    """A program of the desk to be run; the fault is there when its output holds `shows`, or without one when it ends
    with anything but 0."""

    command: Annotated[Words, Field(min_length=1, max_length=81)]
    arguments: Annotated[
        list[Annotated[Words, Field(max_length=2000)]], Field(max_length=20, default_factory=list)
    ]
    shows: Annotated[Words, Field(max_length=400)] = ""
    times: Annotated[int, Field(ge=1, le=10)] = 3
    seconds: Annotated[int, Field(ge=1, le=60)] = 10


class TicketOut(Schema):
    """A ticket with what the gate says of it while it is written."""

    case: str
    number: int
    state: str
    owner: str
    component: str
    priority: int
    summary: str
    parts: dict[str, str]
    patch: str
    tracker: str
    reference: str
    url: str
    edits: int
    filed_at: datetime | None
    trouble: str
    open_checks: list[str]
    met: int | None = None
    """How many checks are met, while it is written."""
    checks: list[CheckOut] = Field(default_factory=list)
    exchanges: list[ExchangeOut] = Field(default_factory=list)
    reproductions: list[ReproductionOut] = Field(default_factory=list)
    """What the desk ran to see the fault, the newest first; while it is written."""
    alike: list[AlikeOut] = Field(default_factory=list)
    """Tickets of the owner that read like it, while it is written or waits."""

    @classmethod
    def of(cls, ticket: Ticket, by: Person, *, written: bool = True) -> TicketOut:
        """Return the public form: the draft to those who write it, else what left."""
        plain = {name: getattr(ticket, name) for name in _PLAIN}
        said = {name: getattr(ticket, name) for name in _WRITTEN} if written else ticket.document
        told = [ExchangeOut.of(one) for one in queries.exchanges(ticket)]
        out = cls(case=ticket.case.key, **plain, **said, exchanges=told)
        if written:
            out.reproductions = [ReproductionOut.of(one) for one in ticket.reproductions.all()[:10]]
        if written and ticket.state == Standing.QUEUED:
            out.alike = [AlikeOut.of(one) for one in alike(ticket, by)]
        if written and ticket.state == Standing.DRAFT:
            subject = Subject(ticket, by)
            quality = look(subject)
            out.alike = [AlikeOut.of(one) for one in subject.alike]
            out.met = quality.met
            out.checks = [CheckOut.of(row) for row in quality.rows]
        return out


_PLAIN = (
    *("number", "state", "owner", "component", "priority", "tracker", "reference", "url", "edits"),
    *("filed_at", "trouble", "open_checks"),
)
_WRITTEN = ("summary", "parts", "patch")


class BriefOut(Schema):
    """A ticket in a list."""

    case: str
    number: int
    state: str
    owner: str
    priority: int
    summary: str
    reference: str
    filed_at: datetime | None

    @classmethod
    def of(cls, one: Ticket) -> BriefOut:
        """Return the public form."""
        names = ("number", "state", "owner", "priority", "reference", "filed_at")
        summary = one.document["summary"]
        return cls(case=one.case.key, summary=summary, **{name: getattr(one, name) for name in names})


class AskedOut(Schema):
    """Decisions that were asked for."""

    asked: list[str]


class DocumentOut(Schema):
    """A ticket as it leaves, through the gate."""

    markdown: str
    document: dict[str, object]


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
