"""What becomes of an arrival: a case, part of a case, refused, or set aside. Each happens once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival.asking import addresses
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.commands import Conflict, Escalation
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people import moments
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault.models import Artefact

FIELDS = ("title", "severity", "impact", "area", "customer", "reported_at")


class Unreadable(Exception):
    """What arrived is not yet an escalation; the message says what is missing or wrong."""


def escalation(fields: dict[str, Any]) -> Escalation:
    """Return what was understood as an escalation; raise Unreadable with every fault."""
    faults, title = [], str(fields.get("title") or "").strip()
    severity = fields.get("severity", 3)
    if not title:
        faults.append("there is no title")
    elif len(title) > 200:
        title = title[:199] + "…"
    if severity not in (1, 2, 3, 4):
        faults.append(f"the severity is {str(severity)[:40]!r}, not 1, 2, 3 or 4")
    reported = None
    try:
        reported = _moment(fields.get("reported_at"))
    except ValueError as wrong:
        faults.append(str(wrong))
    if faults:
        raise Unreadable("; ".join(faults))
    return Escalation(
        title,
        int(severity),
        str(fields.get("impact") or "")[:20_000],
        str(fields.get("area") or "")[:80],
        str(fields.get("customer") or "")[:120],
        reported,
    )


def _moment(text: Any) -> datetime | None:
    return None if text in (None, "") else moments.read(str(text))


@dataclass(frozen=True, slots=True)
class Taken:
    """The case, and whether this time made it or an earlier one."""

    case: Case
    created: bool


@transaction.atomic
def take(arrival: Arrival, fields: dict[str, Any], *, by: Person, settled_by: Person | None = None) -> Taken:
    """Make a case of an arrival, in the name of `by`. Taken before, it returns the case of then."""
    arrival = hold(arrival)
    if arrival.case is not None:
        return Taken(arrival.case, created=False)
    _still_open(arrival)
    said = escalation(fields)
    declared = cases.declare(arrival.organisation, said, by=by, source=arrival.source)
    _settle(arrival, Arrival.State.TAKEN, "", settled_by, case=declared.case, fields=_plain(fields))
    return Taken(declared.case, created=True)


@transaction.atomic
def take_as_reply(
    arrival: Arrival,
    case: Case,
    text: str,
    *,
    by: Person,
    theirs: bool = False,
    settled_by: Person | None = None,
) -> Taken:
    """Put what arrived on a case, as a comment of `by`; `theirs` shares the customer's own words with them."""
    arrival = hold(arrival)
    if arrival.case is not None:
        return Taken(arrival.case, created=False)
    _still_open(arrival)
    if case.organisation_id != arrival.organisation_id:
        raise Conflict(f"{case.key} belongs to another organisation")
    cases.comment(case, text or "(no text)", by=by, theirs=theirs)
    _settle(arrival, Arrival.State.TAKEN, "", settled_by, case=case)
    return Taken(case, created=True)


@transaction.atomic
def wait(arrival: Arrival, reason: str, fields: dict[str, Any] | None = None) -> Arrival:
    """Put an arrival into the tray, with what keeps it from being taken."""
    arrival = hold(arrival)
    if arrival.state == Arrival.State.NEW:
        arrival.state, arrival.reason = Arrival.State.WAITING, reason[:500]
        arrival.fields = _plain(fields) if fields is not None else arrival.fields
        arrival.save(update_fields=["state", "reason", "fields"])
        publish("arrival.waiting", organisation_id=arrival.organisation_id, arrival=arrival.id)
    return arrival


@transaction.atomic
def replaced(arrival: Arrival, case: Case, *, by: Person) -> Arrival:
    """Say of a waiting arrival that its sender corrected it and sent it again, and which case that became."""
    arrival = hold(arrival)
    if arrival.state == Arrival.State.WAITING:
        _settle(arrival, Arrival.State.TAKEN, "corrected by its sender and sent again", by, case=case)
    return arrival


@transaction.atomic
def still_waits(arrival: Arrival, reason: str, fields: dict[str, Any]) -> Arrival:
    """Note what was understood of a waiting arrival when it was read again, and why it still waits."""
    arrival = hold(arrival)
    if arrival.state == Arrival.State.WAITING:
        arrival.reason, arrival.fields = reason[:500], _plain(fields)
        arrival.save(update_fields=["reason", "fields"])
    return arrival


@transaction.atomic
def refuse(arrival: Arrival, reason: str) -> Arrival:
    """Refuse what no person has to look at, such as an automatic answer; it stays visible."""
    arrival = hold(arrival)
    if arrival.open:
        _settle(arrival, Arrival.State.REFUSED, reason, None)
    return arrival


@transaction.atomic
def set_aside(arrival: Arrival, reason: str, *, by: Person) -> Arrival:
    """Set an arrival aside, with the reason; it can still be taken later."""
    sorting(by, arrival)
    arrival = hold(arrival)
    if arrival.case is not None:
        raise Conflict(f"it became {arrival.case.key}")
    if not reason.strip():
        raise Conflict("say why it is set aside")
    _settle(arrival, Arrival.State.ASIDE, reason.strip(), by)
    return arrival


@transaction.atomic
def correct_and_take(arrival: Arrival, fields: dict[str, Any], *, by: Person) -> Taken:
    """Take an arrival with corrected fields, in the name of who corrected them."""
    sorting(by, arrival)
    _reopen(arrival)
    return take(arrival, {**arrival.fields, **fields}, by=by, settled_by=by)


@transaction.atomic
def put_on(arrival: Arrival, case: Case, text: str, *, by: Person, theirs: bool = False) -> Taken:
    """Put a waiting arrival on a case by hand, saying whose words they are.

    `theirs` shares it: only what arrived from the customer, as it arrived. Anything else reaches them as an update.
    """
    sorting(by, arrival)
    if theirs and arrival.sender not in addresses(case):
        raise Conflict(
            f"{arrival.sender or 'the sender'} is no address of this case's customer; do not share it"
        )
    _reopen(arrival)
    said = f"From {arrival.sender}:\n{text}" if arrival.sender else text
    return take_as_reply(arrival, case, said, by=by, theirs=theirs, settled_by=by)


def attach(case: Case, found: list[tuple[str, int, Any]], *, by: Person) -> list[Artefact]:
    """Seal files that are on disk already as evidence of a case: name, bytes, id of the upload."""
    sealed = []
    for name, size, arrived in found:
        upload = vault.begin(case, name, size, by=by, arrived=arrived)
        sealed.append(vault.complete(upload))
    return sealed


def sorting(by: Person, arrival: Arrival) -> None:
    """Refuse who may not work on this tray; to who sees none of the organisation it does not exist."""
    if not by.may(Deed.SEE, arrival.organisation_id):
        raise Arrival.DoesNotExist
    if not by.may(Deed.SORT_ARRIVALS, arrival.organisation_id):
        raise PermissionDenied("your role does not sort arrivals here")


def hold(arrival: Arrival) -> Arrival:
    """Return the arrival as it is now, held until the transaction ends, so that it is taken once."""
    held = Arrival.objects.select_for_update(of=("self",)).select_related(
        "organisation", "case__organisation"
    )
    return held.get(id=arrival.id)


def _still_open(arrival: Arrival) -> None:
    if not arrival.open:
        raise Conflict(f"it is {arrival.get_state_display().lower()} by now: {arrival.reason}")


def _reopen(arrival: Arrival) -> None:
    """What was refused or set aside by mistake can be taken all the same."""
    closed = [Arrival.State.REFUSED, Arrival.State.ASIDE]
    Arrival.objects.filter(id=arrival.id, state__in=closed).update(state=Arrival.State.WAITING)


def _settle(
    arrival: Arrival,
    state: Arrival.State,
    reason: str,
    by: Person | None,
    *,
    case: Case | None = None,
    fields: dict[str, Any] | None = None,
) -> None:
    arrival.state, arrival.reason, arrival.case = state, reason[:500], case
    arrival.settled_at, arrival.settled_by = timezone.now(), by
    if fields is not None:
        arrival.fields = fields
    arrival.save(update_fields=["state", "reason", "case", "settled_at", "settled_by", "fields"])
    publish(f"arrival.{state}", organisation_id=arrival.organisation_id, arrival=arrival.id)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the known fields as JSON keeps them."""
    return {
        name: value if isinstance(value, int) else str(value)[:20_000].replace("\x00", "\ufffd")
        for name, value in fields.items()
        if name in FIELDS and value not in (None, "")
    }
