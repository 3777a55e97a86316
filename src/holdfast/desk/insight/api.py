"""Figures over REST."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router, Schema

from holdfast.desk.insight.figure import Figure
from holdfast.desk.insight.figures import all_figures
from holdfast.desk.insight.queries import Counted, Line, behind, lines
from holdfast.desk.people.api import Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

router = Router(tags=["figures"])


class SummaryOut(Schema):
    """Values of one severity, in the figure's unit."""

    number: int
    running: int
    median: float | None
    p90: float | None
    at_least: float | None
    met: int
    judged: int


class LineOut(Schema):
    """A figure for one severity or source: a summary of durations, or a share."""

    group: str
    target: float | None
    number: int
    summary: SummaryOut | None
    part: float
    whole: float
    share: float | None
    """Percent, or the mean score."""
    met: bool | None


class FigureOut(Schema):
    """A figure with its definition."""

    id: str
    name: str
    title: str
    definition: str
    unit: str
    version: int
    lines: list[LineOut]


class BehindOut(Schema):
    """A case behind a figure."""

    key: str
    seconds: float | None
    running: bool
    part: float
    whole: float
    over: bool
    reported_at: datetime


def who_counts(request: HttpRequest) -> Person:
    """Return who is signed in, if they may see figures."""
    person = signed_in(request)
    if not person.may_anywhere(Deed.SEE_FIGURES):
        raise PermissionDenied("your role does not see figures")
    return person


def known(name: str) -> Figure:
    """Return a figure by its name."""
    figure = all_figures().get(name)
    if figure is None:
        raise ObjectDoesNotExist
    return figure


@router.get("/figures", response=list[FigureOut], summary="List the figures")
def list_figures(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every figure over the last 90 days."""
    person = who_counts(request)
    return [_public(figure, person) for figure in all_figures().values()]


@router.get("/figures/{name}/cases", response=list[BehindOut], summary="The cases behind a figure")
def cases(
    request: HttpRequest, name: str, group: Annotated[Words, Query("1", max_length=20)]
) -> list[dict[str, Any]]:
    """Return the cases behind a figure for one severity or source, newest first."""
    return [_behind(one) for one in behind(known(name), who_counts(request), group)]


def _behind(one: Counted) -> dict[str, Any]:
    return {
        "key": one.case.key,
        "seconds": one.value.seconds if one.value else None,
        "running": bool(one.value and one.value.running),
        "part": one.part,
        "whole": one.whole,
        "over": one.over,
        "reported_at": one.case.reported_at,
    }


def _public(figure: Figure, person: Person) -> dict[str, Any]:
    told = {name: getattr(figure, name) for name in ("id", "name", "title", "definition", "unit", "version")}
    return told | {"lines": [_line(line) for line in lines(figure, person)]}


def _line(line: Line) -> dict[str, Any]:
    names = ("group", "target", "number", "part", "whole", "share", "met")
    summary = asdict(line.summary) if line.summary else None
    return {"summary": summary} | {name: getattr(line, name) for name in names}
