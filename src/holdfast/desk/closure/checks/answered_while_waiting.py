"""It waits for the customer, and the customer has answered."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from holdfast.desk.closure.hygiene import Check


class AnsweredWhileWaiting(Check):
    """It waits for the customer, and the customer has answered."""

    name = "answered-while-waiting"
    sort = "contradictory"
    says = "It waits for the customer, and the customer has answered."
    repair = "Read the answer and move it on; the clocks stand still meanwhile."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return Q(state="waiting", customer_at__gt=F("state_at"))
