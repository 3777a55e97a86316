"""What of this room's records travels with a case; see `cases.carrying`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.desk.cases.carrying import Record, carries, stays
from holdfast.desk.engineering.models import Affected, Exchange, Fix, Reproduction, Shared, Standing, Ticket
from holdfast.desk.people.models import Person

_TRACKED = ("tracker", "key", "serial", "seen_state", "tries", "try_at", "trouble", "asked_at", "late_at")
"""What a desk and its tracker have to do with each other; what the ticket is called there stays."""


def _told(row: Affected, _: Person) -> Mapping[str, Any] | None:
    """Leave what another case says of a shared ticket with that case."""
    return {} if row.case_id == row.ticket.case_id else None


carries(
    Record(
        Ticket,
        anew=frozenset((*_TRACKED, "organisation", "owner", "same_as")),
        shapes={
            "parts": dict[str, str],
            "filled": dict[str, str],
            "sent": dict[str, Any],
            "open_checks": list[str],
        },
        stops={"state": {Standing.QUEUED: Standing.DRAFT, Standing.SAME: Standing.DROPPED}},
    ),
    Record(Exchange, within="ticket", anew=frozenset({"carries", "carry_at"})),
    Record(Fix, within="ticket"),
    Record(
        Reproduction,
        within="ticket",
        shapes={"arguments": list[str], "codes": list[int | None]},
        stops={"outcome": {Reproduction.Outcome.WAITING: Reproduction.Outcome.INCONCLUSIVE}},
    ),
    Record(Affected, within="ticket", told=_told),
)
stays({Shared: "the other case stays where it is"})
