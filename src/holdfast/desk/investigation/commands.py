"""Asking for an investigation, and keeping what it found."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from holdfast.desk.cases.commands import Conflict, name_component, record_fact
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.timeline import lock
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.outbox.commands import cancel, enqueue, publish
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.models import Artefact, Deletion

JOB = "investigate"


@transaction.atomic
def investigate(case: Case, *, by: Person | None, at: str = "") -> Job:
    """Have the case's evidence read; while a reading is under way it is that one."""
    if by is not None and not case.allows(by, Deed.INVESTIGATE):
        raise PermissionDenied("your role may not start investigations here")
    lock(case.id)
    running = Job.objects.filter(case_id=case.id, kind=JOB, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    if (job := running.first()) is not None:
        return job
    if not Artefact.objects.filter(case=case, baseline=False).exists():
        raise Conflict("there is no evidence to read yet; attach a bundle first")
    if Deletion.objects.filter(case=case).exists():
        raise Conflict("the evidence of this case was deleted for good")
    return enqueue(
        JOB,
        {"at": at, "person": by.id if by else None},
        organisation_id=case.organisation_id,
        case_id=case.id,
    )


def stop(case: Case, job_id: int, *, by: Person) -> Job:
    """Cancel a reading under way."""
    if not case.allows(by, Deed.INVESTIGATE):
        raise PermissionDenied("your role may not stop investigations here")
    job = Job.objects.get(id=job_id, case_id=case.id, kind=JOB)
    cancel(job)
    job.refresh_from_db()
    return job


def keep(case: Case, report: dict[str, Any], *, artefacts: list[int], folder: str = "") -> Diagnosis:
    """Keep a diagnosis as the case's next version and say on the timeline what it found."""
    with transaction.atomic():
        lock(case.id)
        newest = Diagnosis.objects.filter(case=case).order_by("-version").first()
        diagnosis = Diagnosis.objects.create(
            case=case,
            version=newest.version + 1 if newest else 1,
            report=report,
            artefacts=artefacts,
            folder=folder,
        )
        _tell(case, diagnosis)
        publish(
            "case.diagnosis", organisation_id=case.organisation_id, case_id=case.id, version=diagnosis.version
        )
    return diagnosis


def _tell(case: Case, diagnosis: Diagnosis) -> None:
    report, about = diagnosis.report, {"diagnosis": diagnosis.version}
    record_fact(case, report["summary"] or "The evidence was read.", by=None, data=about)
    onset = report["onset"]
    if onset:
        first, last = _clock(onset["earliest"]), _clock(onset["latest"])
        data = about | {"locators": onset["locators"][:4]}
        record_fact(case, f"Onset between {first} and {last}.", by=None, data=data)
    top = report["components"][0] if report["components"] else None
    if top and report["verdict"] == "abnormal" and top["name"] != case.component:
        name_component(case, top["name"], _because(top), about | {"finding": next(iter(top["reasons"]), "")})
    if report["coverage"]:
        gaps = "; ".join(f"{gap['id']} {gap['title']}" for gap in report["coverage"][:5])
        record_fact(case, f"The evidence does not contain: {gaps}", by=None, data=about)


def _because(top: dict[str, Any]) -> str:
    reason = next((argument["text"] for argument in top["arguments"] if argument["sign"] == "+"), "")
    return (
        f"Ranked first with {top['score']:.2f}: {reason}"
        if reason
        else f"Ranked first with {top['score']:.2f}"
    )


def _clock(time: str) -> str:
    """Return `10:56:07.322 UTC` of an ISO time."""
    return f"{time[11:23].rstrip('Z')} UTC"
