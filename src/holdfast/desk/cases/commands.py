"""Every deed on a case: one transaction with the change, the timeline entry and the event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from holdfast.desk.cases.chain import canonical
from holdfast.desk.cases.models import Case, Entry, Focus, Kind, Part, SentKey
from holdfast.desk.cases.states import MOVES, OPEN, State
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.people.models import Customer, Organisation, Person
from holdfast.desk.people.rights import Deed


class Conflict(Exception):
    """The deed does not fit what the case is by now; the message says how to go on."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is said when a case is declared."""

    title: str
    severity: int
    impact: str = ""
    area: str = ""
    customer: str = ""
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """The case, and whether this declaration made it or an earlier one with the same key."""

    case: Case
    created: bool


@transaction.atomic
def declare(
    organisation: Organisation, said: Escalation, *, by: Person, source: str, key: str = ""
) -> Declared:
    """Take an escalation in. The same key again returns the case it made; it is never taken twice."""
    member = next((m for m in by.standing if m.organisation_id == organisation.id), None)
    if member is None or not by.may(Deed.DECLARE, organisation.id):
        raise PermissionDenied("your role does not declare cases here")
    # The row lock makes two arrivals with one key take turns, and hands out the number.
    Organisation.objects.filter(id=organisation.id).update(last_number=F("last_number"))
    digest = hashlib.sha256(canonical(asdict(said) | {"reported_at": str(said.reported_at)})).hexdigest()
    earlier = _arrived(organisation, key, digest) if key else None
    if earlier is not None:
        return Declared(earlier, created=False)
    case = _new_case(
        organisation, said, by, member.customer or _customer(organisation, said.customer), source
    )
    if key:
        SentKey.objects.create(organisation=organisation, key=key, digest=digest, case=case)
    data = change(case, "state", None, State.NEW) | {"severity": said.severity, "source": source}
    append(
        case,
        Kind.STATE,
        f"Declared: {case.title}",
        by=by,
        event="case.declared",
        data=data,
        shared=True,
        happened_at=case.reported_at,
    )
    return Declared(case, created=True)


def _arrived(organisation: Organisation, key: str, digest: str) -> Case | None:
    sent = (
        SentKey.objects.select_related("case__organisation")
        .filter(organisation=organisation, key=key)
        .first()
    )
    if sent and sent.digest != digest:
        raise Conflict(
            f"this key came before with other words, as {sent.case.key}; send a new key for a new case"
        )
    return sent.case if sent else None


def _customer(organisation: Organisation, name: str) -> Customer | None:
    if not name.strip():
        return None
    return Customer.objects.get_or_create(organisation=organisation, name=name.strip())[0]


def _reported(given: datetime | None) -> datetime:
    now = timezone.now()
    if given is not None and given.tzinfo is None:
        raise Conflict("the time of the report has no zone; write it like 2026-03-01T10:56:00+01:00")
    if given is not None and given > now + timedelta(minutes=5):
        raise Conflict("the report would lie in the future; check the clock and the zone it was written in")
    return given or now


def _new_case(
    organisation: Organisation, said: Escalation, by: Person, customer: Customer | None, source: str
) -> Case:
    case = Case(
        title=said.title.strip(),
        impact=said.impact.strip(),
        severity=said.severity,
        area=said.area.strip(),
        customer=customer,
        source=source,
        declared_by=by,
        asked_severity=said.severity,
        reported_at=_reported(said.reported_at),
    )
    return numbered(case, organisation)


def numbered(case: Case, organisation: Organisation) -> Case:
    """Save a new case under the next number of its organisation."""
    Organisation.objects.filter(id=organisation.id).update(last_number=F("last_number") + 1)
    organisation.refresh_from_db(fields=["last_number"])
    case.organisation, case.number = organisation, organisation.last_number
    case.save(force_insert=True)
    return case


@transaction.atomic
def acknowledge(case: Case, *, by: Person) -> Case:
    """Say that an engineer has it: stops the clock, makes them owner if nobody is. Twice is once."""
    case = allowed(case, by, Deed.ACKNOWLEDGE)
    if case.acknowledged_at is not None:
        return case
    if case.state == State.MERGED:
        raise Conflict(f"{case.key} is merged into another case; take the merge back first")
    before = case.state
    case.acknowledged_at = timezone.now()
    case.owner = case.owner or by
    if case.state == State.NEW:
        case.state, case.state_at = State.DIAGNOSING, case.acknowledged_at
    append(
        case,
        Kind.STATE,
        f"Acknowledged by {by.title}",
        by=by,
        event="case.acknowledged",
        data=change(case, "state", before, case.state) | {"acknowledged": True},
        shared=True,
    )
    return case


Guard = Callable[[Case, str, Mapping[str, Any]], None]
_guards: list[Guard] = []


def when_moving(guard: Guard) -> Guard:
    """Register who may object to a move, by raising Conflict: told the case, the state, and the entry's data."""
    _guards.append(guard)
    return guard


@transaction.atomic
def change_state(
    case: Case,
    to: str,
    *,
    by: Person | None,
    reason: str = "",
    happened_at: datetime | None = None,
    more: dict[str, Any] | None = None,
) -> Case:
    """Move the case to a state it may move to, now or at the past moment it happened.

    Without a person it is the desk itself that moves it. `more` is kept in the entry's data.
    """
    case = allowed(case, by, Deed.CHANGE_STATE) if by else lock(case.id)
    before = case.state
    if to == before:
        return case
    if before == State.MERGED:
        raise Conflict(f"{case.key} is merged into another case; take the merge back first")
    if to not in MOVES[before]:
        ways = ", ".join(MOVES[before])
        raise Conflict(f"{case.key} is {before}; from there it can become {ways}, not {to}")
    if happened_at is not None:
        _require_possible(case, to, happened_at)
    for guard in _guards:
        guard(case, to, more or {})
    case.state, case.state_at, case.came_back = State(to), happened_at or timezone.now(), False
    case.closed_at = None if case.state in OPEN else (case.closed_at or happened_at or timezone.now())
    moved = f"State {State(before).label} to {case.state.label}"
    append(
        case,
        Kind.STATE,
        reason.strip() or moved,
        by=by,
        event="case.moved",
        data=change(case, "state", before, to) | (more or {}),
        outside=moved,
        happened_at=happened_at,
    )
    return case


def _require_possible(case: Case, what: str, at: datetime) -> None:
    """Refuse a time that cannot be: without zone, in the future, before the report or the change before it."""
    if at.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if at > timezone.now():
        raise Conflict(f"{what} at {_utc(at)} lies in the future")
    if at < case.reported_at:
        raise Conflict(
            f"{what} at {_utc(at)} would be before the case was reported, {_utc(case.reported_at)}"
        )
    told = case.entries.filter(kind=Kind.STATE, data__field="state", happened_at__gt=at)
    if (later := told.order_by("-happened_at").first()) is not None:
        raise Conflict(f"{what} at {_utc(at)} would be before “{later.text}”, {_utc(later.happened_at)}")


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@transaction.atomic
def raise_severity(case: Case, to: int, *, by: Person, reason: str) -> Case:
    """Change the severity, up or down, with the reason for it."""
    case = allowed(case, by, Deed.RAISE_SEVERITY)
    if to not in {1, 2, 3, 4}:
        raise Conflict("severity is 1, 2, 3 or 4")
    if to == case.severity:
        return case
    if not reason.strip():
        raise Conflict("say why: a severity without a reason is disputed later")
    if case.disputed:
        raise Conflict("the severity is disputed; settle the dispute on the page Triage")
    before, case.severity = case.severity, to
    case.confirmed_at, case.disputed = timezone.now(), False
    append(
        case,
        Kind.DECISION,
        reason.strip(),
        by=by,
        event="case.severity",
        data=change(case, "severity", before, to),
        outside=f"Severity {before} to {to}",
    )
    return case


Assigning = Callable[[Case, Person | None], None]
_assigning: list[Assigning] = []


def when_assigning(guard: Assigning) -> Assigning:
    """Register who may object to a new owner, by raising Conflict: told the case and the person."""
    _assigning.append(guard)
    return guard


@transaction.atomic
def assign(case: Case, owner: Person | None, *, by: Person) -> Case:
    """Give the case to somebody who may own it, or to nobody."""
    case = allowed(case, by, Deed.ASSIGN)
    if owner is not None and not case.allows(owner, Deed.ACKNOWLEDGE):
        raise Conflict(f"{owner.title} cannot own cases of {case.organisation}")
    if owner == case.owner:
        return case
    if owner is not None and owner != by:
        _require_out_of_focus(case, owner)
    for guard in _assigning:
        guard(case, owner)
    before, case.owner = case.owner, owner
    names = (before.title if before else None, owner.title if owner else None)
    data = change(case, "owner", *names)
    append(case, Kind.STATE, f"Owner {names[1] or 'nobody'}", by=by, event="case.assigned", data=data)
    return case


def _require_out_of_focus(case: Case, owner: Person) -> None:
    focus = Focus.objects.filter(person=owner, until__gt=timezone.now(), lets_in__lt=case.severity).first()
    if focus is not None:
        until = f"{focus.until:%H:%M} UTC"
        raise Conflict(
            f"{owner.title} is in focus until {until} and takes only Sev {focus.lets_in}; ask, or wait"
        )


@transaction.atomic
def join(case: Case, person: Person, what: str, *, by: Person) -> Part:
    """Put somebody on the case; a developer sees it from then on."""
    case = allowed(case, by, Deed.ASSIGN)
    what = words(what)[:60]
    before = Part.objects.filter(case=case, person=person).values_list("what", flat=True).first()
    part, _ = Part.objects.update_or_create(case=case, person=person, defaults={"what": what})
    if before is None:
        append(case, Kind.ACTION, f"{person.title} joins: {what}", by=by, event="case.joined")
    elif before != what:
        data = change(case, f"part of {person.title}", before, what)
        append(case, Kind.ACTION, f"{person.title}: {what}", by=by, event="case.joined", data=data)
    return part


@transaction.atomic
def leave(case: Case, person: Person, *, by: Person) -> None:
    """Take somebody off the case; a developer no longer sees it. Twice is once."""
    case = allowed(case, by, Deed.ASSIGN)
    number, _ = Part.objects.filter(case=case, person=person).delete()
    if number:
        append(case, Kind.ACTION, f"{person.title} leaves the case", by=by, event="case.joined")


@transaction.atomic
def comment(case: Case, text: str, *, by: Person, theirs: bool = False) -> Entry:
    """Say something on the case. What the customer says is shared, also when it is put there for them.

    `theirs` says that the words are the customer's own; ours reach them as an update only, see `telling`.
    """
    case = allowed(case, by, Deed.COMMENT)
    shared = theirs or not case.allows(by, Deed.SEE_INTERNAL)
    return append(case, Kind.COMMENT, words(text), by=by, event="case.comment", shared=shared)


@transaction.atomic
def record_fact(
    case: Case,
    text: str,
    *,
    by: Person | None,
    kind: Kind = Kind.FACT,
    happened_at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """Record a fact, an action or a decision. Without a person it is the engine that speaks."""
    case = allowed(case, by, Deed.RECORD) if by else lock(case.id)
    return append(case, kind, words(text), by=by, event=f"case.{kind}", data=data, happened_at=happened_at)


@transaction.atomic
def name_component(case: Case, component: str, text: str, data: dict[str, Any]) -> Entry:
    """Record which component the engine ranks first now."""
    case = lock(case.id)
    before, case.component = case.component, component[:200]
    data = data | change(case, "component", before or None, component or None)
    return append(case, Kind.STATE, text, by=None, event="case.component", data=data)


def allowed(case: Case, by: Person, deed: Deed) -> Case:
    """Return the case, locked, if the person sees it and may do this to it."""
    case = lock(case.id, seen_by=by)
    _require_deed(case, by, deed)
    return case


def require_right(case: Case, by: Person, deed: Deed) -> None:
    """Refuse a deed to whoever does not see the case or may not do this to it."""
    if not Case.objects.visible_to(by).filter(id=case.id).exists():
        raise Case.DoesNotExist
    _require_deed(case, by, deed)


def _require_deed(case: Case, by: Person, deed: Deed) -> None:
    if not case.allows(by, deed):
        raise PermissionDenied(f"your role may not {deed.replace('_', ' ')} here")


def words(text: str) -> str:
    """Return a text without its edges; refuse one with nothing in it."""
    if not text.strip():
        raise Conflict("there is nothing in it; write a sentence")
    return text.strip()
