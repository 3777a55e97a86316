"""Nobody owns it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.cases.states import OPEN
from holdfast.desk.closure.hygiene import Check


class NoOwner(Check):
    """Nobody owns it."""

    name = "no-owner"
    sort = "missing"
    says = "Nobody owns it."
    repair = "Assign it; the queue suggests who could take it."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state__in=OPEN, owner=None)
