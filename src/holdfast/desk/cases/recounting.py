"""Counting anew, from the timelines, everything that is kept beside a case for lists and figures."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.models import Case
from holdfast.desk.cases.timeline import lock, refresh


def recount(progress: Callable[[int, int], None] | None = None) -> int:
    """Count every case anew, one transaction each; return how many there were."""
    ids = list(Case.objects.order_by("id").values_list("id", flat=True))
    for number, case_id in enumerate(ids, 1):
        with transaction.atomic():
            refresh(lock(case_id), timezone.now())
        if progress and (number % 50 == 0 or number == len(ids)):
            progress(number, len(ids))
    return len(ids)
