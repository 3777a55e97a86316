"""Asking for a decision, answering, withdrawing, handing a right on, breaking glass and looking at it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.chain import canonical
from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.authority import Table, carried, counting, holder_for, holder_of_answer, table
from holdfast.desk.decisions.guarding import EVENT, NeedsApproval, digest
from holdfast.desk.decisions.models import Decision, Delegation, State, Voice
from holdfast.desk.decisions.rights import Right
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed

LONGEST_DELEGATION = timedelta(days=90)
LONGEST_DETAILS = 200_000
Heard = Callable[[Case, Decision, Person], None]
_listeners: list[Heard] = []


@dataclass(frozen=True, slots=True)
class Question:
    """What is said when a decision is asked for."""

    right: Right
    what: str
    about: str = ""
    reason: str = ""
    risk: str = ""
    undo: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    to_others: bool = False
    """Put before others even by somebody who could decide it alone."""


def when_decided(heard: Heard) -> Heard:
    """Register who has to do something when a decision is approved or refused; told in its transaction.

    The case is locked, so the listener may append to it.
    """
    _listeners.append(heard)
    return heard


def decision_of(case: Case, number: int) -> Decision:
    """Return D-1, D-2, ... of a case."""
    return Decision.objects.select_related("asked_by").get(case_id=case.id, number=min(number, 2**31 - 1))


@transaction.atomic
def ask(case: Case, said: Question, *, by: Person) -> Decision:
    """Ask for a decision. Who decides such things alone takes it at once; the same question again is one.

    It appends to the timeline: a caller that holds the case locked has to read it again afterwards.
    """
    case = _inside(case, by)
    what, sealed = words(said.what), digest(said.details)
    if len(canonical(dict(said.details))) > LONGEST_DETAILS:
        raise Conflict(f"the details are longer than {LONGEST_DETAILS} characters; put the text on the case")
    there = Decision.objects.filter(case=case, right=said.right, about=said.about, digest=sealed)
    open_ = there.filter(state__in=[State.WAITING, State.APPROVED], until__gt=timezone.now())
    if said.about and (same := open_.order_by("-number").first()) is not None:
        return same
    rights = table(case.organisation_id)
    made = _made(case, said, what, sealed, by, rights)
    data = change(case, str(made), None, State.WAITING) | _told(made) | {"reason": made.reason}
    data |= {"risk": made.risk, "undo": made.undo}
    holder = holder_for(case, said.right, by, rights)
    if rights.line(said.right).own and holder is not None and not said.to_others:
        _give(case, made, by, holder, made.reason, rights, data)
        return made
    text = f"{made} asked of {rights.who(said.right)}: {what}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)
    for person in rights.holders(said.right):
        if person.id != by.id:
            notify(person, case, f"{case.key} {made}: {what}. You decide.", f"decision/{made.number}")
    return made


def _made(case: Case, said: Question, what: str, sealed: str, by: Person, rights: Table) -> Decision:
    line = rights.line(said.right)
    return Decision.objects.create(
        case=case,
        number=(case.decisions.aggregate(most=Max("number"))["most"] or 0) + 1,
        right=said.right,
        about=said.about[:80],
        what=what,
        reason=said.reason.strip(),
        risk=said.risk.strip(),
        undo=said.undo.strip(),
        details=dict(said.details),
        digest=sealed,
        policy=rights.policy.version,
        asked_by=by,
        until=timezone.now() + line.lasts,
    )


def _told(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.number,
        "right": decision.right,
        "about": decision.about,
        "rights": decision.policy,
    }


@transaction.atomic
def answer(decision: Decision, approves: bool, *, by: Person, text: str = "") -> Decision:
    """Approve or refuse. One refusal is enough; an approval counts until it expires."""
    case, decision = _held(decision, by)
    rights = table(case.organisation_id)
    holder = holder_of_answer(decision, by, rights, case)
    if holder is None:
        raise _not_theirs(case, decision, by, rights)
    if decision.state != State.WAITING:
        raise Conflict(f"{decision} is {decision.get_state_display().lower()}; nothing waits for an answer")
    if decision.until <= timezone.now():
        raise Conflict(f"{decision} expired at {_utc(decision.until)}; it has to be asked anew")
    if decision.voices.filter(person=by).exists():
        raise Conflict(f"you have answered {decision}; it waits for others")
    if decision.voices.filter(holder=holder, approves=True).exists() and approves:
        raise Conflict(f"the right of {holder.title} has been used on {decision}; it waits for others")
    if approves:
        _give(case, decision, by, holder, text.strip(), rights)
    else:
        _refuse(case, decision, by, holder, words(text))
    return decision


def _not_theirs(case: Case, decision: Decision, by: Person, rights: Table) -> Conflict:
    right = Right(decision.right)
    if holder_for(case, right, by, rights) is not None:
        return NeedsApproval(
            f"{decision} is your own request; somebody else has to decide it: {rights.who(right)}",
            right,
            decision.number,
        )
    return NeedsApproval(f"{decision} is decided by {rights.who(right)}", right, decision.number)


def _give(
    case: Case,
    decision: Decision,
    by: Person,
    holder: Person,
    text: str,
    rights: Table,
    asked: Mapping[str, Any] | None = None,
) -> None:
    """Count an approval; `asked` is what its entry says besides when it is the question too."""
    now, line = timezone.now(), rights.line(Right(decision.right))
    until = now + line.lasts
    Voice.objects.create(decision=decision, person=by, holder=holder, approves=True, text=text, until=until)
    before, found = decision.state, counting(decision, rights, now)
    if len(found) >= line.quorum:
        decision.state = State.APPROVED if decision.about else State.TAKEN
        decision.decided_at, decision.until = now, min(voice.until for voice in found)
    decision.save(update_fields=["state", "decided_at", "until"])
    data = dict(asked or {}) | change(case, str(decision), None if asked else before, decision.state)
    data |= _told(decision) | {"rights": rights.policy.version, "holder": holder.title}
    data |= {"counts": [len(found), line.quorum]}
    for_whom = "" if holder == by else f" for {holder.title}"
    said = f": {text}" if text else ""
    if asked is not None:
        said = f": {decision.what}" + (f". Because {text}" if text else "")
    count = f", {len(found)} of {line.quorum}" if line.quorum > 1 or asked is None else ""
    text = f"{decision} {'approved' if asked is None else 'decided'}{for_whom}{count}{said}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)
    if decision.state != before:
        _ended(case, decision, by, "approved")


def _refuse(case: Case, decision: Decision, by: Person, holder: Person, text: str) -> None:
    now = timezone.now()
    Voice.objects.create(decision=decision, person=by, holder=holder, approves=False, text=text, until=now)
    before, decision.state, decision.decided_at = decision.state, State.REFUSED, now
    decision.save(update_fields=["state", "decided_at"])
    data = change(case, str(decision), before, State.REFUSED) | _told(decision) | {"holder": holder.title}
    append(case, Kind.DECISION, f"{decision} refused: {text}", by=by, event=EVENT, data=data)
    _ended(case, decision, by, "refused")


def _ended(case: Case, decision: Decision, by: Person, how: str) -> None:
    if decision.asked_by_id != by.id:
        key = f"decision/{decision.number}/{how}"
        notify(decision.asked_by, case, f"{case.key} {decision} is {how}: {decision.what}", key)
    for heard in _listeners:
        heard(case, decision, by)


@transaction.atomic
def withdraw(decision: Decision, *, by: Person, reason: str = "") -> Decision:
    """Take a question back, or an approval that has not been used: the asker may, and who could decide it."""
    case, decision = _held(decision, by)
    if decision.asked_by_id != by.id and holder_for(case, Right(decision.right), by) is None:
        raise PermissionDenied("who asked takes it back, or who could decide it")
    if decision.state not in (State.WAITING, State.APPROVED, State.BROKEN):
        raise Conflict(f"{decision} is {decision.get_state_display().lower()}; there is nothing to take back")
    close(case, decision, State.WITHDRAWN, by=by, text=f"{decision} withdrawn. {reason.strip()}".strip())
    return decision


def close(case: Case, decision: Decision, state: State, *, by: Person | None, text: str) -> None:
    """Put an end to a decision of a locked case, with the words for the timeline."""
    before, decision.state = decision.state, state
    decision.save(update_fields=["state"])
    data = change(case, str(decision), before, state) | _told(decision)
    append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)


@transaction.atomic
def break_glass(decision: Decision, reason: str, *, by: Person) -> Decision:
    """Allow yourself what waits for a decision, because nobody can be reached. Leads and managers hear at once."""
    case, decision = _held(decision, by)
    if not case.allows(by, Deed.RECORD):
        raise PermissionDenied("who does not work on the case does not break its glass")
    rights = table(case.organisation_id)
    line = rights.line(Right(decision.right))
    if not line.break_glass:
        who = rights.who(Right(decision.right))
        raise NeedsApproval(
            f"glass may not be broken for this: {line.says} is decided by {who}",
            Right(decision.right),
            decision.number,
        )
    if decision.state not in (State.WAITING, State.EXPIRED):
        raise Conflict(
            f"{decision} is {decision.get_state_display().lower()}; glass is broken where it waits"
        )
    now, before = timezone.now(), decision.state
    decision.state, decision.broken_by, decision.broken_at = State.BROKEN, by, now
    decision.broken_because, decision.until = words(reason), now + line.lasts
    decision.save(update_fields=["state", "broken_by", "broken_at", "broken_because", "until"])
    data = change(case, str(decision), before, State.BROKEN) | _told(decision)
    text = f"{decision} glass broken by {by.title}: {decision.broken_because}"
    append(case, Kind.DECISION, text, by=by, event=EVENT, data=data)
    mine = {"memberships__organisation": case.organisation_id}
    roles = {"memberships__role__in": rights.policy.value.alarm}
    for person in Person.objects.filter(is_active=True, **mine, **roles).distinct():
        said = f"ALARM {case.key}: {by.title} broke the glass for {decision.what}. Review it: {decision}"
        notify(person, case, said, f"glass/{decision.number}/{now:%d%H%M%S}")
    return decision


@transaction.atomic
def review(decision: Decision, text: str, *, by: Person) -> Decision:
    """Say afterwards whether the glass was rightly broken; by somebody of the level, not by the breaker."""
    case, decision = _held(decision, by)
    if not decision.unreviewed:
        raise Conflict(f"there is no broken glass of {decision} to look at")
    rights = table(case.organisation_id)
    if decision.broken_by_id == by.id or holder_for(case, Right(decision.right), by, rights) is None:
        who = rights.who(Right(decision.right))
        raise NeedsApproval(
            f"broken glass is looked at by somebody else: {who}", Right(decision.right), decision.number
        )
    decision.reviewed_by, decision.reviewed_at, decision.review = by, timezone.now(), words(text)
    decision.save(update_fields=["reviewed_by", "reviewed_at", "review"])
    data = _told(decision) | {"reviewed": True}
    said = f"{decision} broken glass reviewed: {decision.review}"
    append(case, Kind.DECISION, said, by=by, event=EVENT, data=data)
    return decision


@transaction.atomic
def delegate(
    organisation: Organisation, right: Right, to: Person, *, by: Person, starts: datetime, ends: datetime
) -> Delegation:
    """Hand a right of your own role to somebody for a time. What was handed to you is not handed on."""
    rights = table(organisation)
    line = rights.line(right)
    if not line.delegation:
        raise Conflict(f"{line.says}: this right is not handed on")
    if not rights.holds(by, right):
        raise PermissionDenied(f"you do not hold this right yourself; {rights.who(right)} does")
    if starts.tzinfo is None or ends.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if not timezone.now() < ends or not starts < ends or ends - starts > LONGEST_DELEGATION:
        raise Conflict(f"say from when until when, in the future and at most {LONGEST_DELEGATION.days} days")
    member = next((one for one in to.standing if one.organisation_id == organisation.id), None)
    if to == by or not to.is_active or member is None or not to.may(Deed.SEE_INTERNAL, organisation.id):
        raise Conflict(f"{to.title} cannot take it: it goes to somebody else who works here")
    made = Delegation.objects.create(
        organisation=organisation, holder=by, person=to, right=right, starts_at=starts, ends_at=ends
    )
    publish("right.delegated", organisation_id=organisation.id, delegation=made.id, right=str(right))
    return made


@transaction.atomic
def end_delegation(delegation: Delegation, *, by: Person) -> None:
    """Take a right back before its time; what was decided by it so far stays."""
    now = timezone.now()
    if delegation.holder_id != by.id:
        raise PermissionDenied("who handed it over takes it back")
    if delegation.ends_at > now:
        delegation.ends_at = now
        delegation.save(update_fields=["ends_at"])
        publish("right.taken_back", organisation_id=delegation.organisation_id, delegation=delegation.id)


@transaction.atomic
def expire(decision_id: int) -> bool:
    """End a decision whose time is over, and tell who asked; return whether it was."""
    found = Decision.objects.select_related("case", "asked_by").get(id=decision_id)
    case = lock(found.case_id)
    decision = Decision.objects.select_related("asked_by").get(id=decision_id)
    if decision.state not in (State.WAITING, State.APPROVED, State.BROKEN) or decision.until > timezone.now():
        return False
    was = "waited" if decision.state == State.WAITING else "was approved, and not used,"
    text = f"{decision} expired: it {was} until {_utc(decision.until)}. {decision.what}"
    close(case, decision, State.EXPIRED, by=None, text=text)
    key = f"decision/{decision.number}/expired"
    notify(decision.asked_by, case, f"{case.key} {decision} expired; ask anew: {decision.what}", key)
    return True


def still_carried(decision: Decision) -> bool:
    """Whether an approved decision would allow its deed now."""
    in_time = decision.until > timezone.now()
    return in_time and carried(decision, table(decision.case.organisation_id))


def _inside(case: Case, by: Person) -> Case:
    case = allowed(case, by, Deed.COMMENT) if case.allows(by, Deed.COMMENT) else allowed(case, by, Deed.SEE)
    if not case.allows(by, Deed.SEE_INTERNAL):
        raise PermissionDenied("decisions are the team's; a comment reaches it")
    return case


def _held(decision: Decision, by: Person) -> tuple[Case, Decision]:
    """Return the case, locked, and the decision as it is by now."""
    case = Case.objects.select_related("organisation").get(id=decision.case_id)
    case = _inside(case, by)
    fresh = Decision.objects.select_related("asked_by", "broken_by")
    return case, fresh.get(id=decision.id)


def _utc(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M} UTC"
