"""Grants: who may see the evidence itself, or what pseudonyms stand for; which artefacts, why, and until when.

A grant is asked for, decided by the table of decision rights, and opens by that decision alone, or by broken glass for
the one who broke it. Whether it still holds is asked where the key is unwrapped and again while bytes are read: a
page that forgot to ask shows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.authority import holder_for
from holdfast.desk.decisions.commands import Question, ask, when_decided
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.models import State as Asked
from holdfast.desk.decisions.rights import Right
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.models import Artefact, Grant

EVENT = "case.grant"
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=7)
_ANEW = 1.0
"""Seconds after which an open grant is looked up again while bytes are read."""


class NotGranted(Conflict):
    """There is no grant, or it is over; the message says which, and how to ask for one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    what: str
    """`raw`: the evidence as it came. `map`: what pseudonyms stand for."""
    why: str
    hours: int = 8
    artefacts: Sequence[int] = ()
    """Which ones; none means all of the case."""
    to: Person | None = None
    """Who gets it; the asker when nobody is named."""


def grant_of(case: Case, number: int) -> Grant:
    """Return G-1, G-2, ... of a case."""
    return Grant.objects.select_related("person").get(case_id=case.id, number=min(number, 2**31 - 1))


def about(grant: Grant) -> str:
    """Return what its decision calls it."""
    return f"grant/{grant.number}"


def details(grant: Grant) -> dict[str, Any]:
    """Return what exactly an approval of it is of."""
    return {
        "person": grant.person_id,
        "what": grant.what,
        "artefacts": grant.artefacts,
        "hours": grant.hours,
        "why": grant.why,
    }


@transaction.atomic
def request(case: Case, said: Wanted, *, by: Person) -> Grant:
    """Ask for a grant. It opens when it is approved; until then nothing is seen."""
    case = allowed(case, by, Deed.READ_EVIDENCE)
    to = said.to or by
    if not case.allows(to, Deed.READ_EVIDENCE) or not Case.objects.visible_to(to).filter(id=case.id).exists():
        raise Conflict(f"{to.title} does not read evidence on this case; put them on it first")
    if said.what not in Grant.What.values:
        raise Conflict("a grant is of raw evidence or of the map of pseudonyms: raw, map")
    if not SHORTEST <= timedelta(hours=said.hours) <= LONGEST:
        raise Conflict(f"a grant lasts 1 to {LONGEST // timedelta(hours=1)} hours")
    named = sorted(set(said.artefacts))
    unknown = set(named) - set(Artefact.objects.filter(case=case, id__in=named).values_list("id", flat=True))
    if unknown:
        raise Conflict(f"this case has no evidence {', '.join(map(str, sorted(unknown)))}")
    made = Grant.objects.create(
        case=case,
        number=(case.grants.aggregate(most=Max("number"))["most"] or 0) + 1,
        person=to,
        asked_by=by,
        what=said.what,
        artefacts=named,
        why=words(said.why)[:2000],
        hours=said.hours,
    )
    data = change(case, str(made), None, made.state) | _told(made)
    append(case, Kind.ACTION, f"{made} asked for: {_words(made)}: {made.why}", by=by, event=EVENT, data=data)
    what = f"Open {made}: {_words(made)}"
    question = Question(
        Right.ACCESS,
        what,
        about=about(made),
        reason=made.why,
        risk="a customer's secrets and personal data are seen",
        undo="the grant can be ended at once; what was seen was seen",
        details=details(made),
    )
    ask(case, question, by=by)
    made.refresh_from_db()
    return made


def _words(grant: Grant) -> str:
    what = "evidence as it came" if grant.what == Grant.What.RAW else "what pseudonyms stand for"
    which = f", artefacts {', '.join(map(str, grant.artefacts))}" if grant.artefacts else ""
    return f"{grant.person.title} sees {what}{which}, for {grant.hours} h"


def _told(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant.number,
        "what": grant.what,
        "artefacts": grant.artefacts,
        "person": grant.person_id,
    }


@guarded("open a grant", Right.ACCESS)
def open_grant(grant: Grant, *, by: Person) -> Grant:
    """Open a grant by the decision it was asked under, or by the glass its person broke."""
    case = lock(grant.case_id)
    if not case.allows(by, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    grant = Grant.objects.select_related("person").get(id=grant.id)
    if grant.state != Grant.State.ASKED:
        raise Conflict(f"{grant} is {grant.get_state_display().lower()}; ask for another one")
    decided = require(case, Right.ACCESS, by=by, about=about(grant), details=details(grant))
    decision = decided.decision
    if decision is not None and decision.broken_by_id not in (None, grant.person_id):
        raise Conflict(f"glass was broken by somebody else; it opens nothing for {grant.person.title}")
    now = timezone.now()
    grant.state, grant.opened_at = Grant.State.OPEN, now
    grant.until = now + timedelta(hours=grant.hours)
    grant.decision = decision.number if decision else None
    grant.save(update_fields=["state", "opened_at", "until", "decision"])
    data = change(case, str(grant), Grant.State.ASKED, grant.state) | _told(grant) | decided.data
    data["until"] = grant.until.isoformat()
    text = f"{grant} open until {grant.until:%d %b %H:%M} UTC: {_words(grant)}"
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    said = f"{case.key} {grant} is open until {grant.until:%d %b %H:%M} UTC"
    notify(grant.person, case, said, f"grant/{grant.number}/open")
    return grant


@when_decided
def follow_decision(case: Case, decision: Decision, by: Person) -> None:  # noqa: ARG001
    """Open a grant when its decision is approved, close it when that is refused."""
    if decision.right != Right.ACCESS or not decision.about.startswith("grant/"):
        return
    grant = grant_of(case, int(decision.about.removeprefix("grant/")))
    if grant.state != Grant.State.ASKED:
        return
    if decision.state == Asked.REFUSED:
        _close(case, grant, Grant.State.REFUSED, None, f"{grant} refused")
    elif decision.state == Asked.APPROVED:
        open_grant(grant, by=decision.asked_by)


@transaction.atomic
def end(grant: Grant, *, by: Person, reason: str) -> Grant:
    """End a grant before its time: its person, who asked for it, or who decides on access."""
    case = lock(grant.case_id)
    grant = Grant.objects.select_related("person").get(id=grant.id)
    mine = by.id in (grant.person_id, grant.asked_by_id)
    if not mine and holder_for(case, Right.ACCESS, by) is None:
        raise PermissionDenied("whose grant it is ends it, or who decides on access")
    if grant.state not in (Grant.State.ASKED, Grant.State.OPEN):
        raise Conflict(f"{grant} is {grant.get_state_display().lower()} already")
    _close(case, grant, Grant.State.ENDED, by, f"{grant} ended: {words(reason)}")
    return grant


def _close(case: Case, grant: Grant, state: str, by: Person | None, text: str) -> None:
    before, grant.state, grant.ended_at = grant.state, state, timezone.now()
    grant.save(update_fields=["state", "ended_at"])
    append(
        case,
        Kind.ACTION,
        text,
        by=by,
        event=EVENT,
        data=change(case, str(grant), before, state) | _told(grant),
    )


@every(60, "grants that are over")
def expire() -> None:
    """Say on the timeline that grants are over. They have not opened anything since their last second."""
    over = Grant.objects.filter(state=Grant.State.OPEN, until__lte=timezone.now())
    for number in list(over.values_list("id", flat=True)[:200]):
        with transaction.atomic():
            found = Grant.objects.select_related("person").get(id=number)
            case = lock(found.case_id)
            found = Grant.objects.select_related("person").get(id=number)
            if found.state == Grant.State.OPEN:
                text = f"{found} is over: {found.person.title} sees no more"
                _close(case, found, Grant.State.EXPIRED, None, text)


def held_by(case: Case, person: Person, what: str, artefacts: Sequence[int] = ()) -> Grant | None:
    """Return the grant by which a person sees something of all these artefacts now, None for none."""
    held = Grant.objects.select_related("person").filter(
        case=case, person=person, what=what, state=Grant.State.OPEN, until__gt=timezone.now()
    )
    wanted = set(artefacts)
    covers = (one for one in held.order_by("-until") if not one.artefacts or wanted <= set(one.artefacts))
    return next(covers, None)


def leave(
    case: Case, person: Person, what: str, artefacts: Sequence[int] = ()
) -> tuple[Grant, Callable[[], None]]:
    """Return a grant and what the store asks, again and again, before it decrypts; raises NotGranted.

    The answer is looked up anew every second, so that an ended grant, a suspended person or a lost role ends a
    download in its middle.
    """
    if not case.allows(person, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    grant = held_by(case, person, what, artefacts)
    if grant is None:
        seen = "the evidence itself is" if what == Grant.What.RAW else "what pseudonyms stand for is"
        raise NotGranted(f"{seen} seen by grant only; ask for one on the page Access of the case")
    found = _Leave(grant, case)
    found()
    return grant, found


class _Leave:
    def __init__(self, grant: Grant, case: Case) -> None:
        self._grant, self._case, self._seen = grant, case, 0.0

    def __call__(self) -> None:
        grant = self._grant
        if grant.until is None or grant.until <= timezone.now():
            raise NotGranted(f"{grant} is over; nothing more is opened by it")
        if time.monotonic() - self._seen < _ANEW:
            return
        state = Grant.objects.filter(id=grant.id).values_list("state", flat=True).first()
        person = Person.objects.get(id=grant.person_id)
        if state != Grant.State.OPEN or not person.is_active:
            raise NotGranted(f"{grant} was ended; nothing more is opened by it")
        if not self._case.allows(person, Deed.READ_EVIDENCE):
            raise NotGranted(f"{person.title} does not read evidence here any more")
        self._seen = time.monotonic()
