"""Deeds in a war room: open, close, duties, actions with a time, what happens now, chat that becomes a fact."""

from __future__ import annotations

import re
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.response.models import Action, Duty, Ended, Post, Presence, Room

EVENT = "case.room"
HERE = timedelta(seconds=75)
"""So long after the last sign of life somebody still counts as here."""
LONGEST = timedelta(hours=24)
_MINUTES = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m(?:in)?)?", re.IGNORECASE)


@transaction.atomic
def open_room(case: Case, *, by: Person) -> Room:
    """Open the room; opening it twice is once."""
    case = allowed(case, by, Deed.RECORD)
    return _room(case, by)


def _room(case: Case, by: Person) -> Room:
    room, created = Room.objects.get_or_create(case=case)
    if created or room.closed_at is not None:
        if not created:
            room.opened_at, room.closed_at = timezone.now(), None
            room.save(update_fields=["opened_at", "closed_at"])
        data = change(case, "war room", "closed", "open")
        append(case, Kind.ACTION, f"War room opened by {by.title}", by=by, event=EVENT, data=data)
    return room


@transaction.atomic
def close_room(case: Case, *, by: Person) -> Room:
    """Close the room; each running action has to be done, dropped or handed on first."""
    case = allowed(case, by, Deed.RECORD)
    room = Room.objects.filter(case=case, closed_at=None).first()
    if room is None:
        raise Conflict("no room is open here")
    running = list(case.actions.filter(state=Ended.RUNNING).select_related("person"))
    if running:
        names = ", ".join(f"{one} ({one.person.title})" for one in running)
        raise Conflict(f"say of each running action whether it is done, dropped or handed on: {names}")
    room.closed_at = timezone.now()
    room.save(update_fields=["closed_at"])
    Post.objects.filter(case=case, until=None).update(until=room.closed_at)
    data = change(case, "war room", "open", "closed")
    append(case, Kind.ACTION, f"War room closed by {by.title}", by=by, event=EVENT, data=data)
    return room


def inside(case: Case, name: str) -> Person:
    """Return who is meant by `@name`, `name` or a chip: somebody active who sees the inside of the case."""
    wanted = name.strip().removeprefix("@").casefold()
    people = Person.objects.filter(is_active=True, memberships__organisation=case.organisation_id)
    found = [one for one in people if wanted and wanted in (one.username.casefold(), one.chip.casefold())]
    if len(found) != 1:
        raise Conflict(f"there is {'more than one' if found else 'no'} {name or 'person named'} here")
    person = found[0]
    if not (
        case.allows(person, Deed.SEE_INTERNAL) and Case.objects.visible_to(person).filter(id=case.id).exists()
    ):
        raise Conflict(f"{person.title} does not see this case; put them on it first")
    return person


@transaction.atomic
def take_duty(case: Case, duty: str, person: Person, *, by: Person) -> Post:
    """Give a duty nobody has. One that somebody has is handed over by them, or by a lead; never taken away."""
    case, duty = allowed(case, by, Deed.RECORD), _duty(duty)
    _room(case, by)
    held = Post.objects.filter(case=case, duty=duty, until=None).select_related("person").first()
    if held is not None and held.person_id == person.id:
        return held
    if held is not None and by.id != held.person_id and not case.allows(by, Deed.DECIDE):
        raise Conflict(
            f"{held.person.title} is {Duty(duty).label.lower()}; they hand it over themselves, or a lead does"
        )
    if not person.is_active or not case.allows(person, Deed.SEE_INTERNAL):
        raise Conflict(f"{person.title} cannot take it")
    if held is not None:
        held.until = timezone.now()
        held.save(update_fields=["until"])
    made = Post.objects.create(case=case, duty=duty, person=person)
    label = Duty(duty).label
    data = change(case, label.lower(), held.person.title if held else None, person.title)
    text = f"{label}: {person.title}" + (f", handed over by {by.title}" if held else "")
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    if person.id != by.id:
        notify(person, case, f"{case.key}: you are {label.lower()} in the war room", f"duty/{made.id}")
    return made


@transaction.atomic
def lay_down(case: Case, duty: str, *, by: Person) -> None:
    """Lay down a duty without a successor; it then stands empty for all to see."""
    case, duty = allowed(case, by, Deed.RECORD), _duty(duty)
    held = Post.objects.filter(case=case, duty=duty, until=None).select_related("person").first()
    if held is None:
        raise Conflict(f"nobody is {Duty(duty).label.lower()}")
    if by.id != held.person_id and not case.allows(by, Deed.DECIDE):
        raise Conflict(f"{held.person.title} lays it down themselves, or a lead does")
    held.until = timezone.now()
    held.save(update_fields=["until"])
    data = change(case, Duty(duty).label.lower(), held.person.title, None)
    append(case, Kind.ACTION, f"Nobody is {Duty(duty).label.lower()} now", by=by, event=EVENT, data=data)


def _duty(text: str) -> str:
    if text not in Duty.values:
        raise Conflict(f"there is no duty {text or 'named'}; {', '.join(Duty.values)} are known")
    return text


def minutes(text: str) -> int:
    """Return `15m`, `1h` or `1h30m` in minutes."""
    match = _MINUTES.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise Conflict(f"{text or 'nothing'} is no time for an action; write 15m or 1h30m")
    found = int(match[1] or 0) * 60 + int(match[2] or 0)
    if not 1 <= found <= LONGEST.total_seconds() / 60:
        raise Conflict("an action takes between a minute and a day; cut it smaller")
    return found


@transaction.atomic
def act(case: Case, person: Person, what: str, takes: int, *, by: Person) -> Action:
    """Give somebody an action and so many minutes for it."""
    case = allowed(case, by, Deed.RECORD)
    _room(case, by)
    made = _action(case, person, words(what), takes)
    data = change(case, str(made), None, Ended.RUNNING) | {"action": made.number, "minutes": takes}
    data |= {"for": person.title}
    text = f"{made} {person.title}, {takes} min: {made.what}"
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    if person.id != by.id:
        notify(person, case, f"{case.key} {made} is yours, {takes} min: {made.what}", f"action/{made.number}")
    return made


def _action(case: Case, person: Person, what: str, takes: int) -> Action:
    most = case.actions.aggregate(most=Max("number"))["most"] or 0
    due = timezone.now() + timedelta(minutes=takes)
    return Action.objects.create(case=case, number=most + 1, person=person, what=what, due_at=due)


def action_of(case: Case, number: int) -> Action:
    """Return A-1, A-2, ... of a case."""
    return Action.objects.select_related("person").get(case_id=case.id, number=min(number, 2**31 - 1))


@transaction.atomic
def finish(action: Action, outcome: str, *, by: Person, dropped: bool = False) -> Action:
    """Say that an action is done, or dropped and why."""
    case, action = _running(action, by)
    said = words(outcome) if dropped else outcome.strip() or "done"
    to = Ended.DROPPED if dropped else Ended.DONE
    action.state, action.ended_at, action.outcome = to, timezone.now(), said
    action.save(update_fields=["state", "ended_at", "outcome"])
    data = change(case, str(action), Ended.RUNNING, to) | {"action": action.number}
    append(case, Kind.ACTION, f"{action} {to}: {action.what}. {said}", by=by, event=EVENT, data=data)
    return action


@transaction.atomic
def hand_on(action: Action, to: Person, takes: int, *, by: Person) -> Action:
    """Hand an action on to somebody else with a new time; the old one says to whom it went."""
    case, action = _running(action, by)
    if to.id == action.person_id:
        raise Conflict(f"{to.title} has it already; give it more time by dropping it and starting another")
    made = _action(case, to, action.what, takes)
    action.state, action.ended_at, action.outcome = Ended.HANDED, timezone.now(), f"{made} of {to.title}"
    action.save(update_fields=["state", "ended_at", "outcome"])
    data = change(case, str(action), Ended.RUNNING, Ended.HANDED) | {"action": made.number, "minutes": takes}
    text = f"{action} handed on to {to.title} as {made}, {takes} min: {made.what}"
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    notify(to, case, f"{case.key} {made} is yours, {takes} min: {made.what}", f"action/{made.number}")
    return made


def _running(action: Action, by: Person) -> tuple[Case, Action]:
    case = Case.objects.select_related("organisation").get(id=action.case_id)
    case = allowed(case, by, Deed.RECORD)
    action = Action.objects.select_related("person").get(id=action.id)
    if action.state != Ended.RUNNING:
        raise Conflict(f"{action} is {action.get_state_display().lower()}: {action.outcome}")
    return case, action


@transaction.atomic
def tell_overdue(action_id: int) -> None:
    """Say once that the time of an action is over."""
    found = Action.objects.get(id=action_id)
    case = lock(found.case_id)
    action = Action.objects.select_related("person").get(id=action_id)
    if not action.overdue or action.told_at is not None:
        return
    action.told_at = timezone.now()
    action.save(update_fields=["told_at"])
    text = f"{action} of {action.person.title} is over its time: {action.what}"
    data = {"action": action.number, "overdue": True}
    append(case, Kind.FACT, text, by=None, event=EVENT, data=data, happened_at=action.due_at)
    post = Post.objects.filter(case=case, duty=Duty.COMMANDER, until=None).select_related("person").first()
    for person in {one.id: one for one in [action.person, *([post.person] if post else [])]}.values():
        notify(person, case, f"{case.key} {text}", f"action/{action.number}/over")


@transaction.atomic
def say_now(case: Case, text: str, *, by: Person) -> Room:
    """Write the one sentence on what happens this minute."""
    case = allowed(case, by, Deed.RECORD)
    said = words(text)
    if len(said) > 400:
        raise Conflict("one sentence, at most 400 characters")
    room = _room(case, by)
    before, room.now, room.now_by, room.now_at = room.now, said, by, timezone.now()
    room.save(update_fields=["now", "now_by", "now_at"])
    data = change(case, "now", before or None, said)
    append(case, Kind.FACT, "Now", by=by, event=EVENT, data=data)
    return room


@transaction.atomic
def make_of(case: Case, position: int, kind: str, *, by: Person) -> Entry | Decision:
    """Turn something said into a fact or a decision; what was said stays as it was."""
    case = allowed(case, by, Deed.RECORD)
    said = case.entries.filter(kind=Kind.COMMENT).get(position=min(position, 2**31 - 1))
    if kind == "decision":
        question = Question(Right.COURSE, said.text, reason=f"said by {said.author}, entry {said.position}")
        return ask(case, question, by=by)
    if kind != "fact":
        raise Conflict("a message becomes a fact or a decision")
    if (there := case.entries.filter(kind=Kind.FACT, data__of=said.position).first()) is not None:
        return there
    data = {"of": said.position, "said_by": said.author}
    return append(
        case, Kind.FACT, said.text, by=by, event="case.fact", data=data, happened_at=said.happened_at
    )


def be_here(case: Case, person: Person) -> None:
    """Note that somebody is in the room; told to the others when they had not been."""
    if not case.allows(person, Deed.SEE_INTERNAL):
        raise PermissionDenied("the room is the team's")
    now = timezone.now()
    mine = Presence.objects.filter(case=case, person=person)
    if mine.filter(seen_at__gt=now - HERE / 4).exists():
        return
    back = mine.filter(seen_at__gt=now - HERE).exists()
    with transaction.atomic():
        Presence.objects.update_or_create(case=case, person=person, defaults={"seen_at": now})
        if not back:
            publish("room.here", organisation_id=case.organisation_id, case_id=case.id)
