"""Arrivals and intake over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Header, Query, Router, Schema, Status
from ninja.errors import ValidationError as Refused
from pydantic import Field, ValidationError

from holdfast.desk.arrival import arriving, asking, commands, hooks, queries, taking
from holdfast.desk.arrival.completeness import completeness, rounds_of
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.api import CaseOut, EntryOut
from holdfast.desk.cases.api import router as cases_router
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.cases.queries import declaring, visible_case
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

router = Router(tags=["arrivals"])


class DeclareIn(Schema):
    """An escalation as it arrives."""

    title: Annotated[Words, Field(min_length=1, max_length=200, pattern=r"\S")]
    severity: Annotated[int, Field(ge=1, le=4)]
    impact: Annotated[Words, Field(max_length=20_000)] = ""
    area: Annotated[Words, Field(max_length=80)] = ""
    customer: Annotated[Words, Field(max_length=120)] = ""
    reported_at: Moment | None = None
    """When it was reported, if that was earlier; with its zone."""
    organisation: Annotated[Words, Field(max_length=8)] = ""
    """Prefix of the organisation; may be left out by who belongs to one only."""
    source: Literal["api", "cli"] = "api"


class ArrivalOut(Schema):
    """Something that arrived, and what became of it."""

    id: int
    organisation: str
    source: str
    key: str
    sha256: str
    size: int
    sender: str
    subject: str
    state: Literal["new", "waiting", "taken", "refused", "aside"]
    reason: str
    fields: dict[str, Any]
    case: str | None
    received_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, arrival: Arrival) -> ArrivalOut:
        """Return the public form."""
        plain = {
            name: getattr(arrival, name) for name in cls.model_fields if name not in ("organisation", "case")
        }
        case = arrival.case.key if arrival.case else None
        return cls(**plain, organisation=arrival.organisation.prefix, case=case)


class ArrivalsOut(Schema):
    """A page of arrivals, newest first."""

    items: list[ArrivalOut]
    before: int | None


class RawOut(Schema):
    """The beginning of an arrival as it came."""

    text: str
    size: int


class CorrectIn(Schema):
    """What is corrected; the rest is as it was understood."""

    title: Annotated[Words, Field(max_length=200)] | None = None
    severity: Annotated[int, Field(ge=1, le=4)] | None = None
    impact: Annotated[Words, Field(max_length=20_000)] | None = None
    area: Annotated[Words, Field(max_length=80)] | None = None
    customer: Annotated[Words, Field(max_length=120)] | None = None
    reported_at: Moment | None = None


class PutOnIn(Schema):
    """Which case it belongs to, and in which words."""

    case: Annotated[Words, Field(max_length=20)]
    text: Annotated[Words, Field(max_length=20_000)] = ""
    shared: bool = False
    """Whether the customer, who wrote it, sees it; only as it arrived."""


class AsideIn(Schema):
    """Why it is set aside."""

    reason: Annotated[Words, Field(min_length=1, max_length=500, pattern=r"\S")]


class ItemOut(Schema):
    """One thing the template asks for."""

    id: str
    asks: str
    why: str
    collect: str
    state: Literal["given", "not_needed", "missing"]
    proof: str


class IntakeOut(Schema):
    """A case by its intake template."""

    template: str
    version: int
    behind: bool
    """Whether the template was changed, or another fits by now."""
    given: int
    of: int
    items: list[ItemOut]
    request: str
    """The one request for everything that is missing, as the customer reads it; empty when nothing is."""
    score: int | None
    """Points of 100 for what was there at acknowledgement."""
    rounds: int
    """How often it went to and fro."""


class MarkIn(Schema):
    """What is said of an item."""

    item: Annotated[Words, Field(max_length=40)]
    state: Literal["given", "not_needed", "missing"]
    why: Annotated[Words, Field(max_length=400)] = ""


class AskIn(Schema):
    """The request as it goes out."""

    text: Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]
    to: Annotated[Words, Field(max_length=254)] = ""
    """An address of the customer's; empty when it was sent by hand."""
    wait: bool = False
    """Whether the case waits on the customer from now on."""


# One path, one router: the operation stands beside the list of cases.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": DeclareIn.model_json_schema()}},
    }
}


@cases_router.post(
    "/cases",
    response={200: CaseOut, 201: CaseOut},
    summary="Declare a case",
    openapi_extra=_BODY,
)
def declare(
    request: HttpRequest, idempotency_key: Annotated[Words, Header("", max_length=200)]
) -> Status[CaseOut]:
    """Take an escalation in. With `Idempotency-Key`, sending it again returns the same case (200).

    What cannot be read is answered with 422 and kept all the same: it waits in the tray with the reason.
    """
    person, raw = signed_in(request), request.body
    try:
        said = DeclareIn.model_validate_json(raw)
    except ValidationError as wrong:
        raise _kept(person, idempotency_key, raw, wrong) from wrong
    wanted = _place(person, said.organisation)
    fields = said.model_dump(exclude={"organisation", "source"}, mode="json")
    taken = arriving.arrive(wanted, said.source, idempotency_key, raw, fields, by=person)
    case = visible_case(person, taken.case.key)
    return Status(201 if taken.created else 200, CaseOut.of(case, person))


def _place(person: Person, prefix: str) -> Organisation:
    wanted = declaring(person)
    if prefix:
        wanted = wanted.filter(prefix=prefix)
    if len(wanted) != 1:
        which = ", ".join(one.prefix for one in wanted) or "none that you may declare in"
        raise Conflict(f"name one organisation by its prefix; there is {which}")
    return wanted[0]


def _kept(person: Person, key: str, raw: bytes, wrong: ValidationError) -> Refused:
    faults = [{"loc": ("body", *one["loc"]), "msg": one["msg"]} for one in wrong.errors()]
    place = declaring(person).first()
    if place is not None and 0 < len(raw) <= arriving.LARGEST:
        reason = "; ".join(f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in faults)
        arriving.waits(place, Arrival.Source.API, key, raw, reason, by=person)
    return Refused(faults)


@router.get("/arrivals", response=ArrivalsOut, summary="List arrivals")
def list_arrivals(
    request: HttpRequest,
    limit: Annotated[int, Query(50, ge=1, le=200)],
    before: Annotated[int | None, Query(None, ge=1, le=2**62)],
    state: Annotated[Literal["new", "waiting", "taken", "refused", "aside"] | None, Query(None)],
) -> dict[str, Any]:
    """Return the arrivals whose tray you sort, newest first."""
    found = queries.arrivals(signed_in(request))
    if state is not None:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found[: limit + 1])
    return {
        "items": [ArrivalOut.of(row) for row in rows[:limit]],
        "before": rows[limit - 1].id if len(rows) > limit else None,
    }


@router.get("/arrivals/{int:arrival}", response=ArrivalOut, summary="Read an arrival")
def read(request: HttpRequest, arrival: int) -> ArrivalOut:
    """Return what arrived and what became of it."""
    return ArrivalOut.of(queries.arrival_of(signed_in(request), arrival))


@router.get("/arrivals/{int:arrival}/raw", response=RawOut, summary="Read an arrival as it came")
def raw(request: HttpRequest, arrival: int) -> dict[str, Any]:
    """Return the first 64 KiB as text; the whole is on disk under its SHA-256."""
    found = queries.arrival_of(signed_in(request), arrival)
    return {"text": queries.shown(found), "size": found.size}


@router.post("/arrivals/{int:arrival}/take", response=CaseOut, summary="Take an arrival as a case")
def take(request: HttpRequest, arrival: int, said: CorrectIn) -> CaseOut:
    """Make a case of it, with corrected fields; taken before, it returns that case."""
    person = signed_in(request)
    found = queries.arrival_of(person, arrival)
    fields = said.model_dump(exclude_none=True, mode="json")
    try:
        taken = commands.correct_and_take(found, fields, by=person)
    except commands.Unreadable as wrong:
        raise Conflict(str(wrong)) from wrong
    if taken.created:
        taking.attach_from(found, taken.case, person)
    return CaseOut.of(visible_case(person, taken.case.key), person)


@router.post("/arrivals/{int:arrival}/put-on", response=CaseOut, summary="Put an arrival on a case")
def put_on(request: HttpRequest, arrival: int, said: PutOnIn) -> CaseOut:
    """Put it on a case as a comment, with its attachments."""
    person = signed_in(request)
    found, case = queries.arrival_of(person, arrival), visible_case(person, said.case)
    if said.shared and said.text:
        raise Conflict(
            "the customer reads what arrived and not other words; leave the text out, or do not share"
        )
    taken = commands.put_on(found, case, said.text or taking.words_of(found), by=person, theirs=said.shared)
    if taken.created:
        taking.attach_from(found, case, person)
    return CaseOut.of(visible_case(person, taken.case.key), person)


@router.post("/arrivals/{int:arrival}/aside", response=ArrivalOut, summary="Set an arrival aside")
def aside(request: HttpRequest, arrival: int, said: AsideIn) -> ArrivalOut:
    """Set it aside with the reason; it can still be taken later."""
    person = signed_in(request)
    commands.set_aside(queries.arrival_of(person, arrival), said.reason, by=person)
    return ArrivalOut.of(queries.arrival_of(person, arrival))


@router.post(
    "/hooks/{name}",
    response={200: ArrivalOut, 202: ArrivalOut},
    auth=None,
    summary="Send a signed webhook",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
)
def hook(
    request: HttpRequest,
    name: str,
    webhook_id: Annotated[Words, Header("", max_length=200)],
    webhook_timestamp: Annotated[Words, Header("", max_length=20)],
    webhook_signature: Annotated[Words, Header("", max_length=1000)],
) -> Status[ArrivalOut]:
    """Take a payload signed as the Standard Webhooks specification says; 202 when it is new, 200 when known."""
    delivery = hooks.Delivery(name, webhook_id, webhook_timestamp, webhook_signature, request.body)
    arrival, created = hooks.deliver(delivery)
    return Status(202 if created else 200, ArrivalOut.of(arrival))


@router.get("/cases/{key}/intake", response=IntakeOut, summary="What intake still lacks")
def intake(request: HttpRequest, key: str) -> IntakeOut:
    """Return the template's items, what the case has of them, and the request for the rest."""
    return _intake(_internal(request, key))


@router.post("/cases/{key}/intake/marks", response=IntakeOut, summary="Mark an item of intake")
def mark(request: HttpRequest, key: str, said: MarkIn) -> IntakeOut:
    """Say that an item is given, not needed, or missing after all."""
    case = _internal(request, key)
    asking.mark(case, said.item, said.state, by=signed_in(request), why=said.why)
    return _intake(case)


@router.post("/cases/{key}/intake/template", response=IntakeOut, summary="Apply the newest template")
def apply(request: HttpRequest, key: str) -> IntakeOut:
    """Ask the case by the template that fits it now, in its newest version."""
    case = _internal(request, key)
    asking.apply_template(case, by=signed_in(request))
    return _intake(case)


@router.post("/cases/{key}/intake/request", response={201: EntryOut}, summary="Ask for what is missing")
def ask(request: HttpRequest, key: str, said: AskIn) -> Status[Entry]:
    """Send the request by mail to an address of the customer's, or record that it was sent by hand."""
    case = _internal(request, key)
    return Status(201, asking.ask(case, said.text, by=signed_in(request), to=said.to, wait=said.wait))


def _internal(request: HttpRequest, key: str) -> Case:
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.SEE_INTERNAL):
        raise Case.DoesNotExist
    return case


def _intake(case: Case) -> IntakeOut:
    found = completeness(case)
    kept = getattr(Case.objects.select_related("intake").get(id=case.id), "intake", None)
    items = [
        ItemOut(
            id=one.item.id,
            asks=one.item.asks,
            why=one.item.why,
            collect=one.item.collect,
            state=one.state,  # type: ignore[arg-type]
            proof=one.proof,
        )
        for one in found.asked
    ]
    return IntakeOut(
        template=found.template.name,
        version=found.template.version,
        behind=found.behind,
        given=found.given,
        of=len(found.asked),
        items=items,
        request=asking.request_text(case, found) if found.missing else "",
        score=kept.score if kept else None,
        rounds=rounds_of(case),
    )
