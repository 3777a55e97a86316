"""The states of a case and the moves between them."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Where a case stands."""

    NEW = "new", "New"
    DIAGNOSING = "diagnosing", "Diagnosing"
    WAITING = "waiting", "Waiting on customer"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    MERGED = "merged", "Merged"


MOVES: dict[str, tuple[State, ...]] = {
    State.NEW: (State.DIAGNOSING, State.WAITING, State.RESOLVED),
    State.DIAGNOSING: (State.WAITING, State.MITIGATED, State.RESOLVED),
    State.WAITING: (State.DIAGNOSING, State.MITIGATED, State.RESOLVED),
    State.MITIGATED: (State.DIAGNOSING, State.WAITING, State.RESOLVED),
    State.RESOLVED: (State.DIAGNOSING, State.CLOSED),
    State.CLOSED: (State.DIAGNOSING,),
    State.MERGED: (),
}
"""From a state, the states it may move to. Closed to diagnosing is a reopening. In and out of merged
it goes by a link only, see the links room."""

OPEN = (State.NEW, State.DIAGNOSING, State.WAITING, State.MITIGATED)
