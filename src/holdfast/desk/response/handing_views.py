"""The page of a case's hand-over and its deeds."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import possible_owners
from holdfast.desk.cases.views import done, moment
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.response import handing as commands
from holdfast.desk.response.models import HandOver, Passing, Question
from holdfast.desk.response.moving import access_of
from holdfast.desk.response.shifts import Shifts, on_shift, proposed
from holdfast.desk.response.standing import losses
from holdfast.desk.response.telling import items_of


@require_safe
def handover(request: HttpRequest, key: str) -> HttpResponse:
    """What I will own in a minute, what I must not do, what is promised, what is not known."""
    person = signed_in(request)
    case = internal_case(person, key)
    every = list(case.hand_overs.select_related("giver", "receiver")[:20])
    wanted = request.GET.get("n", "")
    shown = next((one for one in every if str(one.number) == wanted), every[0] if every else None)
    now = timezone.now()
    shifts, owners = current(Shifts, case.organisation_id).value, possible_owners(case)
    turn, people = proposed(case, now, shifts, owners)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "handover",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "hand": shown,
        "every": every,
        "turn": turn,
        "on": on_shift(shifts, now),
        "proposed": people,
        "owners": [one for one in owners if one.id != case.owner_id],
        "loss": losses(person, case.organisation_id),
    }
    return render(request, "response/handover.html", context | _read(case, shown, person))


def _read(case: Case, hand: HandOver | None, person: Person) -> dict[str, object]:
    """Return the items with what was read; before there is a hand-over, what one would say."""
    if hand is None or hand.state == Passing.WITHDRAWN:
        items = items_of(case)
        return {"preview": items, "read": [], "left": [], "must": [one for one in items if one.must]}
    read = commands.reading(hand, case)
    must = [one for one in read if one.item.must]
    return {
        "read": read,
        "must": must,
        "left": commands.unread(read),
        "done": len(must) - len(commands.unread(read)),
        "share": (len(must) - len(commands.unread(read))) / len(must) if must else 1.0,
        "changed": [one for one in read if one.earlier],
        "whole": [one for one in hand.questions.select_related("person", "answered_by") if not one.key],
        "reads": hand.state == Passing.OPEN and person.id == hand.receiver_id,
        "gives": hand.state == Passing.OPEN and person.id == hand.giver_id,
        "lost": hand.questions.filter(lost=True).count(),
        "access": access_of(case, hand),
    }


@require_POST
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Begin to hand over."""
    name, at = _field(request, "to"), _field(request, "effect_at")

    def deed(case: Case, by: Person) -> object:
        to = Person.objects.filter(username=name, memberships__organisation=case.organisation_id).first()
        return commands.hand_over(case, to, moment(at), by=by)

    return done(request, key, deed, "handover")


@require_POST
def write(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Complete it."""
    title, text, must = _field(request, "title"), _field(request, "text"), "must" in request.POST
    return _done(request, key, number, lambda one, by: commands.write(one, title, text, by=by, must=must))


@require_POST
def acknowledge(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Acknowledge one item."""
    item, seen = _field(request, "item"), _field(request, "seen")
    return _done(request, key, number, lambda one, by: commands.acknowledge(one, item, seen, by=by))


@require_POST
def question(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask."""
    item, text = _field(request, "item"), _field(request, "text")
    return _done(request, key, number, lambda one, by: commands.question(one, item, text, by=by))


@require_POST
def answer(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Answer a question."""
    text, cited, asked = (_field(request, name) for name in ("text", "entry", "question"))
    entry = int(cited) if cited.isdecimal() and len(cited) < 10 else None
    wanted = int(asked) if asked.isdecimal() and len(asked) < 18 else 0

    def deed(one: HandOver, by: Person) -> object:
        return commands.answer(Question.objects.get(hand_over=one, id=wanted), text, by=by, entry=entry)

    return _done(request, key, number, deed)


@require_POST
def take_over(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Take over."""
    return _done(request, key, number, lambda one, by: commands.take_over(one, by=by))


@require_POST
def withdraw(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Take it back."""
    return _done(request, key, number, lambda one, by: commands.withdraw(one, by=by))


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "\ufffd")[:20_000]


def _done(
    request: HttpRequest, key: str, number: int, deed: Callable[[HandOver, Person], object]
) -> HttpResponse:
    def act(case: Case, by: Person) -> object:
        return deed(commands.hand_over_of(case, number), by)

    return done(request, key, act, "handover")
