"""Mitigations over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.response import mitigations as commands
from holdfast.desk.response import queries
from holdfast.desk.response.effect import effect
from holdfast.desk.response.models import Mitigation
from holdfast.desk.response.probing import Probe

router = Router(tags=["mitigations"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Said = Annotated[Words, Field(min_length=1, max_length=4000, pattern=r"\S")]
Text = Annotated[Words, Field(max_length=4000)]


class SampleOut(Schema):
    """What a probe saw once."""

    at: datetime
    outcome: str
    value: float | None
    unit: str
    text: str
    verifies: bool


class MitigationOut(Schema):
    """A mitigation and its effect."""

    number: int
    case: str
    pattern: str
    what: str
    risk: str
    reversible: bool
    undo: str
    changes: str
    state: str
    owner: str
    probe: dict[str, Any]
    started_at: datetime | None
    held_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    overdue: bool
    before: float | None
    """Median of its signal before it started."""
    after: float | None
    unit: str
    samples: list[SampleOut]

    @classmethod
    def of(cls, one: Mitigation, *, whole: bool = True) -> MitigationOut:
        """Return the public form; without samples in lists."""
        plain = (
            "number", "pattern", "what", "risk", "reversible", "undo", "changes", "state", "probe", "started_at",
            "held_at", "ended_at", "expires_at", "overdue",
        )  # fmt: skip
        seen = effect(one, None if whole else [])
        return cls(
            **{name: getattr(one, name) for name in plain},
            case=one.case.key,
            owner=one.owner.username,
            before=seen.before,
            after=seen.after,
            unit=seen.unit,
            samples=[SampleOut.from_orm(sample) for sample in seen.samples],
        )


class MitigationsOut(Schema):
    """Mitigations."""

    items: list[MitigationOut]


class ProposalIn(Schema):
    """A mitigation; what is left out comes from its pattern."""

    pattern: Annotated[Words, Field(max_length=40)]
    what: Said
    undo: Text = ""
    changes: Annotated[Words, Field(max_length=200)] = ""
    risk: Literal["", "low", "medium", "high"] = ""
    probe: Probe | None = None


class ProbeIn(Schema):
    """How it is verified."""

    probe: Probe


class JudgedIn(Schema):
    """What was observed."""

    held: bool
    observed: Said


class UndoneIn(Schema):
    """Whether undoing it worked."""

    worked: bool
    text: Said


class ExtendedIn(Schema):
    """Until when, and why."""

    until: Moment
    reason: Said


class TextIn(Schema):
    """Words."""

    text: Said


@router.get("/mitigations", response=MitigationsOut, summary="Temporary fixes in place")
def register(request: HttpRequest) -> MitigationsOut:
    """Return those of all cases you see, the first to expire first, without samples."""
    found = queries.register(signed_in(request))
    return MitigationsOut(items=[MitigationOut.of(one, whole=False) for one in found])


@router.get("/cases/{key}/mitigations", response=MitigationsOut, summary="Mitigations of a case")
def mitigations(request: HttpRequest, key: str) -> MitigationsOut:
    """Return a case's mitigations, newest first, without samples."""
    case = internal_case(signed_in(request), key)
    found = case.mitigations.select_related("owner", "case__organisation")[:200]
    return MitigationsOut(items=[MitigationOut.of(one, whole=False) for one in found])


@router.get("/cases/{key}/mitigations/{number}", response=MitigationOut, summary="One with its samples")
def mitigation(request: HttpRequest, key: str, number: Number) -> MitigationOut:
    """Return a mitigation with what its probe saw before and since it started."""
    return MitigationOut.of(commands.mitigation_of(internal_case(signed_in(request), key), number))


@router.post("/cases/{key}/mitigations", response={201: MitigationOut}, summary="Propose a mitigation")
def propose(request: HttpRequest, key: str, said: ProposalIn) -> Status[MitigationOut]:
    """Propose a mitigation; the decision it needs is asked for."""
    person = signed_in(request)
    given = said.model_dump(exclude={"probe"})
    probe = said.probe.model_dump(mode="json") if said.probe else {}
    made = commands.propose(internal_case(person, key), commands.Proposal(**given, probe=probe), by=person)
    return Status(201, MitigationOut.of(made))


@router.post("/cases/{key}/mitigations/{number}/probe", response=MitigationOut, summary="Set the probe")
def set_probe(request: HttpRequest, key: str, number: Number, said: ProbeIn) -> MitigationOut:
    """Say how it is verified, before it is."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.set_probe(one, said.probe.model_dump(mode="json"), by=person))


@router.post("/cases/{key}/mitigations/{number}/start", response=MitigationOut, summary="Start it")
def start(request: HttpRequest, key: str, number: Number) -> MitigationOut:
    """Say that it is being put in place, by the decision its risk needs."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.start(one, by=person))


@router.post("/cases/{key}/mitigations/{number}/verify", response=MitigationOut, summary="Run the probe")
def verify(request: HttpRequest, key: str, number: Number) -> MitigationOut:
    """Have the probe run; read the mitigation again for the outcome."""
    person, one = _one(request, key, number)
    commands.verify(one, by=person)
    return MitigationOut.of(one)


@router.post("/cases/{key}/mitigations/{number}/judge", response=MitigationOut, summary="Say whether it held")
def judge(request: HttpRequest, key: str, number: Number, said: JudgedIn) -> MitigationOut:
    """Say yourself whether it held, with what was observed."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.judge(one, said.held, said.observed, by=person))


@router.post("/cases/{key}/mitigations/{number}/roll-back", response=MitigationOut, summary="It was undone")
def roll_back(request: HttpRequest, key: str, number: Number, said: UndoneIn) -> MitigationOut:
    """Say that it was undone, or that undoing it failed."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.roll_back(one, said.worked, said.text, by=person))


@router.post("/cases/{key}/mitigations/{number}/extend", response=MitigationOut, summary="Let it stay longer")
def extend(request: HttpRequest, key: str, number: Number, said: ExtendedIn) -> MitigationOut:
    """Let it stay longer, with the reason."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.extend(one, said.until, said.reason, by=person))


@router.post(
    "/cases/{key}/mitigations/{number}/replace", response=MitigationOut, summary="Replaced, or dropped"
)
def replace(request: HttpRequest, key: str, number: Number, said: TextIn) -> MitigationOut:
    """Say what lasting repair took its place, or why a proposed one is dropped."""
    person, one = _one(request, key, number)
    return MitigationOut.of(commands.replace(one, said.text, by=person))


def _one(request: HttpRequest, key: str, number: int) -> tuple[Person, Mitigation]:
    person = signed_in(request)
    return person, commands.mitigation_of(internal_case(person, key), number)
