"""It was acknowledged, and nobody confirmed its severity."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class UnconfirmedSeverity(Check):
    """It was acknowledged, and nobody confirmed its severity."""

    name = "unconfirmed-severity"
    sort = "missing"
    says = "It was acknowledged, and nobody confirmed its severity."
    repair = "Answer the matrix on the page Triage and confirm."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state__in=OPEN, acknowledged_at__isnull=False, confirmed_at=None)
