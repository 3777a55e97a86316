"""Evidence over REST: announce, send in pieces from any offset, complete.

POST   /cases/ESC-142/uploads          {"name": "bundle.tar.gz", "size": 5368709120}
PATCH  /uploads/<id>   Upload-Offset: 0         first piece, at most 64 MiB
GET    /uploads/<id>                            how much arrived, after anything went wrong
POST   /uploads/<id>/complete                   sealed under its SHA-256
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Customer
from holdfast.desk.people.queries import managed, signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import commands, letting_go, storage
from holdfast.desk.vault import regions as residency
from holdfast.desk.vault.gate import named
from holdfast.desk.vault.handing_out import download, streamed
from holdfast.desk.vault.models import Artefact, Hold, Upload

router = Router(tags=["evidence"])


class UploadIn(Schema):
    """An artefact to come."""

    name: Annotated[Words, Field(min_length=1, max_length=400)]
    size: Annotated[int, Field(ge=1, le=2**62)]
    sha256: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""
    """When given, anything else that arrives is refused."""
    baseline: bool = False
    """Whether it shows the system when it was well."""


class UploadOut(Schema):
    """An upload under way."""

    id: str
    name: str
    size: int
    offset: int
    """Bytes that arrived: where to go on."""
    piece: int = commands.CHUNK_LIMIT
    """Most bytes one PATCH may carry."""

    @classmethod
    def of(cls, upload: Upload) -> UploadOut:
        """Return the public form."""
        return cls(id=str(upload.id), name=upload.name, size=upload.size, offset=commands.arrived(upload))


class ArtefactOut(Schema):
    """One thing received."""

    id: int
    name: str
    size: int
    sha256: str
    baseline: bool
    received_at: datetime


class WhyIn(Schema):
    """Why."""

    why: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


class AskedOut(Schema):
    """What was asked for."""

    decision: int | None
    """Its number; none where it is yours to decide alone."""


class HoldOut(Schema):
    """A legal hold."""

    why: str
    placed_at: datetime
    lifted_at: datetime | None


class RegionIn(Schema):
    """Where evidence is to lie."""

    region: Annotated[Words, Field(max_length=20)]
    """Empty for the desk's own store, or of a customer, for where its organisation's lies."""
    customer: Annotated[Words, Field(max_length=120)] = ""
    """Whose; the organisation's when left out."""


class RegionsOut(Schema):
    """Where evidence lies."""

    regions: list[str]
    organisation: str
    customers: dict[str, str]


@router.get("/cases/{key}/evidence", response=list[ArtefactOut], summary="List the evidence of a case")
def evidence(request: HttpRequest, key: str) -> list[Artefact]:
    """Return the artefacts of a case in the order of arrival."""
    case = visible_case(signed_in(request), key)
    return named(case, list(case.artefacts.all()[:1000]))


@router.get("/cases/{key}/evidence/{int:artefact}/content", summary="Download an artefact by grant")
def content(request: HttpRequest, key: str, artefact: int) -> StreamingHttpResponse:
    """Return the evidence as it came, marked for whoever holds the grant; the download is noted before it begins.

    A text ends with a line that names the download; anything else comes in a zip beside the mark, untouched.
    """
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    made = download(case, case.artefacts.get(id=min(artefact, 2**62)), by=person)
    response = streamed(made.blocks, made.name)
    response["X-Holdfast-Download"] = made.mark
    return response


@router.get("/organisations/{prefix}/regions", response=RegionsOut, summary="Where evidence lies")
def regions(request: HttpRequest, prefix: str) -> dict[str, Any]:
    """Return the desk's regions, where an organisation's evidence lies, and of which customers elsewhere."""
    organisation = managed(signed_in(request), prefix)
    elsewhere = Customer.objects.filter(organisation=organisation).exclude(region="")
    return {
        "regions": sorted(settings.REGIONS),
        "organisation": organisation.region,
        "customers": dict(elsewhere.values_list("name", "region")),
    }


@router.put("/organisations/{prefix}/regions", response=RegionsOut, summary="Say where evidence lies")
def place(request: HttpRequest, prefix: str, said: RegionIn) -> dict[str, Any]:
    """Say it of an organisation or of one customer; refused while there is evidence elsewhere."""
    person = signed_in(request)
    residency.place(managed(person, prefix), said.region, by=person, customer=said.customer)
    return regions(request, prefix)


@router.post("/cases/{key}/evidence/hold", response=HoldOut, summary="Place a legal hold")
def hold(request: HttpRequest, key: str, said: WhyIn) -> Hold:
    """Keep the evidence from being deleted, by anybody and any policy."""
    person = signed_in(request)
    return letting_go.hold(visible_case(person, key), said.why, by=person)


@router.post("/cases/{key}/evidence/hold/lift", response=HoldOut, summary="Lift a legal hold")
def lift(request: HttpRequest, key: str, said: WhyIn) -> Hold:
    """Let the evidence be deleted again."""
    person = signed_in(request)
    return letting_go.lift(visible_case(person, key), said.why, by=person)


@router.post("/cases/{key}/evidence/deletion/ask", response=AskedOut, summary="Ask to delete the evidence")
def ask_deletion(request: HttpRequest, key: str, said: WhyIn) -> dict[str, Any]:
    """Ask for the decision it takes, for exactly the artefacts there are now."""
    person = signed_in(request)
    decision = letting_go.request(visible_case(person, key), said.why, by=person)
    return {"decision": decision.number if decision else None}


@router.post(
    "/cases/{key}/evidence/deletion", response=dict[str, Any], summary="Delete the evidence for good"
)
def delete(request: HttpRequest, key: str, said: WhyIn) -> dict[str, Any]:
    """Destroy the key of a case's evidence by its decision, and return the certificate."""
    person = signed_in(request)
    return dict(letting_go.delete(visible_case(person, key), said.why, by=person).certificate)


@router.post("/cases/{key}/uploads", response={201: UploadOut}, summary="Announce an artefact")
def begin(request: HttpRequest, key: str, said: UploadIn) -> Status[UploadOut]:
    """Announce an artefact; nothing of it counts until it is complete."""
    person = signed_in(request)
    case = visible_case(person, key)
    upload = commands.begin(case, said.name, said.size, by=person, sha256=said.sha256, baseline=said.baseline)
    return Status(201, UploadOut.of(upload))


@router.get("/uploads/{upload}", response=UploadOut, summary="How much of an upload arrived")
def progress(request: HttpRequest, upload: str) -> UploadOut:
    """Return where to go on."""
    return UploadOut.of(commands.upload_of(signed_in(request), upload))


@router.patch(
    "/uploads/{upload}",
    response=UploadOut,
    summary="Send a piece",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def piece(
    request: HttpRequest, upload: str, upload_offset: Annotated[int, Header(..., ge=0, le=2**62)]
) -> UploadOut:
    """Append a piece at `Upload-Offset`; 409 tells where to go on when that is not the end."""
    known = commands.upload_of(signed_in(request), upload)
    if int(request.headers.get("Content-Length") or 0) > commands.CHUNK_LIMIT:
        raise commands.TooLarge(f"one piece may carry {commands.CHUNK_LIMIT} bytes; send several")
    try:
        commands.take(known, upload_offset, _pieces(request))
    except ValueError as error:
        raise Conflict(str(error)) from error
    return UploadOut.of(known)


@router.post("/uploads/{upload}/complete", response=ArtefactOut, summary="Complete an upload")
def complete(request: HttpRequest, upload: str) -> Artefact:
    """Seal what arrived under its SHA-256 and enter it on the timeline."""
    return commands.complete(commands.upload_of(signed_in(request), upload))


@router.delete("/uploads/{upload}", response={204: None}, summary="Give an upload up")
def abandon(request: HttpRequest, upload: str) -> Status[Any]:
    """Drop what arrived."""
    commands.abandon(commands.upload_of(signed_in(request), upload))
    return Status(204, None)


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    while block := request.read(storage.BLOCK):
        yield block
