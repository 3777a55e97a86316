"""Its next step is overdue."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class StepOverdue(Check):
    """Its next step is overdue."""

    name = "step-overdue"
    sort = "stale"
    says = "Its next step is overdue."
    repair = "Do it, or plan it anew."

    def where(self, now: datetime) -> Q:
        """Return the condition."""
        return Q(state__in=OPEN, next_step_by__lt=now)
