"""Environments over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.environments import commands, queries
from holdfast.desk.environments.comparing import compare
from holdfast.desk.environments.formats import MOST_BYTES
from holdfast.desk.environments.models import Environment
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["environments"])
Number = Annotated[int, Field(ge=1, le=2**62)]
Short = Annotated[Words, Field(max_length=120)]


class EnvironmentOut(Schema):
    """An environment as it was at a moment."""

    number: int
    name: str
    at: datetime
    version: str
    region: str
    format: str
    source: str
    sha256: str
    settings_count: int
    masked: int
    recorded_at: datetime

    @staticmethod
    def resolve_settings_count(made: Environment) -> int:
        """Return how many settings it has."""
        return len(made.settings)


class WholeEnvironmentOut(EnvironmentOut):
    """The same with its settings by dotted path; secrets are masked."""

    settings: dict[str, str]


class EnvironmentsOut(Schema):
    """The environments of a case."""

    items: list[EnvironmentOut]


class EnvironmentIn(Schema):
    """How it was set up: by text, or by a file of the evidence (`12` in the vault, `A7` in the diagnosis)."""

    name: Annotated[Words, Field(min_length=1, max_length=120, pattern=r"\S")]
    text: Annotated[Words, Field(max_length=MOST_BYTES)] = ""
    artefact: Annotated[Words, Field(max_length=40, pattern=r"^(\d{1,18}|A\d{1,9})?$")] = ""
    format: Annotated[str, Field(pattern=r"^(json|yaml|env|ini|properties)?$")] = ""
    at: Moment | None = None
    version: Short = ""
    region: Short = ""


class SettingOut(Schema):
    """A setting that only one of two environments has."""

    path: str
    value: str


class ChangedOut(Schema):
    """A setting that differs between two environments."""

    path: str
    before: str
    after: str


class DifferenceOut(Schema):
    """What the second environment has otherwise than the first."""

    first: EnvironmentOut
    second: EnvironmentOut
    added: list[SettingOut]
    removed: list[SettingOut]
    changed: list[ChangedOut]
    same: int


class WhyIn(Schema):
    """The reason."""

    reason: Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]


@router.get("/cases/{key}/environments", response=EnvironmentsOut, summary="Environments of a case")
def read_all(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return the environments, without their settings."""
    return {"items": list(queries.environments(internal_case(signed_in(request), key)))}


@router.post(
    "/cases/{key}/environments", response={201: WholeEnvironmentOut}, summary="Record an environment"
)
def record(request: HttpRequest, key: str, said: EnvironmentIn) -> Status[Environment]:
    """Record how it was set up at a moment; secrets are masked, the text itself is not kept."""
    person = signed_in(request)
    case = visible_case(person, key)
    given = said.model_dump(exclude={"artefact"})
    if said.artefact:
        if said.text:
            raise Conflict("give `text` or `artefact`, not both")
        given["source"], given["text"] = commands.text_of(case, said.artefact, by=person)
    return Status(201, commands.record(case, commands.Described(**given), by=person))


@router.get("/cases/{key}/environments/{number}", response=WholeEnvironmentOut, summary="Read an environment")
def read(request: HttpRequest, key: str, number: Number) -> Environment:
    """Return one environment with its settings."""
    return queries.environment_of(internal_case(signed_in(request), key), number)


@router.get(
    "/cases/{key}/environments/{number}/diff/{other}", response=DifferenceOut, summary="Compare environments"
)
def diff(request: HttpRequest, key: str, number: Number, other: Number) -> dict[str, Any]:
    """Return what the other has otherwise."""
    case = internal_case(signed_in(request), key)
    first, second = (queries.environment_of(case, one) for one in (number, other))
    found = compare(first.settings, second.settings)
    return {
        "first": first,
        "second": second,
        "added": [{"path": path, "value": value} for path, value in found.added],
        "removed": [{"path": path, "value": value} for path, value in found.removed],
        "changed": [
            {"path": path, "before": before, "after": after} for path, before, after in found.changed
        ],
        "same": found.same,
    }


@router.post(
    "/cases/{key}/environments/{number}/withdraw", response=EnvironmentsOut, summary="Withdraw an environment"
)
def withdraw(request: HttpRequest, key: str, number: Number, said: WhyIn) -> dict[str, Any]:
    """Withdraw one that was recorded by mistake."""
    person = signed_in(request)
    case = visible_case(person, key)
    commands.withdraw(case, number, by=person, reason=said.reason)
    return {"items": list(queries.environments(case))}
