"""The ledger of hypotheses over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.investigation import hypotheses, queries
from holdfast.desk.investigation.models import Experiment, Hypothesis, Weighing
from holdfast.desk.people.api import Words
from holdfast.desk.people.queries import signed_in

router = Router(tags=["hypotheses"])
Sentence = Annotated[Words, Field(min_length=1, max_length=4000, pattern=r"\S")]
Optional = Annotated[Words, Field(max_length=4000)]

Number = Annotated[str, Field(pattern=r"^[0-9]{1,6}$")]


class ClaimIn(Schema):
    """A hypothesis."""

    claim: Sentence
    prediction: Sentence
    """What must be seen if it is true."""
    refutation: Sentence
    """The cheapest test that would refute it."""
    component: Annotated[Words, Field(max_length=200)] = ""


class AdoptIn(Schema):
    """A component that the newest diagnosis ranks."""

    component: Annotated[Words, Field(min_length=1, max_length=200)]


class RewordIn(Schema):
    """A claim, narrowed."""

    claim: Sentence
    before: Optional
    """The claim you started from."""


class EvidenceIn(Schema):
    """Evidence for or against."""

    sign: Literal["+", "-"]
    text: Sentence
    weight: Annotated[Words, Field(max_length=20)] = ""
    proof: Annotated[Words, Field(max_length=400)] = ""
    """A finding of the newest diagnosis, `F-03`, or a place in what it read, `route.log:54`."""


class ExperimentIn(Schema):
    """A test, before it is known how it ends."""

    setting: Sentence
    expected: Sentence
    environment: Annotated[Words, Field(max_length=200)] = ""
    command: Optional = ""
    minutes: Annotated[int | None, Field(ge=0, le=10**6)] = None
    could_refute: bool = True
    predictions: Annotated[dict[Number, Optional], Field(default_factory=dict, max_length=50)]
    """What other hypotheses expect of it, by their numbers."""


class FinishIn(Schema):
    """What a test showed."""

    outcome: Literal["supports", "contradicts", "did_not_run"]
    observed: Sentence


class VerdictIn(Schema):
    """A verdict, with what it was given without."""

    verdict: Literal["confirmed", "refuted", "inconclusive"]
    not_checked: Sentence


class EvidenceOut(Schema):
    """A piece of evidence."""

    sign: str
    text: str
    weight: str
    finding: str
    locators: list[dict[str, str]]
    version: int | None
    """The diagnosis the finding and the locators are of."""
    by: str
    put_at: datetime

    @staticmethod
    def resolve_by(found: Weighing) -> str:
        """The person's name, or `engine`."""
        return found.person.title if found.person else "engine"


class ExperimentOut(Schema):
    """A test."""

    number: int
    setting: str
    expected: str
    observed: str
    environment: str
    command: str
    minutes: int | None
    could_refute: bool
    predictions: dict[str, str]
    outcome: str
    """Empty while it runs."""
    started_at: datetime
    finished_at: datetime | None


class HypothesisOut(Schema):
    """A hypothesis with its evidence and its tests."""

    number: int
    component: str
    claim: str
    prediction: str
    refutation: str
    state: str
    not_checked: str
    by: str
    made_at: datetime
    ruled_at: datetime | None
    evidence: list[EvidenceOut]
    experiments: list[ExperimentOut]

    @staticmethod
    def resolve_by(found: Hypothesis) -> str:
        """The name of who proposed it."""
        return found.person.title


class CandidateOut(Schema):
    """What the newest diagnosis offers."""

    component: str
    score: float
    claim: str
    prediction: str
    refutation: str


class NextTestOut(Schema):
    """Something to do next."""

    title: str
    command: str
    request: str
    """The same as one request to the customer; empty for a planned test."""
    experiment: int | None
    minutes: int | None
    cells: dict[int, str]
    """What each open hypothesis expects of it, by number."""
    separates: int
    """Pairs of open hypotheses it tells apart."""


class LedgerOut(Schema):
    """The hypotheses of a case, what could be adopted, and what to do next, the best first."""

    hypotheses: list[HypothesisOut]
    offered: list[CandidateOut]
    tests: list[NextTestOut]


@router.get("/cases/{key}/hypotheses", response=LedgerOut, summary="Read the ledger of hypotheses")
def ledger(request: HttpRequest, key: str) -> queries.Ledger:
    """Return the hypotheses with evidence and tests, what the diagnosis offers, and what to do next."""
    case = internal_case(signed_in(request), key)
    return queries.ledger(case, queries.newest(case))


@router.post("/cases/{key}/hypotheses", response={201: HypothesisOut}, summary="Propose a hypothesis")
def propose(request: HttpRequest, key: str, said: ClaimIn) -> Status[Hypothesis]:
    """Enter a hypothesis; the same claim again is the one that is there."""
    person = signed_in(request)
    claim = hypotheses.Claim(**said.model_dump())
    return Status(201, hypotheses.propose(visible_case(person, key), claim, by=person))


@router.post("/cases/{key}/hypotheses/adopt", response={201: HypothesisOut}, summary="Adopt what is offered")
def adopt(request: HttpRequest, key: str, said: AdoptIn) -> Status[Hypothesis]:
    """Propose what the newest diagnosis says of a component, with its evidence."""
    person = signed_in(request)
    return Status(201, hypotheses.adopt(visible_case(person, key), said.component, by=person))


@router.post("/cases/{key}/hypotheses/{int:number}/claim", response=HypothesisOut, summary="Narrow a claim")
def reword(request: HttpRequest, key: str, number: int, said: RewordIn) -> Hypothesis:
    """Write the claim anew; refused when it is not the one you started from."""
    person = signed_in(request)
    found = hypotheses.hypothesis_of(visible_case(person, key), number)
    return hypotheses.reword(found, said.claim, by=person, before=said.before)


@router.post(
    "/cases/{key}/hypotheses/{int:number}/evidence", response={201: EvidenceOut}, summary="Weigh evidence"
)
def weigh(request: HttpRequest, key: str, number: int, said: EvidenceIn) -> Status[Weighing]:
    """Put evidence for or against a hypothesis."""
    person = signed_in(request)
    found = hypotheses.hypothesis_of(visible_case(person, key), number)
    return Status(201, hypotheses.weigh_evidence(found, by=person, **said.model_dump()))


@router.post(
    "/cases/{key}/hypotheses/{int:number}/tests", response={201: ExperimentOut}, summary="Start a test"
)
def plan_test(request: HttpRequest, key: str, number: int, said: ExperimentIn) -> Status[Experiment]:
    """Write a test down before it is known how it ends."""
    person = signed_in(request)
    found = hypotheses.hypothesis_of(visible_case(person, key), number)
    words: dict[str, Any] = said.model_dump()
    words["predictions"] = {int(name): text for name, text in said.predictions.items()}
    return Status(201, hypotheses.plan_test(found, hypotheses.Plan(**words), by=person))


@router.post(
    "/cases/{key}/tests/{int:number}/finish", response=ExperimentOut, summary="Say what a test showed"
)
def finish_test(request: HttpRequest, key: str, number: int, said: FinishIn) -> Experiment:
    """End a test; one that did not run shows nothing. Ending it twice with the same words is once."""
    person = signed_in(request)
    found = hypotheses.experiment_of(internal_case(person, key), number)
    return hypotheses.finish_test(found, said.outcome, said.observed, by=person)


@router.post("/cases/{key}/hypotheses/{int:number}/verdict", response=HypothesisOut, summary="Give a verdict")
def rule(request: HttpRequest, key: str, number: int, said: VerdictIn) -> Hypothesis:
    """Confirm, refute, or leave inconclusive. Confirming stops the clock of the initial diagnosis."""
    person = signed_in(request)
    return hypotheses.rule(
        hypotheses.hypothesis_of(visible_case(person, key), number), by=person, **said.model_dump()
    )
