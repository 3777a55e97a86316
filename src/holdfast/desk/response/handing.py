"""Deeds on a hand-over: make it, write to it, acknowledge item by item, ask, answer, take over.

The giver answers for the case, with owner and clocks, until the receiver takes it over; and they can only when
every must-item is acknowledged as it is by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, assign, when_assigning, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.clocks.policy import length
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed, Role
from holdfast.desk.policies.queries import current
from holdfast.desk.response.models import Acknowledged, HandOver, Passing, Question, Written
from holdfast.desk.response.shifts import Shifts
from holdfast.desk.response.telling import Item, address, items_of

EVENT = "case.hand_over"
FURTHEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Read:
    """An item and what the receiver has read of it."""

    item: Item
    acknowledged: Acknowledged | None
    """Of the text as it is now."""
    earlier: str
    """What was acknowledged before it changed; empty when it did not."""
    questions: tuple[Question, ...]
    address: str
    """Where its proof opens; empty without one."""


@transaction.atomic
def hand_over(case: Case, to: Person | None, effect_at: datetime | None, *, by: Person) -> HandOver:
    """Begin to hand a case over: to somebody who may own it, from a moment on."""
    case = allowed(case, by, Deed.ASSIGN)
    if to is None:
        raise Conflict("say to whom; a case is never handed over to nobody")
    giver = case.owner
    if giver is None:
        raise Conflict("nobody owns the case; assign it, then there is something to hand over")
    if by.id != giver.id and not case.allows(by, Deed.DECIDE):
        raise Conflict(f"{giver.title} owns the case and hands it over, or a lead does")
    _require_fit(case, giver, to)
    now = timezone.now()
    effect_at = effect_at or now
    if effect_at.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if not now - timedelta(minutes=5) <= effect_at <= now + FURTHEST:
        raise Conflict("it takes effect now or within a week")
    there = HandOver.objects.filter(case=case, state=Passing.OPEN).first()
    if there is not None:
        raise Conflict(f"{there} to {there.receiver.title} is being read; withdraw it first")
    made = HandOver.objects.create(
        case=case,
        number=(case.hand_overs.aggregate(most=Max("number"))["most"] or 0) + 1,
        giver=giver,
        receiver=to,
        effect_at=effect_at,
    )
    must = sum(item.must for item in items_of(case))
    data = change(case, str(made), None, Passing.OPEN) | {"hand_over": made.number, "must": must}
    text = (
        f"{made}: {giver.title} hands over to {to.title}, {effect_at:%d %b %H:%M} UTC; {must} items to read"
    )
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    said = (
        f"{case.key} {made}: {giver.title} hands over to you at {effect_at:%H:%M} UTC. Read it item by item"
    )
    notify(to, case, said, f"hand-over/{made.number}")
    return made


@when_assigning
def _not_past_the_reading(case: Case, owner: Person | None) -> None:
    """Keep a receiver from getting the case past the items they have to read."""
    hand = HandOver.objects.filter(case=case, state=Passing.OPEN).first()
    if hand is not None and owner is not None and owner.id == hand.receiver_id:
        raise Conflict(f"{owner.title} is reading {hand}; take it over there, or withdraw it")


def _require_fit(case: Case, giver: Person, to: Person) -> None:
    if to.id == giver.id:
        raise Conflict(f"{to.title} owns the case already")
    if not to.is_active:
        raise Conflict(f"{to.title} has left; choose somebody who is here")
    if not case.allows(to, Deed.ACKNOWLEDGE):
        raise Conflict(f"{to.title} cannot own cases of {case.organisation}")


def hand_over_of(case: Case, number: int) -> HandOver:
    """Return HO-1, HO-2, ... of a case."""
    found = HandOver.objects.select_related("giver", "receiver")
    return found.get(case_id=case.id, number=min(number, 2**31 - 1))


def items(hand: HandOver, case: Case) -> list[Item]:
    """Return the items as they are now: what the giver wrote among what the case says, must-items first."""
    written = [
        Item(f"written/{one.id}", one.title, one.text, must=one.must, written=True)
        for one in hand.written.all()
    ]
    return sorted([*items_of(case), *written], key=lambda item: not item.must)


def reading(hand: HandOver, case: Case) -> list[Read]:
    """Return each item with what was read of it; one that changed since counts as unread."""
    newest: Mapping[str, Acknowledged] = {one.key: one for one in hand.acknowledged.all()}
    asked: dict[str, list[Question]] = {}
    for one in hand.questions.select_related("person", "answered_by"):
        asked.setdefault(one.key, []).append(one)
    found = []
    for item in items(hand, case):
        ack = newest.get(item.key)
        same = ack is not None and ack.text == item.text
        earlier = ack.text if ack is not None and not same else ""
        found.append(
            Read(
                item,
                ack if same else None,
                earlier,
                tuple(asked.get(item.key, ())),
                address(case, item.proof),
            )
        )
    return found


def unread(read: list[Read]) -> list[Item]:
    """Return the must-items that are not acknowledged as they are now."""
    return [one.item for one in read if one.item.must and one.acknowledged is None]


@transaction.atomic
def write(hand: HandOver, title: str, text: str, *, by: Person, must: bool = True) -> Written:
    """Complete a hand-over by an item of your own; as the giver."""
    _, hand = _open(hand, by)
    if by.id != hand.giver_id:
        raise PermissionDenied("the giver completes it; ask at an item instead")
    return Written.objects.create(hand_over=hand, title=words(title)[:80], text=words(text), must=must)


@transaction.atomic
def acknowledge(hand: HandOver, key: str, seen: str, *, by: Person) -> Acknowledged:
    """Acknowledge one item, with the text that was read; there is no way to acknowledge all at once."""
    case, hand = _open(hand, by)
    if by.id != hand.receiver_id:
        raise PermissionDenied(f"{hand.receiver.title} reads and acknowledges it")
    item = next((one for one in items(hand, case) if one.key == key), None)
    if item is None:
        raise Conflict("this item is no longer there; read the page again")
    if item.text != seen:
        raise Conflict(f"meanwhile “{item.title}” became “{item.text}”; read it again")
    there = Acknowledged.objects.filter(hand_over=hand, key=key).order_by("-id").first()
    if there is not None and there.text == item.text:
        return there
    made = Acknowledged.objects.create(hand_over=hand, key=key, text=item.text)
    left = len(unread(reading(hand, case)))
    data = {"hand_over": hand.number, "item": key, "left": left}
    text = f"{hand} acknowledged: {item.title}, {left} to go"
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    return made


@transaction.atomic
def question(hand: HandOver, key: str, text: str, *, by: Person) -> Question:
    """Ask about an item; the question stays with it, and does not hold up reading. Also after the hand-over."""
    case, hand = _held(hand, by)
    if hand.state == Passing.WITHDRAWN:
        raise Conflict(f"{hand} was withdrawn")
    item = next((one for one in items(hand, case) if one.key == key), None)
    title = item.title if item else "as a whole"
    made = Question.objects.create(hand_over=hand, key=key if item else "", person=by, text=words(text))
    data = {"hand_over": hand.number, "item": made.key, "question": made.id}
    append(case, Kind.COMMENT, f"{hand}, {title}: {made.text}", by=by, event=EVENT, data=data)
    to = hand.giver if by.id != hand.giver_id else hand.receiver
    notify(to, case, f"{case.key} {hand}, {title}: {made.text}", f"question/{made.id}")
    return made


@transaction.atomic
def answer(asked: Question, text: str, *, by: Person, entry: int | None = None) -> Question:
    """Answer, and name the entry of the timeline that says it. What the case already said before the hand-over
    and was asked after it, was lost in it; that is counted."""
    hand = HandOver.objects.select_related("giver", "receiver").get(id=asked.hand_over_id)
    case, hand = _held(hand, by)
    asked = Question.objects.select_related("person").get(id=asked.id)
    if asked.answered_at is not None:
        raise Conflict(f"it was answered: {asked.answer}")
    cited = None
    if entry is not None:
        cited = case.entries.filter(position=min(entry, 2**31 - 1)).first()
        if cited is None:
            raise Conflict(f"the timeline has no entry {entry}")
    after = hand.ended_at is not None and asked.asked_at >= hand.ended_at
    asked.answer, asked.answered_by, asked.answered_at = words(text), by, timezone.now()
    asked.entry = cited.position if cited else None
    asked.lost = bool(after and cited and hand.ended_at and cited.recorded_at <= hand.ended_at)
    asked.save(update_fields=["answer", "answered_by", "answered_at", "entry", "lost"])
    data = {"hand_over": hand.number, "question": asked.id, "entry": asked.entry, "lost": asked.lost}
    told = f"{hand} answered: {asked.answer}" + (f" (entry {asked.entry})" if asked.entry else "")
    append(case, Kind.COMMENT, told, by=by, event=EVENT, data=data)
    if asked.person_id != by.id:
        notify(asked.person, case, f"{case.key} {told}", f"answer/{asked.id}")
    return asked


@transaction.atomic
def take_over(hand: HandOver, *, by: Person) -> HandOver:
    """Take the case over: owner and clocks are the receiver's from now on. Refused while a must-item is unread."""
    case, hand = _open(hand, by)
    if by.id != hand.receiver_id:
        raise PermissionDenied(f"{hand.receiver.title} takes it over")
    _require_fit(case, hand.giver, by)
    left = unread(reading(hand, case))
    if left:
        names = ", ".join(item.title for item in left[:5])
        raise Conflict(
            f"{len(left)} items are not acknowledged as they are now: {names}; they stay the giver's"
        )
    hand.state, hand.ended_at = Passing.TAKEN, timezone.now()
    hand.save(update_fields=["state", "ended_at"])
    data = change(case, str(hand), Passing.OPEN, Passing.TAKEN) | {"hand_over": hand.number}
    append(case, Kind.ACTION, f"{hand} taken over by {by.title}", by=by, event=EVENT, data=data)
    assign(case, by, by=by)
    notify(hand.giver, case, f"{case.key} is {by.title}'s now, by {hand}", f"hand-over/{hand.number}/taken")
    return hand


@transaction.atomic
def withdraw(hand: HandOver, *, by: Person) -> HandOver:
    """Take a hand-over back before it is taken over; the giver, or a lead."""
    case, hand = _open(hand, by)
    if by.id not in (hand.giver_id, hand.receiver_id) and not case.allows(by, Deed.DECIDE):
        raise PermissionDenied("giver, receiver or a lead withdraw it")
    hand.state, hand.ended_at = Passing.WITHDRAWN, timezone.now()
    hand.save(update_fields=["state", "ended_at"])
    data = change(case, str(hand), Passing.OPEN, Passing.WITHDRAWN) | {"hand_over": hand.number}
    text = f"{hand} withdrawn; {hand.giver.title} keeps the case"
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    return hand


@transaction.atomic
def tell_silent(hand_over_id: int) -> bool:
    """Tell the leads that a receiver has read nothing, when it is about to take effect; return whether told."""
    found = HandOver.objects.get(id=hand_over_id)
    case = lock(found.case_id)
    hand = HandOver.objects.select_related("giver", "receiver").get(id=hand_over_id)
    before = length(current(Shifts, case.organisation_id).value.silent)
    now = timezone.now()
    spoke = hand.acknowledged.exists() or hand.questions.filter(person=hand.receiver).exists()
    if hand.state != Passing.OPEN or hand.told_at or spoke or now < hand.effect_at - before:
        return False
    hand.told_at = now
    hand.save(update_fields=["told_at"])
    text = f"{hand}: {hand.receiver.title} has read nothing; {hand.giver.title} keeps the case until somebody does"
    append(case, Kind.FACT, text, by=None, event=EVENT, data={"hand_over": hand.number, "silent": True})
    leads = {"memberships__organisation": case.organisation_id, "memberships__role": Role.LEAD}
    people = [hand.giver, *Person.objects.filter(is_active=True, **leads)]
    for person in {one.id: one for one in people}.values():
        notify(person, case, f"{case.key} {text}", f"hand-over/{hand.number}/silent")
    return True


def _held(hand: HandOver, by: Person) -> tuple[Case, HandOver]:
    case = Case.objects.select_related("organisation").get(id=hand.case_id)
    case = allowed(case, by, Deed.COMMENT)
    if not case.allows(by, Deed.SEE_INTERNAL):
        raise PermissionDenied("hand-overs are the team's")
    return case, HandOver.objects.select_related("giver", "receiver").get(id=hand.id)


def _open(hand: HandOver, by: Person) -> tuple[Case, HandOver]:
    case, hand = _held(hand, by)
    if hand.state != Passing.OPEN:
        raise Conflict(f"{hand} is {hand.get_state_display().lower()}")
    return case, hand
