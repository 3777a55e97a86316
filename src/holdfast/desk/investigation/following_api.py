"""A value followed through all evidence, over REST."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from holdfast.desk.investigation.api import Version, diagnosis_of
from holdfast.desk.investigation.following import SHORTEST, followed
from holdfast.desk.people.api import Words

router = Router(tags=["investigation"])
Value = Annotated[Words, Query(..., min_length=SHORTEST, max_length=400)]


class LineOut(Schema):
    """A line that carries the value."""

    artefact: str
    name: str
    line: int
    """From 1."""
    time: str
    """ISO 8601, UTC; of the line above where it has none, empty where that has none either."""
    since: float | None
    """Seconds since the first line that has a time."""
    level: str
    component: str
    text: str


class FollowedOut(Schema):
    """The lines of all artefacts that carry a value, in the order of time."""

    value: str
    lines: list[LineOut]
    looked_at: int
    """Artefacts that were looked at."""
    withheld: list[str]
    """Names of those that nobody sees without a grant."""
    unfinished: list[str]
    """Names of those with more lines than are shown, or not read to their end in the time a call may take."""


@router.get(
    "/cases/{key}/diagnosis/follow", response=FollowedOut, summary="Follow a value through all evidence"
)
def follow(request: HttpRequest, key: str, value: Value, version: Version) -> Any:
    """Return the lines that carry an id, an order, a session or any other value as a word of its own. 2 s at most."""
    return followed(diagnosis_of(request, key, version), value)
