"""The round that notes broken promises."""

from __future__ import annotations

from django.utils import timezone

from holdfast.desk.outbox.rounds import every
from holdfast.desk.updates.models import Promise
from holdfast.desk.updates.promising import note_broken

BATCH = 200


@every(30, "promises")
def watch() -> None:
    """Note promises whose time has passed, the oldest first."""
    due = Promise.objects.filter(state=Promise.State.OPEN, due_at__lte=timezone.now()).order_by("due_at")
    for promise_id in due.values_list("id", flat=True)[:BATCH]:
        note_broken(promise_id)
