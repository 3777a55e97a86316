"""It has been blocked for three days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class BlockedLong(Check):
    """It has been blocked for three days."""

    name = "blocked-long"
    sort = "stale"
    says = "It has been blocked for three days."
    repair = "Ask whom it waits for, or escalate."

    def where(self, now: datetime) -> Q:
        """Return the condition."""
        return Q(state__in=OPEN, blocked_at__lt=now - timedelta(days=3)) & ~Q(blocked_on="")
