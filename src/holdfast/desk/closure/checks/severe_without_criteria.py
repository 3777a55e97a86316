"""It is severity 1 or 2 without any criteria."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class SevereWithoutCriteria(Check):
    """It is severity 1 or 2 without any criteria."""

    name = "severe-without-criteria"
    sort = "habit"
    says = "It is severity 1 or 2 without any criteria."
    repair = "Answer the matrix: when everything is severe, nothing is."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state__in=OPEN, severity__lte=2, criteria={})
