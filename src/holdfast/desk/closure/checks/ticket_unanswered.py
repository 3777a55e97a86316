"""Engineering asked something about a ticket, and nobody has answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from holdfast.desk.closure.hygiene import Check
from holdfast.desk.engineering.models import Exchange, Standing, Word

HOURS = 4


class TicketUnanswered(Check):
    """Engineering asked something about a ticket, and nobody has answered."""

    name = "ticket-unanswered"
    sort = "stale"
    says = f"A ticket was sent back or disputed more than {HOURS} hours ago, and nobody has answered."
    repair = "Answer on the page Tickets, or withdraw the ticket."

    def where(self, now: datetime) -> Q:
        """Return the condition."""
        asked = Exchange.objects.filter(
            ticket__case=OuterRef("pk"),
            ticket__state__in=[Standing.SENT_BACK, Standing.DISPUTED],
            word__in=[Word.SENT_BACK, Word.DISPUTED],
            at__lt=now - timedelta(hours=HOURS),
        )
        later = Exchange.objects.filter(ticket=OuterRef("ticket"), id__gt=OuterRef("id"))
        return Q(Exists(asked.filter(~Exists(later)))) & ~Q(state="closed")
