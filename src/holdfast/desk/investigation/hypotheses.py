"""Deeds on the ledger of hypotheses: propose, weigh evidence, test, rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.marks import Overtaken, diagnose, take_back_diagnosis
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.investigation.candidates import Argument, candidates
from holdfast.desk.investigation.models import Experiment, Hypothesis, Outcome, Verdict, Weighing
from holdfast.desk.investigation.queries import newest
from holdfast.desk.investigation.story import cite
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

EVENT = "case.hypothesis"
MOST = 2**31 - 1
"""The largest number the database holds; addresses may name larger ones."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said when a hypothesis is proposed."""

    claim: str
    prediction: str
    refutation: str
    component: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is said when a test is planned."""

    setting: str
    expected: str
    environment: str = ""
    command: str = ""
    minutes: int | None = None
    could_refute: bool = True
    predictions: Mapping[int, str] = field(default_factory=dict)
    """What other hypotheses expect of it, by number."""


def hypothesis_of(case: Case, number: int) -> Hypothesis:
    """Return H1, H2, ... of a case."""
    return Hypothesis.objects.select_related("person", "ruled_by").get(
        case_id=case.id, number=min(number, MOST)
    )


def experiment_of(case: Case, number: int) -> Experiment:
    """Return T1, T2, ... of a case."""
    return Experiment.objects.select_related("hypothesis").get(
        hypothesis__case_id=case.id, number=min(number, MOST)
    )


@transaction.atomic
def propose(case: Case, said: Claim, *, by: Person, arguments: Sequence[Argument] = ()) -> Hypothesis:
    """Enter a hypothesis in the ledger. The same claim again is the one that is there."""
    case = allowed(case, by, Deed.RECORD)
    claim = words(said.claim)
    there = Hypothesis.objects.filter(case=case, claim=claim).first()
    if there is not None:
        return there
    number = (case.hypotheses.aggregate(most=Max("number"))["most"] or 0) + 1
    made = Hypothesis.objects.create(
        case=case,
        number=number,
        component=said.component.strip()[:200],
        claim=claim,
        prediction=_needed(said.prediction, "what must be seen if it is true"),
        refutation=_needed(said.refutation, "the cheapest test that would refute it"),
        person=by,
    )
    Weighing.objects.bulk_create(Weighing(hypothesis=made, **one.columns()) for one in arguments)
    data = change(case, str(made), None, claim) | {
        "prediction": made.prediction,
        "refutation": made.refutation,
        "evidence": [[one.sign, one.text, one.finding] for one in arguments],
    }
    append(case, Kind.DECISION, f"{made} proposed: {claim}", by=by, event=EVENT, data=data)
    return made


def adopt(case: Case, component: str, *, by: Person) -> Hypothesis:
    """Propose what the newest diagnosis says of a component, with its evidence."""
    kept = newest(case)
    found = next((one for one in candidates(kept) if one.component == component), None) if kept else None
    if found is None:
        raise Conflict(
            f"the newest diagnosis does not name {component or 'a component'}; open the ledger again"
        )
    said = Claim(found.claim, found.prediction, found.refutation, found.component)
    return propose(case, said, by=by, arguments=found.arguments)


@transaction.atomic
def reword(hypothesis: Hypothesis, claim: str, *, by: Person, before: str) -> Hypothesis:
    """Narrow a claim; `before` is the one the writer saw. Both stand on the timeline."""
    case, hypothesis = _held(hypothesis, by)
    claim = words(claim)
    if before.strip() != hypothesis.claim and claim != hypothesis.claim:
        raise Overtaken(f"meanwhile {hypothesis} became “{hypothesis.claim}”; you wrote “{claim}”")
    if hypothesis.state != Verdict.OPEN:
        raise Conflict(f"{hypothesis} is {hypothesis.state}; propose a new one, you wrote “{claim}”")
    if claim != hypothesis.claim:
        data = change(case, str(hypothesis), hypothesis.claim, claim)
        hypothesis.claim = claim
        hypothesis.save(update_fields=["claim"])
        append(case, Kind.DECISION, f"{hypothesis} narrowed: {claim}", by=by, event=EVENT, data=data)
    return hypothesis


@transaction.atomic
def weigh_evidence(
    hypothesis: Hypothesis, sign: str, text: str, *, by: Person, weight: str = "", proof: str = ""
) -> Weighing:
    """Put evidence for (`+`) or against (`-`). `proof` is a finding, `F-03`, or a place, `route.log:54`."""
    case, hypothesis = _held(hypothesis, by)
    if sign not in ("+", "-"):
        raise Conflict("evidence is for (+) or against (-)")
    kept = newest(case) if proof.strip() else None
    cited = cite(kept.report if kept else None, proof.strip()) if proof.strip() else ("", [])
    made = Weighing.objects.create(
        hypothesis=hypothesis,
        sign=sign,
        text=words(text),
        weight=weight.strip()[:20],
        finding=cited[0],
        locators=cited[1],
        version=kept.version if kept else None,
        person=by,
    )
    data: dict[str, Any] = {"hypothesis": hypothesis.number, "sign": sign, "weight": made.weight}
    if kept:
        data |= {"diagnosis": kept.version, "finding": made.finding, "places": made.locators}
    side = "for" if sign == "+" else "against"
    append(case, Kind.FACT, f"Evidence {side} {hypothesis}: {made.text}", by=by, event=EVENT, data=data)
    return made


@transaction.atomic
def plan_test(hypothesis: Hypothesis, said: Plan, *, by: Person) -> Experiment:
    """Start a test of a hypothesis: written down before it is known how it ends."""
    case, hypothesis = _held(hypothesis, by)
    known = set(case.hypotheses.values_list("number", flat=True))
    if strange := sorted(set(said.predictions) - known):
        raise Conflict(f"there is no H{strange[0]} to expect anything")
    most = Experiment.objects.filter(hypothesis__case=case).aggregate(most=Max("number"))["most"] or 0
    made = Experiment.objects.create(
        hypothesis=hypothesis,
        number=most + 1,
        setting=_needed(said.setting, "what is set up and done"),
        expected=_needed(said.expected, f"what must be seen if {hypothesis} is true"),
        environment=said.environment.strip()[:200],
        command=said.command.strip(),
        minutes=said.minutes,
        could_refute=said.could_refute,
        predictions={str(number): text.strip() for number, text in said.predictions.items() if text.strip()},
        person=by,
    )
    data = {
        "hypothesis": hypothesis.number,
        "test": made.number,
        "expected": made.expected,
        "environment": made.environment,
        "could_refute": made.could_refute,
        "predictions": made.predictions,
    }
    append(
        case, Kind.ACTION, f"{made} of {hypothesis} started: {made.setting}", by=by, event=EVENT, data=data
    )
    return made


@transaction.atomic
def finish_test(experiment: Experiment, outcome: str, observed: str, *, by: Person) -> Experiment:
    """Say what a test showed. One that did not run shows nothing, neither for nor against."""
    case, hypothesis = _held(experiment.hypothesis, by)
    experiment = Experiment.objects.get(id=experiment.id)
    if outcome not in Outcome.values:
        raise Conflict(f"a test ends as one of {', '.join(Outcome.values)}")
    observed = _needed(observed, "what was observed")
    if experiment.finished_at is not None:
        if (experiment.outcome, experiment.observed) == (outcome, observed):
            return experiment
        raise Conflict(f"{experiment} has ended: {experiment.observed}; plan another, you wrote “{observed}”")
    experiment.outcome, experiment.observed, experiment.finished_at = outcome, observed, timezone.now()
    experiment.save(update_fields=["outcome", "observed", "finished_at"])
    data = change(case, str(experiment), None, outcome) | {
        "hypothesis": hypothesis.number,
        "test": experiment.number,
        "expected": experiment.expected,
    }
    said = f"{experiment} of {hypothesis} {Outcome(outcome).label.lower()}: {observed}"
    append(case, Kind.FACT, said, by=by, event=EVENT, data=data)
    return experiment


def why_not(hypothesis: Hypothesis, verdict: str) -> str:
    """Return why a verdict cannot be given now, or an empty text."""
    able = [one for one in hypothesis.experiments.all() if one.could_refute and one.finished_at]
    ran = [one for one in hypothesis.experiments.all() if one.outcome not in ("", Outcome.DID_NOT_RUN)]
    against = [one for one in ran if one.outcome == Outcome.CONTRADICTS]
    if verdict == Verdict.CONFIRMED:
        if against:
            return f"{against[0]} contradicts {hypothesis}; narrow the claim in a new hypothesis"
        if not any(one in ran for one in able):
            return f"confirming {hypothesis} needs one test that could have refuted it, finished"
    if (
        verdict == Verdict.REFUTED
        and not against
        and all(one.sign == "+" for one in hypothesis.evidence.all())
    ):
        return f"nothing stands against {hypothesis}: no test contradicts it and no evidence does"
    return ""


@transaction.atomic
def rule(hypothesis: Hypothesis, verdict: str, not_checked: str, *, by: Person) -> Hypothesis:
    """Give a verdict, with what was not checked. Confirming stops the clock of the initial diagnosis."""
    case, hypothesis = _held(hypothesis, by)
    if verdict not in Verdict.values or verdict == Verdict.OPEN:
        raise Conflict("a verdict is confirmed, refuted or inconclusive")
    not_checked = _needed(not_checked, "what was not checked, or that nothing was left")
    if reason := why_not(hypothesis, verdict):
        raise Conflict(f"{reason}; you wrote “{not_checked}”")
    if (hypothesis.state, hypothesis.not_checked) == (verdict, not_checked):
        return hypothesis
    before = hypothesis.state
    data = change(case, str(hypothesis), before, verdict) | {
        "not_checked": not_checked,
        "was_not_checked": hypothesis.not_checked,
    }
    hypothesis.state, hypothesis.not_checked = Verdict(verdict), not_checked
    hypothesis.ruled_by, hypothesis.ruled_at = by, timezone.now()
    hypothesis.save(update_fields=["state", "not_checked", "ruled_by", "ruled_at"])
    text = f"{hypothesis} {verdict}: {hypothesis.claim} Not checked: {not_checked}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)
    _tell_clock(case, hypothesis, before, by)
    return hypothesis


def _tell_clock(case: Case, hypothesis: Hypothesis, before: str, by: Person) -> None:
    """The first confirmation is the initial diagnosis; taking the last one back starts its clock again."""
    others = case.hypotheses.filter(state=Verdict.CONFIRMED).exclude(id=hypothesis.id).exists()
    if others or before == hypothesis.state:
        return
    if hypothesis.state == Verdict.CONFIRMED:
        diagnose(case, hypothesis.component or hypothesis.claim, by=by, proof=str(hypothesis))
    elif before == Verdict.CONFIRMED:
        take_back_diagnosis(case, f"{hypothesis} is no longer confirmed but {hypothesis.state}", by=by)


def _held(hypothesis: Hypothesis, by: Person) -> tuple[Case, Hypothesis]:
    """Return the case, locked, and the hypothesis as it is by now."""
    case = Case.objects.select_related("organisation").get(id=hypothesis.case_id)
    case = allowed(case, by, Deed.RECORD)
    return case, Hypothesis.objects.select_related("person").get(id=hypothesis.id)


def _needed(text: str, what: str) -> str:
    if not text.strip():
        raise Conflict(f"write {what}")
    return text.strip()
