"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from typing import Any

from holdfast.desk.cases.carrying import Record, carries
from holdfast.desk.decisions.models import Decision, State, Voice

_OVER: dict[str, str] = {
    State.WAITING: State.WITHDRAWN,
    # what was approved there allows nothing here
    State.APPROVED: State.EXPIRED,
    State.BROKEN: State.EXPIRED,
}

carries(
    Record(
        Decision,
        plain=frozenset({"digest", "about"}),
        shapes={"details": dict[str, Any]},
        stops={"state": _OVER},
        ended="decided_at",
    ),
    Record(Voice, within="decision"),
)
