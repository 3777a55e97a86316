"""Decisions over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.decisions import commands, publishing, queries
from holdfast.desk.decisions.authority import Table, table
from holdfast.desk.decisions.models import Decision, Delegation
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.api import Moment, Words
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in

router = Router(tags=["decisions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Text = Annotated[Words, Field(max_length=4000)]
Said = Annotated[Words, Field(min_length=1, max_length=4000, pattern=r"\S")]


class VoiceOut(Schema):
    """What one person said."""

    person: str
    holder: str
    """Whose right it was."""
    approves: bool
    text: str
    given_at: datetime
    until: datetime


class DecisionOut(Schema):
    """A decision."""

    number: int
    case: str
    right: str
    about: str
    what: str
    reason: str
    risk: str
    undo: str
    details: dict[str, Any]
    state: str
    decided_by: str
    """Who may decide it, in words."""
    asked_by: str
    asked_at: datetime
    until: datetime
    rights_version: int
    unreviewed: bool
    voices: list[VoiceOut]

    @classmethod
    def of(cls, one: Decision, rights: Table | None = None) -> DecisionOut:
        """Return the public form."""
        rights = rights or table(one.case.organisation_id)
        plain = ("number", "right", "about", "what", "reason", "risk", "undo", "details", "state", "until")
        voices = [
            VoiceOut(
                person=voice.person.username,
                holder=voice.holder.username,
                approves=voice.approves,
                text=voice.text,
                given_at=voice.given_at,
                until=voice.until,
            )
            for voice in one.voices.all()
        ]
        return cls(
            **{name: getattr(one, name) for name in plain},
            case=one.case.key,
            decided_by=rights.who(Right(one.right)),
            asked_by=one.asked_by.username,
            asked_at=one.asked_at,
            rights_version=one.policy,
            unreviewed=one.unreviewed,
            voices=voices,
        )


class DecisionsOut(Schema):
    """Decisions, newest first, or the most urgent first."""

    items: list[DecisionOut]


class AskIn(Schema):
    """What is asked. `about` and `details` are those the refused deed named; leave them out otherwise."""

    right: Right
    what: Said
    about: Annotated[Words, Field(max_length=80)] = ""
    reason: Text = ""
    risk: Text = ""
    undo: Text = ""


class PoliciesIn(Schema):
    """A policy to publish, or a profile to apply, once it is decided."""

    kind: Annotated[Words, Field(max_length=60)] = ""
    name: Annotated[Words, Field(max_length=60)] = "default"
    text: Annotated[Words, Field(max_length=150_000)] = ""
    after: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    why: Text = ""
    profile: Annotated[Words, Field(max_length=60)] = ""
    """Instead of kind, name and text."""
    overtake: bool = False
    """Whether the profile may overtake versions of your own."""


class AnswerIn(Schema):
    """Approval or refusal; a refusal says why."""

    approve: bool
    text: Text = ""


class TextIn(Schema):
    """Words."""

    text: Said


class ReasonIn(Schema):
    """Why, if there is something to say."""

    reason: Text = ""


class DelegationIn(Schema):
    """A right to hand on for a time."""

    organisation: Annotated[Words, Field(max_length=8)]
    right: Right
    to: Annotated[Words, Field(max_length=150)]
    starts: Moment | None = None
    ends: Moment


class DelegationOut(Schema):
    """A right handed on."""

    id: int
    right: str
    holder: str
    person: str
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, one: Delegation) -> DelegationOut:
        """Return the public form."""
        return cls(
            id=one.id,
            right=one.right,
            holder=one.holder.username,
            person=one.person.username,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )


@router.get("/decisions", response=DecisionsOut, summary="What waits for me")
def mine(request: HttpRequest) -> DecisionsOut:
    """Return the decisions that wait for your word, of all cases you see."""
    return DecisionsOut(items=[DecisionOut.of(one) for one in queries.mine(signed_in(request))])


@router.get("/cases/{key}/decisions", response=DecisionsOut, summary="Decisions of a case")
def decisions(request: HttpRequest, key: str) -> DecisionsOut:
    """Return a case's decisions, newest first."""
    case = internal_case(signed_in(request), key)
    rights = table(case.organisation_id)
    return DecisionsOut(items=[DecisionOut.of(one, rights) for one in queries.of_case(case)])


@router.post("/cases/{key}/decisions", response={201: DecisionOut}, summary="Ask for a decision")
def ask(request: HttpRequest, key: str, said: AskIn) -> Status[DecisionOut]:
    """Ask for a decision; one that is yours to take is taken at once."""
    person = signed_in(request)
    made = commands.ask(internal_case(person, key), commands.Question(**said.model_dump()), by=person)
    return Status(201, DecisionOut.of(made))


@router.post(
    "/cases/{key}/decisions/policies",
    response={201: DecisionOut},
    summary="Ask for the publication of a policy or a profile",
)
def ask_for_policies(request: HttpRequest, key: str, said: PoliciesIn) -> Status[DecisionOut]:
    """Ask on a case for what you may not publish alone; an approval publishes it at once."""
    person = signed_in(request)
    wanted = publishing.Wanted(**said.model_dump())
    made = publishing.propose(internal_case(person, key), wanted, by=person)
    return Status(201, DecisionOut.of(made))


@router.post("/cases/{key}/decisions/{number}/answer", response=DecisionOut, summary="Approve or refuse")
def answer(request: HttpRequest, key: str, number: Number, said: AnswerIn) -> DecisionOut:
    """Approve or refuse what waits for you."""
    person, one = _asked(request, key, number)
    return DecisionOut.of(commands.answer(one, said.approve, by=person, text=said.text))


@router.post("/cases/{key}/decisions/{number}/withdraw", response=DecisionOut, summary="Take it back")
def withdraw(request: HttpRequest, key: str, number: Number, said: ReasonIn) -> DecisionOut:
    """Take back a question, or an approval nobody has used."""
    person, one = _asked(request, key, number)
    return DecisionOut.of(commands.withdraw(one, by=person, reason=said.reason))


@router.post("/cases/{key}/decisions/{number}/break-glass", response=DecisionOut, summary="Break glass")
def break_glass(request: HttpRequest, key: str, number: Number, said: TextIn) -> DecisionOut:
    """Go on without approval, in an emergency. Leads and managers are told at once, and it is reviewed."""
    person, one = _asked(request, key, number)
    return DecisionOut.of(commands.break_glass(one, said.text, by=person))


@router.post("/cases/{key}/decisions/{number}/review", response=DecisionOut, summary="Review broken glass")
def review(request: HttpRequest, key: str, number: Number, said: TextIn) -> DecisionOut:
    """Say afterwards whether it was right."""
    person, one = _asked(request, key, number)
    return DecisionOut.of(commands.review(one, said.text, by=person))


@router.get("/decisions/delegations", response=list[DelegationOut], summary="Rights handed on")
def delegations(request: HttpRequest) -> list[DelegationOut]:
    """Return what you handed on and what was handed to you."""
    return [DelegationOut.of(one) for one in queries.delegations(signed_in(request))]


@router.post("/decisions/delegations", response={201: DelegationOut}, summary="Hand a right on for a time")
def delegate(request: HttpRequest, said: DelegationIn) -> Status[DelegationOut]:
    """Let somebody decide in your place for a time."""
    person = signed_in(request)
    place = next(
        (m.organisation for m in person.standing if m.organisation.prefix == said.organisation), None
    )
    to = Person.objects.filter(username=said.to).first()
    if place is None or to is None:
        raise Conflict(f"there is no {said.to} in {said.organisation}")
    starts = said.starts or timezone.now()
    made = commands.delegate(place, said.right, to, by=person, starts=starts, ends=said.ends)
    return Status(201, DelegationOut.of(made))


@router.post("/decisions/delegations/{number}/end", response=DelegationOut, summary="Take a right back")
def end(request: HttpRequest, number: Number) -> DelegationOut:
    """Take back what you handed on; what was decided by it stays."""
    person = signed_in(request)
    found = Delegation.objects.get(id=number, holder=person)
    commands.end_delegation(found, by=person)
    return DelegationOut.of(found)


def _asked(request: HttpRequest, key: str, number: int) -> tuple[Person, Decision]:
    person = signed_in(request)
    return person, commands.decision_of(internal_case(person, key), number)
