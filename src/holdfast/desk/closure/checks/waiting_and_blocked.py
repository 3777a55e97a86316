"""Its clocks stand still for the customer, but it waits for somebody else."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.closure.hygiene import Check


class WaitingElsewhere(Check):
    """Its clocks stand still for the customer, but it waits for somebody else."""

    name = "waiting-elsewhere"
    sort = "contradictory"
    says = "Its clocks stand still for the customer, but it waits for somebody else."
    repair = "Move it on, or correct what it waits for."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state="waiting") & ~Q(blocked_on="") & ~Q(blocked_on__icontains="customer")
