"""The round that ends what waited or was approved for too long, so that nothing lapses in silence."""

from __future__ import annotations

from django.utils import timezone

from holdfast.desk.decisions import rights  # noqa: F401  registers the kind of policy
from holdfast.desk.decisions.commands import expire
from holdfast.desk.decisions.models import OPEN, Decision
from holdfast.desk.outbox.rounds import every

BATCH = 200


@every(20, "decisions past their time")
def end_old() -> None:
    """Expire them, the oldest first."""
    due = Decision.objects.filter(state__in=OPEN, until__lte=timezone.now()).order_by("until")
    for decision_id in due.values_list("id", flat=True)[:BATCH]:
        expire(decision_id)
