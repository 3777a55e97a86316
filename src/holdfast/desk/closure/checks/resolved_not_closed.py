"""It was resolved ten days ago and is not closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from holdfast.desk.closure.hygiene import Check


class ResolvedNotClosed(Check):
    """It was resolved ten days ago and is not closed."""

    name = "resolved-not-closed"
    sort = "stale"
    says = "It was resolved ten days ago and is not closed."
    repair = "Ask the customer, write down what was learned, close it."

    def where(self, now: datetime) -> Q:
        """Return the condition."""
        return Q(state="resolved", state_at__lt=now - timedelta(days=10))
