"""Reading diagnoses and the jobs that make them."""

from __future__ import annotations

from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.commands import JOB
from holdfast.desk.investigation.models import Diagnosis
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
