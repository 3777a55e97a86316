"""Tickets as the REST API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from holdfast.desk.engineering import queries
from holdfast.desk.engineering.alike import Alike, alike
from holdfast.desk.engineering.models import Exchange, Reproduction, Standing, Ticket
from holdfast.desk.engineering.quality import Row, Subject, look
from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Person

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
