"""Fixes and the customers of a defect: which build has it, who runs what, who was told, where it was verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.engineering.models import EVENT, UNFILED, Affected, Fix, Ticket, Whether, Word
from holdfast.desk.engineering.outcomes import MOVES, say, why_not_owner
from holdfast.desk.engineering.versions import within
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

MOST_FIXES, MOST_CUSTOMERS = 50, 500


@dataclass(frozen=True, slots=True)
class Built:
    """A version with the fix, as somebody says it."""

    version: str
    line: str = ""
    build: str = ""
    released_at: datetime | None = None


@transaction.atomic
def fix(ticket: Ticket, said: Built, *, by: Person) -> Fix:
    """Name a version that has the fix, or say more about one; the ticket is fixed by the first.

    Whoever speaks for the owner says it, and whoever works on the case.
    """
    if not Ticket.objects.visible_to(by).filter(id=ticket.id).exists():
        raise Ticket.DoesNotExist
    if (reason := why_not_owner(ticket, by)) and not _works_on(ticket, by):
        raise PermissionDenied(reason)
    case = lock(ticket.case_id)
    ticket = Ticket.objects.select_for_update(of=("self",)).get(id=ticket.id)
    version = words(said.version)[:60]
    _require_possible(ticket, said, version)
    made, fresh = Fix.objects.get_or_create(ticket=ticket, version=version, defaults={"by": by})
    made.line, made.build = said.line.strip()[:60], said.build.strip()[:120] or made.build
    made.released_at = said.released_at or made.released_at
    made.save()
    where = f" for {made.line}" if made.line else ""
    when = f", out since {made.released_at:%d %b %H:%M} UTC" if made.released_at else ", not out yet"
    text = f"{ticket.called}: {version} has the fix{where}{when}"
    data: dict[str, Any] = {"ticket": ticket.number, "fix": version, "line": made.line, "build": made.build}
    append(case, Kind.FACT, text, by=by, event=EVENT, data=data | {"released": made.released_at is not None})
    if fresh and ticket.state in MOVES[Word.FIXED] and not why_not_owner(ticket, by):
        say(ticket.id, Word.FIXED, f"in {version}{where}", by=by)
    if case.owner is not None and case.owner != by:
        notify(
            case.owner,
            case,
            f"{case.key} {text}",
            f"ticket/{ticket.number}/fix/{version}/{bool(made.released_at)}",
        )
    return made


def _works_on(ticket: Ticket, by: Person) -> bool:
    return (
        by.may(Deed.RECORD, ticket.organisation_id)
        and Case.objects.visible_to(by).filter(id=ticket.case_id).exists()
    )


def _require_possible(ticket: Ticket, said: Built, version: str) -> None:
    if ticket.state in UNFILED:
        raise Conflict(f"{ticket} is not filed; nothing can be fixed yet")
    if said.released_at is not None and said.released_at.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if said.line.strip() and not within(version, said.line):
        raise Conflict(f"{version} is no version of the line {said.line.strip()[:60]}; write 1.0 for 1.0.3")
    if ticket.fixes.count() >= MOST_FIXES and not ticket.fixes.filter(version=version).exists():
        raise Conflict(f"a ticket keeps {MOST_FIXES} fixed versions")


@dataclass(frozen=True, slots=True)
class Where:
    """Where a customer stands; what is left out stays as it is."""

    affected: str | None = None
    version: str | None = None
    workaround: str | None = None


@transaction.atomic
def add_customer(ticket: Ticket, case: Case, name: str, *, by: Person) -> Affected:
    """Put a customer into the matrix, by a case of the ticket. One that is there stays as it is."""
    case = allowed(case, by, Deed.RECORD)
    _require_case(ticket, case)
    name = words(name)[:120]
    known = ticket.customers.filter(name=name).first()
    if known is not None:
        return known
    if ticket.customers.count() >= MOST_CUSTOMERS:
        raise Conflict(f"a ticket keeps {MOST_CUSTOMERS} customers")
    made = Affected.objects.create(ticket=ticket, case=case, name=name, affected=Whether.UNKNOWN)
    _tell(case, made, f"{name} may be affected by {ticket.called}", by, {})
    return made


def _require_case(ticket: Ticket, case: Case) -> None:
    if ticket.state in UNFILED:
        raise Conflict(f"{ticket} is not filed; its customers are known from then on")
    if ticket.case_id != case.id and not ticket.shares.filter(case=case).exists():
        raise Conflict(f"{case.key} does not share {ticket.called}; link it first")


def customer_of(person: Person, row_id: int) -> Affected:
    """Return a row of the matrix, as far as somebody may see its case."""
    seen = Case.objects.visible_to(person).values("id")
    found = Affected.objects.select_related(
        "ticket__case__organisation", "case__organisation", "case__customer"
    )
    row = found.get(id=min(row_id, 2**62), case__in=seen)
    if not row.case.allows(person, Deed.SEE_INTERNAL):
        raise Affected.DoesNotExist
    return row


@transaction.atomic
def place(row: Affected, said: Where, *, by: Person) -> Affected:
    """Say whether a customer is affected, which version they run now, and what helps until then."""
    case, row = _held(row, by)
    if said.affected is not None and said.affected not in Whether.values:
        raise Conflict(f"affected is {', '.join(Whether.values)}, not {said.affected[:20]}")
    parts = []
    if said.affected is not None and said.affected != row.affected:
        row.affected = said.affected
        parts.append(Whether(said.affected).label)
    if said.version is not None and said.version.strip() != row.version:
        was, row.version = row.version, said.version.strip()[:120]
        parts.append(f"runs {row.version or 'an unknown version'}" + (f", before {was}" if was else ""))
        row.verified_at, row.verified_by = None, ""  # what was verified was the other version
    if said.workaround is not None and said.workaround.strip() != row.workaround:
        row.workaround = said.workaround.strip()[:400]
        parts.append(f"workaround: {row.workaround or 'none'}")
    if parts:
        row.save()
        _tell(case, row, f"{row.name}, {row.ticket.called}: {'; '.join(parts)}", by, {"version": row.version})
    return row


@transaction.atomic
def tell(row: Affected, how: str, *, by: Person) -> Affected:
    """Say that a customer was told of the fix, and in what: `U-3`, or in words."""
    case, row = _held(row, by)
    if not row.ticket.fixes.exists():
        raise Conflict(f"{row.ticket.called} has no fix yet; what they hear until then is an update")
    row.told_at, row.told_by = timezone.now(), words(how)[:200]
    row.save()
    _tell(
        case, row, f"{row.name} was told that {row.ticket.called} is fixed: {row.told_by}", by, {"told": True}
    )
    return row


@transaction.atomic
def verify(row: Affected, how: str, *, by: Person, version: str = "") -> Affected:
    """Say how it is known that it is fixed there; with the version they run now, where that is news."""
    case, row = _held(row, by)
    if not row.ticket.fixes.exists():
        raise Conflict(f"{row.ticket.called} has no fix yet; there is nothing to verify")
    if version.strip():
        row.version = version.strip()[:120]
    row.verified_at, row.verified_by = timezone.now(), words(how)[:400]
    row.save()
    runs = f" in {row.version}" if row.version else ""
    text = f"{row.name}: {row.ticket.called} is fixed there{runs}, {row.verified_by}"
    _tell(case, row, text, by, {"verified": True, "version": row.version})
    return row


def _held(row: Affected, by: Person) -> tuple[Case, Affected]:
    case = allowed(row.case, by, Deed.RECORD)
    fresh = Affected.objects.select_for_update(of=("self",)).select_related("ticket").get(id=row.id)
    return case, fresh


def _tell(case: Case, row: Affected, text: str, by: Person, more: dict[str, Any]) -> None:
    data = {"customer": row.name, "reference": row.ticket.reference, "affected": row.affected} | more
    append(case, Kind.FACT, text, by=by, event=EVENT, data=data)
