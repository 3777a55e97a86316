"""It is resolved, and the customers of its duplicates do not know."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from holdfast.desk.cases.models import Entry, Kind
from holdfast.desk.closure.hygiene import Check
from holdfast.desk.links.models import Link


class DuplicatesUntold(Check):
    """It is resolved, and the customers of its duplicates do not know."""

    name = "duplicates-untold"
    sort = "missing"
    says = "The customer of a merged duplicate was not told since it was resolved."
    repair = "Write to them from the panel Links."

    def where(self, now: datetime) -> Q:  # noqa: ARG002
        """Return the condition."""
        told = Entry.objects.filter(
            case=OuterRef("case"), kind=Kind.UPDATE, happened_at__gte=OuterRef("other__state_at")
        )
        waiting = Link.objects.filter(other=OuterRef("pk"), merges=True, ended_at=None).filter(~Exists(told))
        return Q(Exists(waiting), state="resolved")
