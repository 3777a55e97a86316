"""Saying how large the impact is and what the customer does not allow, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.timeline import append, change
from holdfast.desk.impact.models import Constraint, Number, Sourced, What
from holdfast.desk.investigation.queries import newest
from holdfast.desk.investigation.story import cite
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

MOST = 10**15
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of the impact, as somebody says it."""

    what: str
    number: int
    source: str
    """`customer`, `#12` for an entry of the timeline, `F-03` for a finding, `route.log:54` for a place."""
    whole: int | None = None
    unit: str = ""
    since: datetime | None = None


@transaction.atomic
def count(case: Case, said: Counted, *, by: Person) -> Number:
    """Say how many; what held before stays on the timeline. The same again changes nothing."""
    case = allowed(case, by, Deed.RECORD)
    what, since = _what(said), _since(case, said.since)
    source = sourced(case, said.source)
    before = Number.objects.filter(case=case, what=what, replaced_at=None).first()
    values = {"number": said.number, "whole": said.whole, "unit": said.unit, "since": since} | source
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return before
    now = timezone.now()
    if before is not None:
        before.replaced_at = now
        before.save(update_fields=["replaced_at"])
    made = Number.objects.create(case=case, what=what, person=by, said_at=now, **values)
    data = change(case, what.label.lower(), str(before) if before else None, str(made))
    data |= {"impact": what.value, "number": made.number, "since": since.isoformat(), "source": made.source}
    data |= _proof(made)
    append(
        case,
        Kind.FACT,
        f"Since {since:%d %b %H:%M} UTC. Source: {made.source}",
        by=by,
        event="case.impact",
        data=data,
    )
    return made


def _what(said: Counted) -> What:
    if said.what not in What.values:
        raise Conflict(f"{', '.join(What.values)} are counted, not {said.what[:40]!r}")
    what = What(said.what)
    if not 0 <= said.number <= MOST or not 0 <= (said.whole or 0) <= MOST:
        raise Conflict("a number of the impact is a whole number from 0")
    if said.whole is not None and (what == What.MONEY or said.whole < said.number):
        raise Conflict(
            f"{said.number} of {said.whole} cannot be" if what != What.MONEY else "money has no whole"
        )
    if (what == What.MONEY) != bool(_CURRENCY.fullmatch(said.unit)):
        raise Conflict("money needs its currency, three letters such as EUR; nothing else has one")
    return what


def _since(case: Case, since: datetime | None) -> datetime:
    if since is None:
        return case.reported_at
    if since.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if since > timezone.now() + timedelta(minutes=5):
        raise Conflict("it cannot be so since a time that is still to come")
    return since


def sourced(case: Case, source: str) -> dict[str, Any]:
    """Return the columns of a source; refuse one that leads nowhere."""
    given: dict[str, Any] = {
        "said_by_customer": False, "entry": None, "finding": "", "locators": [], "version": None,
    }  # fmt: skip
    text = source.strip()
    if text.lower() == Sourced.CUSTOMER:
        return given | {"said_by_customer": True}
    if not text:
        raise Conflict("say where it comes from: customer, #12 for an entry, F-03 or route.log:54")
    if text.startswith("#"):
        if not text[1:].isdecimal() or not Entry.objects.filter(case=case, position=int(text[1:10])).exists():
            raise Conflict(f"this timeline has no entry {text[:12]}")
        return given | {"entry": int(text[1:10])}
    kept = newest(case)
    finding, locators = cite(kept.report if kept else None, text)
    return given | {"finding": finding, "locators": locators, "version": kept.version if kept else None}


def _proof(made: Sourced) -> dict[str, Any]:
    if made.version is None:
        return {"entry": made.entry} if made.entry is not None else {}
    return {"diagnosis": made.version, "finding": made.finding, "places": made.locators}


@transaction.atomic
def constrain(
    case: Case, text: str, *, by: Person, source: str = Sourced.CUSTOMER, until: datetime | None = None
) -> Constraint:
    """Write down what the customer does not allow or cannot bear, and until when. The same holds once."""
    case = allowed(case, by, Deed.RECORD)
    said = words(text)
    if len(said) > 400:
        raise Conflict("a constraint is a sentence of up to 400 characters")
    if until is not None and until.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T18:00:00+01:00")
    same = Constraint.objects.filter(case=case, text=said, until=until, lifted_at=None).first()
    if same is not None:
        return same
    number = (Constraint.objects.filter(case=case).aggregate(most=Max("number"))["most"] or 0) + 1
    made = Constraint.objects.create(
        case=case, number=number, text=said, until=until, person=by, **sourced(case, source)
    )
    data = change(case, f"constraint {number}", None, _held(made)) | {"constraint": number} | _proof(made)
    append(case, Kind.FACT, f"Source: {made.source}", by=by, event="case.impact", data=data)
    return made


@transaction.atomic
def lift(case: Case, number: int, *, by: Person, reason: str) -> Constraint:
    """Say that a constraint holds no more, and who said so. Twice is once."""
    case = allowed(case, by, Deed.RECORD)
    found = Constraint.objects.get(case=case, number=min(number, 2**31 - 1))
    if found.lifted_at is not None:
        return found
    found.lifted_at = timezone.now()
    found.save(update_fields=["lifted_at"])
    data = change(case, f"constraint {found.number}", _held(found), "lifted") | {"constraint": found.number}
    append(case, Kind.FACT, words(reason), by=by, event="case.impact", data=data)
    return found


def _held(made: Constraint) -> str:
    return f"{made.text}, until {made.until:%d %b %H:%M} UTC" if made.until else made.text
