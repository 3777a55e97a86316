"""Links and merges over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.links import commands, merging, queries
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

router = Router(tags=["links"])
Key = Annotated[Words, Field(min_length=3, max_length=20)]
Why = Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]
Number = Annotated[int, Field(ge=1, le=2**62)]


class LinkOut(Schema):
    """A link as the case asked for sees it."""

    id: int
    relation: str
    word: str
    """What the other side is to this case."""
    key: str | None
    title: str | None
    state: str | None
    reference: str
    url: str
    merges: bool
    """Whether one of the two is merged into the other by it."""
    made_at: datetime

    @classmethod
    def of(cls, shown: queries.Shown) -> LinkOut:
        """Return the public form."""
        made, other = shown.link, shown.other
        return cls(
            id=made.id,
            relation=made.relation,
            word=shown.word,
            key=other.key if other else None,
            title=other.title if other else None,
            state=other.state if other else None,
            reference=made.reference,
            url=made.url,
            merges=made.merges,
            made_at=made.made_at,
        )


class LinksOut(Schema):
    """The links of a case that the reader may see both ends of."""

    items: list[LinkOut]


class LinkIn(Schema):
    """What the other side is to this case: a case of the desk by its key, or a reference outside."""

    relation: Literal["parent", "duplicate_of", "caused_by", "incident", "problem", "change", "same_as"]
    to: Key | None = None
    reference: Annotated[Words, Field(max_length=120)] = ""
    url: Annotated[Words, Field(max_length=500)] = ""


class MergeIn(Schema):
    """The case that goes on, and why this one is the same."""

    into: Key
    reason: Why


class WhyIn(Schema):
    """The reason."""

    reason: Why


def _links(request: HttpRequest, key: str) -> LinksOut:
    person = signed_in(request)
    found = queries.links_of(person, internal_case(person, key))
    return LinksOut(items=[LinkOut.of(one) for one in found])


@router.get("/cases/{key}/links", response=LinksOut, summary="Links of a case")
def read(request: HttpRequest, key: str) -> LinksOut:
    """Return the links that hold, both directions."""
    return _links(request, key)


@router.post("/cases/{key}/links", response={201: LinksOut}, summary="Link a case")
def make(request: HttpRequest, key: str, said: LinkIn) -> Status[LinksOut]:
    """Link it to another case (`to`), or to an incident, a problem or a change outside (`reference`)."""
    person = signed_in(request)
    case = visible_case(person, key)
    if bool(said.to) == bool(said.reference.strip()):
        raise Conflict("give `to`, a case of this desk, or `reference`, something outside; one of the two")
    if said.to:
        commands.link(case, said.relation, queries.named(person, said.to, case, Deed.RECORD), by=person)
    else:
        commands.link_outside(case, said.relation, said.reference, by=person, url=said.url)
    return Status(201, _links(request, key))


@router.post("/cases/{key}/links/{link}/end", response=LinksOut, summary="End a link")
def end(request: HttpRequest, key: str, link: Number) -> LinksOut:
    """End a link from either side; it stays on both timelines."""
    person = signed_in(request)
    commands.end_link(visible_case(person, key), link, by=person)
    return _links(request, key)


@router.post("/cases/{key}/merge", response=LinksOut, summary="Merge a duplicate")
def merge(request: HttpRequest, key: str, said: MergeIn) -> LinksOut:
    """Merge this case into the one that goes on; its own clocks stop until that is taken back."""
    person = signed_in(request)
    case = visible_case(person, key)
    into = queries.named(person, said.into, case, Deed.CHANGE_STATE)
    merging.merge(case, into, by=person, reason=said.reason)
    return _links(request, key)


@router.post("/cases/{key}/unmerge", response=LinksOut, summary="Take a merge back")
def unmerge(request: HttpRequest, key: str, said: WhyIn) -> LinksOut:
    """Put the case back into the state it had; its clocks go on."""
    person = signed_in(request)
    merging.unmerge(visible_case(person, key), by=person, reason=said.reason)
    return _links(request, key)
