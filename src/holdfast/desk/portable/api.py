"""Portable cases over REST: export, import, where a case came from.

POST /cases/ESC-142/export  {"form": "redacted"}       the archive, as it is written
POST /import?organisation=OPS                          the archive as the body; `Holdfast-Passphrase` where it is sealed
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import unquote

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.portable import exporting, importing, queries
from holdfast.desk.portable.models import Origin
from holdfast.desk.vault import storage
from holdfast.desk.vault.handing_out import streamed
from holdfast.portable import Passphrase, Recipient, recipient

router = Router(tags=["portable"])
_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


class SealIn(Schema):
    """For whom evidence is sealed: a desk by its key, or whoever knows the passphrase."""

    to: Annotated[Words, Field(max_length=200)] = ""
    passphrase: Annotated[Words, Field(max_length=1000)] = ""


class ExportIn(SealIn):
    """In which form a case leaves."""

    form: Annotated[str, Field(pattern="^(redacted|sealed)$")] = "redacted"


class AskIn(Schema):
    """What exporting evidence is needed for; without `to` it is sealed by a passphrase."""

    to: Annotated[Words, Field(max_length=200)] = ""
    why: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


class AskedOut(Schema):
    """What was asked for."""

    decision: int | None
    """Its number; none where it is yours to decide alone."""


class KeyOut(Schema):
    """This desk's key for archives."""

    key: str
    """Others seal cases for this desk to it."""


class OriginOut(Schema):
    """Where a case came from."""

    case: str
    desk: str
    reference: str
    key: str
    form: str
    archive: str
    checkpoint: str
    entries: int
    proven: int
    made_at: datetime
    at: datetime

    @staticmethod
    def resolve_case(one: Origin) -> str:
        """Return what it is called here."""
        return one.case.key


class ImportedOut(Schema):
    """A case taken in."""

    case: str
    created: bool
    """False where it was here already."""
    origin: OriginOut


@router.post("/cases/{key}/export", summary="Export a case as one archive")
def export(request: HttpRequest, key: str, said: ExportIn) -> StreamingHttpResponse:
    """Return the case as an archive that another desk imports: redacted, or sealed by grant and decision."""
    person = signed_in(request)
    case = visible_case(person, key)
    if said.form == "redacted":
        return streamed(*exporting.export_redacted(case, by=person))
    return streamed(*exporting.export_sealed(case, seal_for(said.to, said.passphrase), by=person))


@router.post("/cases/{key}/export/ask", response=AskedOut, summary="Ask to export a case with its evidence")
def ask(request: HttpRequest, key: str, said: AskIn) -> dict[str, Any]:
    """Ask for the decision it takes, for exactly the artefacts there are now and that desk."""
    person = signed_in(request)
    decision = exporting.request(visible_case(person, key), desk_of(said.to), said.why, by=person)
    return {"decision": decision.number if decision else None}


@router.post(
    "/import",
    response={200: ImportedOut, 201: ImportedOut},
    summary="Import a case",
    openapi_extra={"requestBody": _BODY},
)
def take_in(
    request: HttpRequest,
    organisation: Annotated[Words, Query(max_length=8, description="Whose case it becomes, by its prefix.")],
    key: Annotated[Words, Query("", max_length=400, description="The key it has to be signed by.")],
    customer: Annotated[Words, Query("", max_length=120, description="Whose case it is here.")],
) -> Status[dict[str, Any]]:
    """Take in a case from an archive, verified as a whole before anything is written; twice is once."""
    person = signed_in(request)
    house = queries.house(person, organisation)
    words = unquote(request.headers.get("Holdfast-Passphrase", ""))[:1000]
    asked = importing.Asked(words, key, customer)
    made = importing.import_case(house, _pieces(request), asked, by=person)
    told = {"case": made.case.key, "created": made.created, "origin": queries.origin(person, made.case.key)}
    return Status(201 if made.created else 200, told)


@router.get("/receiving-key", response=KeyOut, summary="This desk's key for sealed cases")
def receiving_key(request: HttpRequest) -> dict[str, Any]:
    """Return the public key that others seal cases for this desk to."""
    queries.houses(signed_in(request))
    return {"key": str(importing.receiver())}


@router.get("/cases/{key}/origin", response=OriginOut, summary="Where a case came from")
def origin(request: HttpRequest, key: str) -> Origin:
    """Return the desk a case was imported from, and what was proven of it; 404 for one that was declared here."""
    return queries.origin(signed_in(request), key)


@router.get("/cases/{key}/origin/ledger.zip", summary="What the other ledger proves of a case")
def origin_ledger(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """Return the export of the other desk's ledger as it came, for `holdfast ledger verify`."""
    found = queries.origin(signed_in(request), key)
    opened = storage.opened(found.ledger, storage.case_scope(found.case_id), storage.by_machine)
    return streamed(opened.blocks(), f"ledger-{found.case.key}-origin.zip")


def seal_for(to: str, passphrase: str) -> Recipient | Passphrase:
    """Return for whom an archive is sealed; Conflict says what is missing of it."""
    try:
        return desk_of(to) or Passphrase(passphrase)
    except ValueError as error:
        raise Conflict(str(error)) from error


def desk_of(to: str) -> Recipient | None:
    """Return a desk by its key, None where none is given."""
    try:
        return recipient(to) if to.strip() else None
    except ValueError as error:
        raise Conflict(str(error)) from error


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    while block := request.read(storage.BLOCK):
        yield block
