"""The war room: its page, its news as they come, and its deeds."""

from __future__ import annotations

import json

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases import lines
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.telling import Waits
from holdfast.desk.cases.views import done
from holdfast.desk.decisions.queries import rows
from holdfast.desk.outbox import live
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.response import room as commands
from holdfast.desk.response.models import Action, Duty
from holdfast.desk.response.standing import standing, stream

LONGEST = 20_000


@require_safe
def room(request: HttpRequest, key: str) -> HttpResponse:
    """What happens this minute, who has it, what was decided and why, when the customer hears next."""
    person = signed_in(request)
    case = internal_case(person, key)
    kind, now = request.GET.get("kind", ""), standing(case)
    entries = stream(case, kind)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "room",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "standing": now,
        "rows": rows(person, case, list(now.decisions)),
        "entries": entries,
        "newest": entries[0].position if entries else 0,
        "kind": kind if kind in ("chat", "findings") else "",
        "crowd": len(now.others) + sum(seat.here for seat in now.seats),
        "lines": lines.known_words(),
        "duties": Duty.choices,
    }
    return render(request, "response/room.html", context)


LIFETIME = 60.0
"""Seconds; a room's stream carries words, so it soon asks anew whether its reader may still hear them."""


async def stream_of(request: HttpRequest, key: str) -> HttpResponseBase:
    """The room's live stream, with what was said and how things stand: put together once for everybody in it."""
    case_id = await sync_to_async(_inside)(request, key)
    return await live.stream(request, lambda news: news.case_id == case_id, said_in_room, LIFETIME)


def _inside(request: HttpRequest, key: str) -> int:
    return internal_case(signed_in(request), key).id


_QUIET = ("case.comment",)
"""Kinds of events that change nothing but the list of what was said."""


def said_in_room(news: live.News) -> str:
    """Return an event's data with the entry and, where they may have changed, the panels, as everybody sees them.

    Forms stand in it without the reader's token, which the page puts in; buttons of deeds that a reader may not
    do are hidden by the page, and refused by the desk.
    """
    data = json.loads(news.data)
    known = Case.objects.select_related("organisation", "customer")
    case = known.filter(id=news.case_id).first() if news.case_id is not None else None
    if case is None or not news.kind.startswith(("case.", "room.")):
        return news.data
    whole = {"case": case, "may": {"record": True}, "duties": Duty.choices, "csrf_token": "-"}
    if "entry" in data:
        found = case.entries.select_related("person").filter(position=data["entry"])
        data["html"] = render_to_string("response/_entries.html", whole | {"entries": list(found)})
    if news.kind not in _QUIET:
        data["panels"] = render_to_string("response/_panels.html", whole | {"standing": standing(case)})
    return json.dumps(data)


@require_safe
def news(request: HttpRequest, key: str) -> HttpResponse:
    """Entries after a position, for a page that was away or hears that something happened."""
    person = signed_in(request)
    case = internal_case(person, key)
    asked = request.GET.get("after", "")
    entries = stream(
        case, request.GET.get("kind", ""), int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    )
    context = {"case": case, "entries": entries, "may": {"record": case.allows(person, Deed.RECORD)}}
    return render(request, "response/_entries.html", context)


@require_safe
def reading(request: HttpRequest, key: str) -> HttpResponse:
    """How a line is read, before it is sent; nothing is done."""
    person = signed_in(request)
    case = internal_case(person, key)
    text = request.GET.get("text", "").replace("\x00", "")[:LONGEST]
    return JsonResponse({"reads": lines.read(case, text, by=person)})


@require_POST
def here(request: HttpRequest, key: str) -> HttpResponse:
    """Say that I am here."""
    person = signed_in(request)
    commands.be_here(internal_case(person, key), person)
    return HttpResponse(status=204)


@require_POST
def say(request: HttpRequest, key: str) -> HttpResponse:
    """Write a line. A script is told in words why nothing was done, so that it keeps the text."""
    person = signed_in(request)
    case, text = internal_case(person, key), _field(request, "text")
    try:
        lines.write(case, text, by=person)
    except Waits as waits:
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse({"waits": f"{waits}."})
        messages.warning(request, f"{waits}.")
    except (Conflict, PermissionDenied) as refusal:
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse({"refused": str(refusal)}, status=409)
        messages.error(request, f"Nothing was changed: {refusal}.")
    except ObjectDoesNotExist:
        return JsonResponse({"refused": "there is nothing here that you may see"}, status=404)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect("room", key=key)


@require_POST
def open_room(request: HttpRequest, key: str) -> HttpResponse:
    """Open it."""
    return done(request, key, lambda case, by: commands.open_room(case, by=by), "room")


@require_POST
def close_room(request: HttpRequest, key: str) -> HttpResponse:
    """Close it."""
    return done(request, key, lambda case, by: commands.close_room(case, by=by), "room")


@require_POST
def duty(request: HttpRequest, key: str) -> HttpResponse:
    """Take a duty, hand it over, or lay it down."""
    name, to = _field(request, "duty"), _field(request, "person")

    def deed(case: Case, by: Person) -> object:
        if "lay_down" in request.POST:
            return commands.lay_down(case, name, by=by)
        return commands.take_duty(case, name, commands.inside(case, to) if to.strip() else by, by=by)

    return done(request, key, deed, "room")


@require_POST
def end_action(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say that an action is done, dropped or handed on."""
    how, text, to = (_field(request, name) for name in ("how", "text", "person"))

    def act(one: Action, case: Case, by: Person) -> object:
        if how == "hand-on":
            takes = commands.minutes(_field(request, "takes") or "15m")
            return commands.hand_on(one, commands.inside(case, to), takes, by=by)
        return commands.finish(one, text, by=by, dropped=how == "drop")

    return done(request, key, lambda case, by: act(commands.action_of(case, number), case, by), "room")


@require_POST
def make_of(request: HttpRequest, key: str, position: int) -> HttpResponse:
    """Turn something said into a fact or a decision."""
    kind = _field(request, "kind")
    return done(request, key, lambda case, by: commands.make_of(case, position, kind, by=by), "room")


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "\ufffd")[:LONGEST]
