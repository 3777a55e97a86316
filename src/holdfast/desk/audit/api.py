"""The ledger over REST."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router, Schema

from holdfast.desk.audit import printing, queries
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["ledger"])
BLOCK = 256 * 1024


class WitnessOut(Schema):
    """A witness and how far it follows."""

    address: str
    size: int
    failure: str


class LedgerOut(Schema):
    """The log as it stands."""

    size: int
    key: str
    """What others verify with; keep it outside."""
    checkpoint: str
    """The newest signed note; keep one outside and verify with `--held`."""
    witnesses: list[WitnessOut]


class HandOut(Schema):
    """Somebody had it in hand."""

    at: str
    who: str
    deed: str
    sha256: str
    ledger_entry: int | None
    """Its place in the ledger; none while it is not logged yet."""


class CustodyOut(Schema):
    """The custody of an artefact."""

    case: str
    artefact: str
    size: int
    sha256: str
    received_at: str
    hands: list[HandOut]


@router.get("/ledger", response=LedgerOut, summary="The state of the ledger")
def ledger(request: HttpRequest) -> dict[str, Any]:
    """Return size, key, newest checkpoint and witnesses."""
    found = queries.state(signed_in(request))
    return {
        "size": found.size,
        "key": found.key,
        "checkpoint": found.checkpoint.note if found.checkpoint else "",
        "witnesses": found.witnesses,
    }


@router.get("/ledger/export", summary="Export the ledger")
def export(
    request: HttpRequest, case: Annotated[Words, Query("", max_length=40, description="One case only.")]
) -> StreamingHttpResponse:
    """Return your organisation's part of the log as a zip, each entry with its proof."""
    person = signed_in(request)
    chosen = visible_case(person, case) if case else None
    queries.houses(person)
    handle, name = tempfile.mkstemp(prefix="holdfast-ledger-", suffix=".zip")
    os.close(handle)
    queries.export_for(person, Path(name), chosen)
    answer = StreamingHttpResponse(_handed_out(Path(name)), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="ledger-{chosen.key if chosen else "export"}.zip"'
    return answer


async def _handed_out(path: Path) -> AsyncIterator[bytes]:
    """Return a file in pieces; its name is gone once the first is asked for."""
    with path.open("rb") as file:
        path.unlink()
        while block := await asyncio.to_thread(file.read, BLOCK):
            yield block


@router.get("/cases/{key}/evidence/certificate", response=dict[str, Any], summary="Certificate of a deletion")
def deletion(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return the certificate that a case's evidence was deleted, and its entry in the ledger."""
    person = signed_in(request)
    case = visible_case(person, key)
    queries.require_custody(person, case)
    return queries.deletion(case)


@router.get(
    "/cases/{key}/evidence/{int:artefact}/custody", response=CustodyOut, summary="Custody of an artefact"
)
def custody(request: HttpRequest, key: str, artefact: int) -> dict[str, Any]:
    """Return who had the artefact in hand, when, and where that stands in the ledger."""
    return _custody(request, key, artefact)


@router.get("/cases/{key}/evidence/{int:artefact}/custody.pdf", summary="Custody of an artefact, as PDF")
def custody_pdf(request: HttpRequest, key: str, artefact: int) -> HttpResponse:
    """Return the custody report to print or hand on."""
    told = _custody(request, key, artefact)
    answer = HttpResponse(printing.pdf(told), content_type="application/pdf")
    name = f"custody-{told['case']}-{min(artefact, 2**62)}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _custody(request: HttpRequest, key: str, artefact: int) -> dict[str, Any]:
    person = signed_in(request)
    case = visible_case(person, key)
    queries.require_custody(person, case)
    return queries.custody(case.artefacts.select_related("case__organisation").get(id=min(artefact, 2**62)))
