"""Reading diagnoses and the jobs that make them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.investigation.candidates import Candidate, NextTest, candidates, next_tests
from holdfast.desk.investigation.commands import JOB
from holdfast.desk.investigation.models import Diagnosis, Hypothesis, Verdict
from holdfast.desk.outbox.models import Job


def newest(case: Case, version: int | None = None) -> Diagnosis | None:
    """Return a version of the case's diagnosis, the newest by default."""
    kept = Diagnosis.objects.filter(case=case)
    if version is not None:
        kept = kept.filter(version=version)
    return kept.order_by("-version").first()


def reading(case: Case) -> Job | None:
    """Return the newest reading of the case's evidence, under way or ended."""
    return Job.objects.filter(case_id=case.id, kind=JOB).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The hypotheses of a case, what could be adopted, and what to do next."""

    hypotheses: list[Hypothesis]
    offered: list[Candidate]
    tests: list[NextTest]


def ledger(case: Case, kept: Diagnosis | None) -> Ledger:
    """Return the ledger of a case; `kept` is its newest diagnosis."""
    found = list(
        case.hypotheses.select_related("person", "ruled_by").prefetch_related(
            "evidence__person", "experiments__person", "experiments__hypothesis"
        )
    )
    taken = {one.component for one in found if one.component}
    offered = [one for one in candidates(kept) if one.component not in taken] if kept else []
    experiments = [test for one in found if one.state == Verdict.OPEN for test in one.experiments.all()]
    return Ledger(found, offered, next_tests(found, experiments, kept.report["next"] if kept else []))


def history(case: Case, hypothesis: Hypothesis) -> QuerySet[Entry]:
    """Return the timeline's entries about a hypothesis, newest first."""
    about = Q(data__hypothesis=hypothesis.number) | Q(data__field=str(hypothesis))
    return Entry.objects.filter(about, case=case).select_related("person").order_by("-position")
