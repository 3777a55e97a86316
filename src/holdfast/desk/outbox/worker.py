"""A worker: claims a job by one UPDATE, keeps the lease while it works, stores the outcome or nothing.

A worker that dies leaves a lease that runs out; the next claim by anybody takes the job over.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from holdfast.desk.outbox.commands import publish
from holdfast.desk.outbox.jobs import Refused, Stop, handler
from holdfast.desk.outbox.models import Job
from holdfast.desk.outbox.rounds import make_rounds

LEASE = timedelta(seconds=10)
ATTEMPTS = 3
_log = logging.getLogger("holdfast.jobs")

_CLAIM = """
UPDATE outbox_job
   SET state = 'running', worker = %s, lease_until = %s, attempts = attempts + 1,
       started_at = COALESCE(started_at, %s)
 WHERE id = (SELECT id FROM outbox_job
              WHERE state IN ('queued', 'running') AND (state = 'queued' OR lease_until < %s)
                AND attempts < %s
              ORDER BY id LIMIT 1 {lock})
RETURNING id
"""


class Lease:
    """A job held by this worker; what handlers see as their Run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._shown = (-1, "")

    def beat(self, percent: int | None = None, progress: str | None = None) -> None:
        """Renew the lease and publish progress; raise Stop when cancelled or when the lease was lost."""
        percent = self.job.percent if percent is None else percent
        progress = (self.job.progress if progress is None else progress)[:200]
        with transaction.atomic():
            self._renew(percent=percent, progress=progress)
            if (percent, progress) != self._shown:
                self._shown = (percent, progress)
                self._publish("job.progress")
        self.job.refresh_from_db()
        if self.job.cancel:
            raise Stop("cancelled")

    def end(self, state: str, error: str = "") -> None:
        """Mark the job ended, in the caller's transaction; raise Stop when the lease was lost."""
        self._renew(state=state, error=error, finished_at=timezone.now())
        self._publish(f"job.{state}")

    def _renew(self, **changes: object) -> None:
        held = Job.objects.filter(id=self.job.id, worker=self.job.worker, state=Job.State.RUNNING)
        if not held.update(lease_until=timezone.now() + LEASE, **changes):
            raise Stop("another worker holds this job")

    def _publish(self, kind: str) -> None:
        publish(kind, organisation_id=self.job.organisation_id, case_id=self.job.case_id, job=self.job.id)


def work(stop: Callable[[], bool], pause: float = 0.3) -> None:
    """Work until told to stop; an idle worker looks for jobs every `pause` seconds, and makes its rounds."""
    name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    looked = 0.0
    while not stop():
        if time.monotonic() - looked >= 1:
            looked = time.monotonic()
            make_rounds()
        if not work_once(name):
            close_old_connections()
            time.sleep(pause)


def work_once(worker: str) -> bool:
    """Claim one job and work on it; return False when there was none."""
    give_up()
    job = claim(worker)
    if job is None:
        return False
    _perform(Lease(job))
    return True


def claim(worker: str) -> Job | None:
    """Take the oldest job that waits or whose worker died."""
    now = timezone.now()
    sql = _CLAIM.format(lock="FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, [worker, now + LEASE, now, now, ATTEMPTS])
        row = cursor.fetchone()
    return Job.objects.get(id=row[0]) if row else None


def give_up() -> None:
    """Fail the jobs that took their worker down with them as often as may be tried."""
    dead = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=timezone.now(), attempts__gte=ATTEMPTS)
    for job in dead:
        with transaction.atomic():
            job.state, job.finished_at = Job.State.FAILED, timezone.now()
            job.error = f"the worker died {job.attempts} times; the evidence is kept, start it again to retry"
            job.save(update_fields=["state", "finished_at", "error"])
            publish("job.failed", organisation_id=job.organisation_id, case_id=job.case_id, job=job.id)


def _perform(lease: Lease) -> None:
    try:
        store = handler(lease.job.kind)(lease)
        with transaction.atomic():
            store()
            lease.end(Job.State.DONE)
    except Stop:
        _stopped(lease)
    except Refused as refusal:
        _end(lease, Job.State.FAILED, str(refusal))
    except Exception as error:
        _log.exception("job failed", extra={"job": lease.job.id, "kind": lease.job.kind})
        _retry_or_fail(lease, error)


def _stopped(lease: Lease) -> None:
    if lease.job.cancel:
        _end(lease, Job.State.CANCELLED, "")


def _retry_or_fail(lease: Lease, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"
    if lease.job.attempts >= ATTEMPTS:
        _end(lease, Job.State.FAILED, text)
    else:
        # An expired lease is what makes a job claimable again.
        Job.objects.filter(id=lease.job.id, worker=lease.job.worker).update(
            state=Job.State.QUEUED, error=text, worker=""
        )


def _end(lease: Lease, state: str, error: str) -> None:
    try:
        with transaction.atomic():
            lease.end(state, error)
    except Stop:
        _log.info("lease lost", extra={"job": lease.job.id})
