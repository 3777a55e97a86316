"""Investigations, diagnoses and the evidence they read, over REST."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.api import EntryOut
from holdfast.desk.cases.models import Entry
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.investigation import commands, queries
from holdfast.desk.investigation.citing import cite_fact
from holdfast.desk.investigation.derivatives import bundle
from holdfast.desk.investigation.kept import page_of, raw_page_of
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.investigation.unmasking import Behind, behind, granted_page_of
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.handing_out import streamed
from holdfast.diagnostics.viewing import Page, Row, Wanted, fragment_of, row_of

router = Router(tags=["investigation"])
Line = Annotated[int, Query(1, ge=1, le=2**40)]
Word = Annotated[Words, Query("", max_length=400)]
Version = Annotated[int | None, Query(None, ge=1, le=2**31 - 1)]


class InvestigateIn(Schema):
    """What is known beforehand."""

    at: Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d[T ][0-9:.]{5,15}(Z|[+-]\d\d:?\d\d)?)?$")] = ""
    """When it began, ISO 8601, if a person knows it."""


class JobOut(Schema):
    """A reading under way or ended."""

    id: int
    state: str
    percent: int
    progress: str
    attempts: int
    error: str
    created_at: datetime
    finished_at: datetime | None


class DiagnosisOut(Schema):
    """A version of the case's diagnosis."""

    version: int
    made_at: datetime
    report: dict[str, Any]
    """Schema 1 of the diagnosis, as `holdfast investigate --json` writes it."""


class CiteIn(Schema):
    """What a finding (`F-03`) or a place (`route.log:54`) shows."""

    text: Annotated[Words, Field(min_length=1, max_length=4000, pattern=r"\S")]
    proof: Annotated[Words, Field(min_length=1, max_length=400, pattern=r"\S")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The diagnosis it is of; the newest when left out."""


class RowsOut(Schema):
    """A window of an artefact's lines."""

    start: int
    """Place of the first row among those that pass, from 0."""
    total: int
    """Lines that pass."""
    cited: int | None
    """Place of the line asked for."""
    rows: list[dict[str, Any]]


class FragmentOut(Schema):
    """A piece of JSON, indented."""

    path: str
    text: str


class PlaceOut(RowsOut):
    """The lines around a locator; where the file is JSON, the piece it means."""

    fragment: FragmentOut | None


class HitsOut(Schema):
    """Lines that hold a text, and the byte to go on from."""

    lines: list[int]
    next: int | None


class WordsOut(Schema):
    """What an artefact can be filtered by."""

    templates: list[dict[str, Any]]
    components: list[str]
    zone: str


Raw = Annotated[bool, Query(False, description="As it came, by grant; the derivative otherwise.")]


class TextIn(Schema):
    """A text with pseudonyms in it."""

    text: Annotated[Words, Field(min_length=1, max_length=20_000)]


class BehindOut(Schema):
    """What a pseudonym stands for."""

    pseudonym: str
    kind: str
    value: str


@router.post("/cases/{key}/investigations", response={202: JobOut}, summary="Investigate a case")
def investigate(request: HttpRequest, key: str, said: InvestigateIn) -> Status[Job]:
    """Have the evidence read; while it is being read the same reading is returned."""
    person = signed_in(request)
    return Status(202, commands.investigate(visible_case(person, key), by=person, at=said.at))


@router.get("/cases/{key}/investigations/{int:job}", response=JobOut, summary="How far a reading is")
def reading(request: HttpRequest, key: str, job: int) -> Job:
    """Return the state of a reading."""
    case = visible_case(signed_in(request), key)
    return Job.objects.get(id=min(job, 2**62), case_id=case.id, kind=commands.JOB)


@router.post("/cases/{key}/investigations/{int:job}/cancel", response=JobOut, summary="Cancel a reading")
def cancel(request: HttpRequest, key: str, job: int) -> Job:
    """Stop a reading; the evidence and earlier diagnoses stay."""
    person = signed_in(request)
    return commands.stop(visible_case(person, key), min(job, 2**62), by=person)


@router.get("/cases/{key}/evidence/redacted.tar", summary="Download all redacted artefacts")
def redacted_bundle(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """Return the derivatives of the newest reading as one tar; `coverage.json` in it names what is withheld and why."""
    person = signed_in(request)
    return streamed(*bundle(visible_case(person, key), by=person))


@router.get("/cases/{key}/diagnosis", response=DiagnosisOut, summary="Read the diagnosis")
def diagnosis(request: HttpRequest, key: str, version: Version) -> Diagnosis:
    """Return the newest diagnosis, or the version asked for."""
    return diagnosis_of(request, key, version)


@router.post("/cases/{key}/diagnosis/cite", response={201: EntryOut}, summary="Cite the evidence")
def cite(request: HttpRequest, key: str, said: CiteIn) -> Status[Entry]:
    """Record a fact with the place that shows it."""
    person = signed_in(request)
    case = visible_case(person, key)
    return Status(201, cite_fact(case, said.text, said.proof, by=person, version=said.version))


@router.get(
    "/cases/{key}/diagnosis/artefacts/{artefact}/rows", response=RowsOut, summary="Read lines of an artefact"
)
def rows(
    request: HttpRequest,
    key: str,
    artefact: str,
    version: Version,
    line: Annotated[int | None, Query(None, ge=1, le=2**40)],
    start: Annotated[int | None, Query(None, ge=0, le=2**40)],
    number: Annotated[int, Query(60, ge=1, le=500)],
    level: Annotated[list[Words], Query([], max_length=8)],
    component: Word,
    template: Word,
    id: Word,  # noqa: A002
    raw: Raw,
) -> dict[str, Any]:
    """Return a window of lines: around `line` (from 1), or from the `start`-th that passes the filter."""
    page = _page(request, diagnosis_of(request, key, version), artefact, raw)
    wanted = Wanted(tuple(level), component, template, id)
    total = page.count(wanted)
    cited = page.place(line, wanted) if line is not None else None
    first = start if start is not None else max(0, (cited or 0) - number // 3)
    first = max(0, min(first, total - 1))
    found = [_public(row) for row in page.rows(first, number, wanted)]
    return {"start": first, "total": total, "cited": cited, "rows": found}


@router.get(
    "/cases/{key}/diagnosis/artefacts/{artefact}/search", response=HitsOut, summary="Search an artefact"
)
def search(
    request: HttpRequest,
    key: str,
    artefact: str,
    version: Version,
    text: Annotated[Words, Query(..., min_length=1, max_length=400)],
    start: Annotated[int, Query(0, ge=0, le=2**62)],
    raw: Raw,
) -> dict[str, Any]:
    """Return lines that hold a text, case ignored; `next` is where to go on. A call takes 0.2 s at most."""
    return asdict(_page(request, diagnosis_of(request, key, version), artefact, raw).find(text, start))


@router.get(
    "/cases/{key}/diagnosis/artefacts/{artefact}/words", response=WordsOut, summary="What to filter by"
)
def words(request: HttpRequest, key: str, artefact: str, version: Version, raw: Raw) -> dict[str, Any]:
    """Return the templates, most frequent first, and the components of an artefact."""
    columns = _page(request, diagnosis_of(request, key, version), artefact, raw).columns
    if columns is None:
        return {"templates": [], "components": [], "zone": ""}
    templates = sorted(columns.templates, key=lambda one: -int(one["count"]))[:1000]
    return {"templates": templates, "components": columns.components[:1000], "zone": columns.zone}


@router.post(
    "/cases/{key}/pseudonyms", response=list[BehindOut], summary="What pseudonyms stand for, by grant"
)
def pseudonyms(request: HttpRequest, key: str, said: TextIn) -> list[Behind]:
    """Return what the pseudonyms in a text stand for. It takes a grant of the map, and is noted."""
    person = signed_in(request)
    return behind(visible_case(person, key), said.text, by=person)


@router.get("/cases/{key}/diagnosis/artefacts/{artefact}/place", response=PlaceOut, summary="Open a locator")
def place(
    request: HttpRequest,
    key: str,
    artefact: str,
    version: Version,
    sort: Annotated[str, Query(..., pattern="^(line|byte|packet|entry|span|frame|sample)$")],
    at: Annotated[Words, Query(..., max_length=200)],
    number: Annotated[int, Query(60, ge=1, le=500)],
    raw: Raw,
) -> dict[str, Any]:
    """Return the lines around a locator of any sort."""
    kept = diagnosis_of(request, key, version)
    page = _page(request, kept, artefact, raw)
    # bytes are counted in what came; of that only the number of the line is told
    line = row_of(raw_page_of(kept, artefact) if sort == "byte" else page, sort, at)
    first = max(0, (line or 1) - 1 - number // 3)
    found = [_public(row) for row in page.rows(first, number)]
    cited = line - 1 if line is not None else None
    shown = {"start": first, "total": page.lines.count, "cited": cited, "rows": found}
    return shown | {"fragment": fragment_of(page, sort, at)}


def diagnosis_of(request: HttpRequest, key: str, version: int | None) -> Diagnosis:
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    kept = queries.newest(case, version)
    if kept is None:
        raise Diagnosis.DoesNotExist
    return kept


def _page(request: HttpRequest, diagnosis: Diagnosis, artefact: str, raw: bool) -> Page:
    try:
        if raw:
            return granted_page_of(diagnosis, artefact, by=signed_in(request))
        return page_of(diagnosis, artefact)
    except FileNotFoundError as error:
        raise Diagnosis.DoesNotExist from error


def _public(row: Row) -> dict[str, Any]:
    return asdict(row)
