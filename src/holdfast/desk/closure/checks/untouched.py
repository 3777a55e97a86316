"""Nobody has written anything for two days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class Untouched(Check):
    """Nobody has written anything for two days."""

    name = "untouched"
    sort = "stale"
    says = "Nobody has written anything for two days."
    repair = "Say where it stands, to the team and to the customer."

    def where(self, now: datetime) -> Q:
        """Return the condition."""
        return Q(state__in=OPEN, touched_at__lt=now - timedelta(days=2))
