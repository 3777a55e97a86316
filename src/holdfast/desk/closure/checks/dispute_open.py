"""The severity is disputed and waits for the lead."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.closure.hygiene import Check


class DisputeOpen(Check):
    """The severity is disputed and waits for the lead."""

    name = "dispute-open"
    sort = "stale"
    says = "The severity is disputed and waits for the lead."
    repair = "A lead settles it on the page Triage."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(disputed=True) & ~Q(state="closed")
