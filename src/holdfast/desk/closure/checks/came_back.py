"""It is resolved, and the customer wrote again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from holdfast.desk.closure.hygiene import BACK, Check


class CameBack(Check):
    """It is resolved, and the customer wrote again."""

    name = "came-back"
    sort = "contradictory"
    says = "It is resolved, and the customer wrote again."
    repair = "Read it; reopen the case, or answer."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        return BACK
