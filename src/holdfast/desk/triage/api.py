"""Severity and scope over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from holdfast.desk.cases.api import CaseOut
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in
from holdfast.desk.policies.queries import current
from holdfast.desk.triage import commands, queries
from holdfast.desk.triage.matrix import Impact, SeverityMatrix, Workaround, recommend

router = Router(tags=["triage"])
Level = Annotated[int, Field(ge=1, le=4)]
Why = Annotated[Words, Field(min_length=1, max_length=2000, pattern=r"\S")]
Names = Annotated[list[Annotated[Words, Field(max_length=120)]], Field(max_length=200)]


class AnswersIn(Schema):
    """Answers to the matrix's questions; what is left out stays as it was."""

    impact: Impact | None = None
    workaround: Workaround | None = None
    customers: Annotated[int, Field(ge=0, le=10**9)] | None = None
    revenue_at_risk: Annotated[int, Field(ge=0, le=10**15)] | None = None
    security: bool | None = None
    regulation: bool | None = None
    confirm: bool = False
    """Confirm the severity in the same breath, where it is the one recommended."""


class SeverityOut(Schema):
    """A severity, what it rests on, and who says otherwise."""

    severity: int
    asked: int | None
    recommended: int
    sentence: str
    rules: list[str]
    unanswered: list[str]
    matrix_version: int
    confirmed_at: datetime | None
    disputed: bool
    proposed: int | None
    """What the open dispute proposes."""


class LevelIn(Schema):
    """A severity to confirm."""

    to: Level
    reason: Annotated[Words, Field(max_length=2000)] = ""
    """Needed where it is not the recommended one."""


class ReasonedIn(Schema):
    """A severity and why."""

    to: Level
    reason: Why


class ScopeIn(Schema):
    """Who and what is affected; what is left out stays as it was."""

    customers: Names | None = None
    tenants: Names | None = None
    regions: Names | None = None
    versions: Names | None = None


class ChangeOut(Schema):
    """A change near the onset."""

    at: datetime
    component: str
    title: str
    finding: str
    seconds_before: float


class NeighbourOut(Schema):
    """Another case near the onset."""

    key: str
    title: str
    severity: int
    reported_at: datetime
    shares: list[str]


class NearOut(Schema):
    """What happened near the onset."""

    onset: datetime
    from_diagnosis: bool
    changes: list[ChangeOut]
    cases: list[NeighbourOut]


def _told(case: Case) -> SeverityOut:
    policy = current(SeverityMatrix, case.organisation_id)
    said, dispute = recommend(policy.value, case.criteria), commands.open_dispute(case)
    return SeverityOut(
        severity=case.severity,
        asked=case.asked_severity,
        recommended=said.severity,
        sentence=said.sentence,
        rules=list(said.rules),
        unanswered=list(said.unanswered),
        matrix_version=policy.version,
        confirmed_at=case.confirmed_at,
        disputed=case.disputed,
        proposed=dispute.data["proposed"] if dispute else None,
    )


@router.get("/cases/{key}/triage", response=SeverityOut, summary="What a severity rests on")
def severity(request: HttpRequest, key: str) -> SeverityOut:
    """Return the severity, the recommendation with its sentence, and an open dispute."""
    return _told(internal_case(signed_in(request), key))


@router.post("/cases/{key}/severity/answers", response=SeverityOut, summary="Answer the severity matrix")
def answers(request: HttpRequest, key: str, said: AnswersIn) -> SeverityOut:
    """Keep answers and return what the matrix recommends now."""
    person = signed_in(request)
    given = commands.Answers(**said.model_dump(exclude={"confirm"}))
    deed = commands.answer_and_confirm if said.confirm else commands.answer
    return _told(deed(visible_case(person, key), given, by=person))


@router.post("/cases/{key}/severity/confirm", response=SeverityOut, summary="Confirm a severity")
def confirm(request: HttpRequest, key: str, said: LevelIn) -> SeverityOut:
    """Confirm the recommended severity, or another with the reason."""
    person = signed_in(request)
    return _told(commands.confirm(visible_case(person, key), said.to, by=person, reason=said.reason))


@router.post("/cases/{key}/severity/dispute", response=SeverityOut, summary="Dispute a severity")
def dispute(request: HttpRequest, key: str, said: ReasonedIn) -> SeverityOut:
    """Put the severity before the lead; until they decide nothing changes."""
    person = signed_in(request)
    return _told(commands.dispute(internal_case(person, key), said.to, by=person, reason=said.reason))


@router.post("/cases/{key}/severity/settle", response=SeverityOut, summary="Settle a dispute")
def settle(request: HttpRequest, key: str, said: ReasonedIn) -> SeverityOut:
    """Decide a dispute, with the reason."""
    person = signed_in(request)
    return _told(commands.settle(visible_case(person, key), said.to, by=person, reason=said.reason))


@router.post("/cases/{key}/scope", response=CaseOut, summary="Say who and what is affected")
def scope(request: HttpRequest, key: str, said: ScopeIn) -> CaseOut:
    """Set the affected customers, tenants, regions or versions."""
    person = signed_in(request)
    commands.set_scope(visible_case(person, key), said.model_dump(exclude_none=True), by=person)
    return CaseOut.of(visible_case(person, key), person)


@router.get("/cases/{key}/near", response=NearOut, summary="What happened near the onset")
def near(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return changes and other cases within hours of the onset."""
    person = signed_in(request)
    found = queries.near(person, internal_case(person, key))
    changes = [
        {
            "at": one.at,
            "component": one.component,
            "title": one.title,
            "finding": one.finding,
            "seconds_before": one.before.total_seconds(),
        }
        for one in found.changes
    ]
    cases = [
        {
            "key": row.case.key,
            "title": row.case.title,
            "severity": row.case.severity,
            "reported_at": row.case.reported_at,
            "shares": list(row.shares),
        }
        for row in found.cases
    ]
    return {"onset": found.onset, "from_diagnosis": found.given, "changes": changes, "cases": cases}
