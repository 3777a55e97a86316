"""It is severity 1 or 2, and nobody wrote who is affected."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class SevereWithoutScope(Check):
    """It is severity 1 or 2, and nobody wrote who is affected."""

    name = "severe-without-scope"
    sort = "missing"
    says = "It is severity 1 or 2, and nobody wrote who is affected."
    repair = "Name customers, tenants, regions or versions on the page Triage."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state__in=OPEN, severity__lte=2, scope={})
