"""The brief over REST, as JSON and as Markdown."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from holdfast.desk.brief.sentences import markdown
from holdfast.desk.brief.writing import Brief, brief
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.queries import signed_in

router = Router(tags=["brief"])


class SentenceOut(Schema):
    """One fact and its place."""

    text: str
    label: str
    address: str
    """Path and query on the desk."""


class SectionOut(Schema):
    """Sentences that answer one question."""

    title: str
    sentences: list[SentenceOut]


class BriefOut(Schema):
    """A case in the sentences you may see."""

    key: str
    title: str
    entries: int
    head: str
    """Hash of the newest entry it was written from."""
    sections: list[SectionOut]


@router.get("/cases/{key}/brief", response=BriefOut, summary="Brief of a case")
def read(request: HttpRequest, key: str) -> Brief:
    """Return the facts of a case, each with its place; the same timeline gives the same brief."""
    person = signed_in(request)
    return brief(person, visible_case(person, key))


@router.get(
    "/cases/{key}/brief.md",
    summary="Brief of a case as Markdown",
    openapi_extra={
        "responses": {
            200: {"description": "OK", "content": {"text/markdown": {"schema": {"type": "string"}}}}
        }
    },
)
def as_markdown(request: HttpRequest, key: str) -> HttpResponse:
    """Return the same as Markdown, its links with the address of the desk."""
    person = signed_in(request)
    found = brief(person, visible_case(person, key))
    base = request.build_absolute_uri("/").rstrip("/")
    text = markdown(f"{found.key} {found.title}", found.foot, found.sections, base)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")
