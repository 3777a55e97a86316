"""Closing and hygiene over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.api import CaseOut, EntryOut
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Entry
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.closure import commands, hygiene
from holdfast.desk.closure.policy import ClosurePolicy
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.policies.queries import current
from holdfast.desk.queue.views import internal

router = Router(tags=["closing"])
Sentence = Annotated[Words, Field(min_length=1, max_length=20_000, pattern=r"\S")]


class LearnedIn(Schema):
    """What was learned, or why it is not needed."""

    item: Literal["cause", "article", "ticket", "actions"]
    text: Sentence
    needed: bool = True


class CloseIn(Schema):
    """The customer's word, or a stated reason of the policy."""

    confirmed: Annotated[Words, Field(max_length=2000)] = ""
    reason: Annotated[Words, Field(max_length=60)] = ""


class ReopenIn(Schema):
    """Why it is open again."""

    reason: Sentence


class JudgeIn(Schema):
    """What the customer says of the resolution."""

    solved: bool
    text: Annotated[Words, Field(max_length=4000)] = ""


class ClosingOut(Schema):
    """What keeps a case from being closed."""

    state: str
    missing: list[str]
    customer_confirmed: bool
    reasons: list[str]
    policy_version: int


class UntidyOut(Schema):
    """Something wrong with a case."""

    check: str
    sort: str
    says: str
    repair: str


class TallyOut(UntidyOut):
    """How many cases a check finds."""

    number: int


class FoundOut(Schema):
    """A case a check finds."""

    key: str
    title: str
    severity: int
    owner: str | None


@router.get("/cases/{key}/closing", response=ClosingOut, summary="What keeps a case from being closed")
def closing(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return what has to be learned yet, and how it may be closed."""
    case = internal_case(signed_in(request), key)
    policy = current(ClosurePolicy, case.organisation_id)
    return {
        "state": case.state,
        "missing": commands.missing(case, policy.value),
        "customer_confirmed": not case.open and commands.customers_word(case) is not None,
        "reasons": list(policy.value.reasons),
        "policy_version": policy.version,
    }


@router.post("/cases/{key}/learned", response={201: EntryOut}, summary="Write down what was learned")
def learn(request: HttpRequest, key: str, said: LearnedIn) -> Status[Entry]:
    """Write the cause, the article, the ticket or the actions, or why none is needed."""
    person = signed_in(request)
    entry = commands.learn(visible_case(person, key), said.item, said.text, by=person, needed=said.needed)
    return Status(201, entry)


@router.post("/cases/{key}/close", response=CaseOut, summary="Close a case")
def close(request: HttpRequest, key: str, said: CloseIn) -> CaseOut:
    """Close a resolved case on the customer's word or for a stated reason."""
    person = signed_in(request)
    commands.close(visible_case(person, key), by=person, confirmed=said.confirmed, reason=said.reason)
    return CaseOut.of(visible_case(person, key), person)


@router.post("/cases/{key}/reopen", response=CaseOut, summary="Reopen a case")
def reopen(request: HttpRequest, key: str, said: ReopenIn) -> CaseOut:
    """Reopen a resolved or closed case, with the reason."""
    person = signed_in(request)
    commands.reopen(visible_case(person, key), said.reason, by=person)
    return CaseOut.of(visible_case(person, key), person)


@router.post("/cases/{key}/judge", response=CaseOut, summary="Say as the customer whether it is solved")
def judge(request: HttpRequest, key: str, said: JudgeIn) -> CaseOut:
    """Confirm the resolution, or reject it: the case is then reopened."""
    person = signed_in(request)
    commands.judge(visible_case(person, key), by=person, solved=said.solved, text=said.text)
    return CaseOut.of(visible_case(person, key), person)


@router.get("/cases/{key}/hygiene", response=list[UntidyOut], summary="What is wrong with a case")
def of_case(request: HttpRequest, key: str) -> list[dict[str, Any]]:
    """Return what is missing, stale or contradictory on a case."""
    return [_told(check) for check in hygiene.untidy(internal_case(signed_in(request), key))]


@router.get("/hygiene", response=list[TallyOut], summary="What is wrong over all cases")
def over_all(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every check with how many of your cases it finds."""
    return [_told(one.check) | {"number": one.number} for one in hygiene.tally(internal(request))]


@router.get("/hygiene/{name}", response=list[FoundOut], summary="The cases a check finds")
def found(request: HttpRequest, name: str) -> list[dict[str, Any]]:
    """Return at most 100 cases, in the order of work."""
    check = hygiene.all_checks().get(name)
    if check is None:
        raise ObjectDoesNotExist
    cases = hygiene.found_by(check, internal(request))[:100]
    return [
        {
            "key": case.key,
            "title": case.title,
            "severity": case.severity,
            "owner": case.owner.username if case.owner else None,
        }
        for case in cases
    ]


def _told(check: hygiene.Check) -> dict[str, Any]:
    return {"check": check.name, "sort": check.sort, "says": check.says, "repair": check.repair}
