"""It has no next step."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class NoNextStep(Check):
    """It has no next step."""

    name = "no-next-step"
    sort = "missing"
    says = "It has no next step."
    repair = "Write what happens next, or what it waits for."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state__in=OPEN, next_step="", blocked_on="")
