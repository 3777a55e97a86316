"""Pages of the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Notice
from holdfast.desk.cases.states import OPEN
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.queue import commands, queries, reviews
from holdfast.desk.queue.drawing import drawn
from holdfast.desk.queue.filters import FLAGS, Filter, asked


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The open cases in the order of work, with the reasons for it."""
    person, start = signed_in(request), _start(request)
    inside, may_assign = person.may_anywhere(Deed.SEE_INTERNAL), person.may_anywhere(Deed.ASSIGN)
    wanted = asked(request.GET) if inside else Filter()
    rows = queries.queue(person, wanted, start)
    context: dict[str, Any] = {
        "rows": drawn(rows[: queries.PAGE], inside=inside, may_assign=inside and may_assign),
        "more": start + queries.PAGE if len(rows) > queries.PAGE else None,
        "filter": wanted,
        "view": wanted.view,
        "inside": inside,
    }
    if inside:
        context |= _inside(person)
    return render(request, "queue/queue.html", context)


def _inside(person: Person) -> dict[str, Any]:
    return {
        "counts": queries.counts(person),
        "states": OPEN,
        "flags": FLAGS,
        "loads": queries.loads(person),
        "kept": list(queries.views_of(person)),
        "unread": Notice.objects.filter(person=person, read_at=None).count(),
        "may_assign": person.may_anywhere(Deed.ASSIGN),
        "may_focus": person.may_anywhere(Deed.ACKNOWLEDGE),
        "now": timezone.now(),
    }


@require_safe
def place(request: HttpRequest, key: str) -> HttpResponse:
    """Why a case stands where it stands; a fragment that opens under its row."""
    person = signed_in(request)
    case = internal_case(person, key)
    context = {"place": queries.place_of(person, case), "case": case}
    if case.allows(person, Deed.ASSIGN):
        context["suggestions"] = queries.suggestions(person, case)[:3]
    return render(request, "queue/_place.html", context)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to the chosen cases and say what became of each."""
    person, keys = signed_in(request), request.POST.getlist("case")
    deed, value = request.POST.get("deed", ""), request.POST.get("value", "")
    if deed == "assign":
        value = request.POST.get("owner", "")
    try:
        became = commands.in_bulk(keys, deed, value, by=person)
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
        return _back(request)
    messages.success(request, f"Done for {len(became.done)}: {', '.join(became.done) or 'none'}.")
    for key, reason in became.refused:
        messages.error(request, f"{key} was left as it was: {reason}.")
    return _back(request)


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the filter shown under a name, or forget a kept one."""
    person = signed_in(request)
    if request.POST.get("drop", "").isdecimal():
        commands.drop_view(person, int(request.POST["drop"][:18]))
        return _back(request)
    shared = next(
        (m.organisation for m in person.standing if person.may(Deed.ASSIGN, m.organisation_id)), None
    )
    try:
        share = shared if request.POST.get("share") else None
        commands.keep_view(person, request.POST.get("name", ""), _filter(request), share=share)
    except Conflict as conflict:
        messages.error(request, f"Nothing was kept: {conflict}.")
    return _back(request)


@require_POST
def focus(request: HttpRequest) -> HttpResponse:
    """Take focus time, or end it."""
    minutes = request.POST.get("minutes", "0")
    length = timedelta(minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 5 else 0)
    try:
        commands.concentrate(signed_in(request), timezone.now() + length if length else None)
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return _back(request)


@require_safe
def stand_up(request: HttpRequest) -> HttpResponse:
    """The daily stand-up."""
    person = internal(request)
    return render(request, "queue/stand_up.html", {"meeting": reviews.stand_up(person)})


@require_safe
def weekly(request: HttpRequest) -> HttpResponse:
    """The weekly escalation review."""
    person = internal(request)
    return render(request, "queue/weekly.html", {"week": reviews.weekly(person)})


def internal(request: HttpRequest) -> Person:
    """Return who asks, if they look after cases of an organisation."""
    from django.core.exceptions import PermissionDenied

    person = signed_in(request)
    if not person.may_anywhere(Deed.SEE_FIGURES):
        raise PermissionDenied("your role does not see the team's reviews")
    return person


def _filter(request: HttpRequest) -> Any:
    return asked(QueryDict(request.POST.get("query", "")[:500]))


def _back(request: HttpRequest) -> HttpResponse:
    query = _filter(request).query()
    return redirect(reverse("queue") + (f"?{query}" if query else ""))


def _start(request: HttpRequest) -> int:
    start = request.GET.get("start", "0")
    return min(int(start), 10_000) if start.isdecimal() and len(start) < 9 else 0
