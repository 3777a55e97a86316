"""The job that runs a mitigation's probe."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from holdfast.desk.outbox.jobs import Refused, Run, handles
from holdfast.desk.response.mitigations import JOB, keep_samples
from holdfast.desk.response.models import Mitigation
from holdfast.desk.response.probing import Seen, run

WATCH_KINDS = ("http", "metric")
"""Probes that see something new each time."""


@handles(JOB)
def probe(work: Run) -> Callable[[], None]:
    """Run it once to have a look, or as often as it says to verify; it stops at the first that does not pass."""
    purpose = work.job.payload["purpose"]
    mitigation = Mitigation.objects.select_related("case__organisation").get(
        id=work.job.payload["mitigation"]
    )
    if not mitigation.probe:
        raise Refused(f"{mitigation} has no probe any more")
    verifies = purpose == "verify"
    times = int(mitigation.probe["times"]) if verifies else 1
    seen = _look(work, mitigation, times, mitigation.started_at if verifies else None)
    return lambda: keep_samples(mitigation.id, seen, verifies=verifies)


def _look(work: Run, mitigation: Mitigation, times: int, since: datetime | None) -> list[Seen]:
    seen: list[Seen] = []
    for number in range(times):
        work.beat(int(100 * number / times), f"{mitigation} probe {number + 1} of {times}")
        seen.append(run(mitigation.probe, mitigation.case, since, work.beat))
        if seen[-1].outcome != "passed":
            break
        if number + 1 < times:
            _pause(work, int(mitigation.probe["pause"]))
    return seen


def _pause(work: Run, seconds: int) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
        work.beat()


def next_look(mitigation: Mitigation, now: datetime | None = None) -> float:
    """Return after how many seconds a live mitigation is looked at again: often at first, seldom later."""
    now = now or timezone.now()
    age = (now - (mitigation.started_at or now)).total_seconds()
    return 60.0 if age < 3600 else 300.0 if age < 86_400 else 1800.0
