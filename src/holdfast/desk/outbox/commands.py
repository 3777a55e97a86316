"""Publish what happened, and ask for work, inside the transaction of the deed."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from holdfast.desk.outbox.models import Event, Job
from holdfast.desk.outbox.ordering import enter


def publish(
    kind: str, *, organisation_id: int | None = None, case_id: int | None = None, **data: Any
) -> Event:
    """Record an event. Call it last in a transaction, with the deed it tells of."""
    _require_transaction("publish")
    enter()
    return Event.objects.create(kind=kind, organisation_id=organisation_id, case_id=case_id, data=data)


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    organisation_id: int | None = None,
    case_id: int | None = None,
) -> Job:
    """Ask for work; it becomes visible to workers when the caller's transaction commits."""
    _require_transaction("enqueue")
    job = Job.objects.create(kind=kind, payload=payload, organisation_id=organisation_id, case_id=case_id)
    publish("job.queued", organisation_id=organisation_id, case_id=case_id, job=job.id)
    return job


@transaction.atomic
def cancel(job: Job) -> None:
    """Ask a job to stop; a waiting one stops at once, a running one at its next sign of life."""
    waiting = Job.objects.filter(id=job.id, state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, cancel=True
    )
    if not waiting:
        Job.objects.filter(id=job.id, state=Job.State.RUNNING).update(cancel=True)
    publish("job.cancelled", organisation_id=job.organisation_id, case_id=job.case_id, job=job.id)


def _require_transaction(deed: str) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError(f"{deed} outside a transaction could tell of a deed that never happened")
