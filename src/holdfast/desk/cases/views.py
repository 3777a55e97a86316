"""Pages of the queue and the deeds on a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases import commands, lines, marks, queries
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.outside import cases_as_read, entries_as_read
from holdfast.desk.cases.telling import Waits
from holdfast.desk.outbox import live
from holdfast.desk.people import moments
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import REACH, Deed, Reach


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Cases by words or key, newest first; a key alone opens its case."""
    person, words = signed_in(request), request.GET.get("q", "").replace("\x00", "").strip()[:200]
    found = cases_as_read(person, queries.search(person, words))
    if len(found) == 1 and found[0].key == words.upper():
        return redirect("case", key=found[0].key)
    return render(request, "cases/cases.html", {"cases": found, "words": words})


@require_safe
def timeline(request: HttpRequest, key: str) -> HttpResponse:
    """The timeline alone, for live pages."""
    person = signed_in(request)
    case = queries.visible_case(person, key)
    return render(request, "cases/_timeline.html", timeline_context(request, person, case))


SHOWN = 60


def timeline_context(request: HttpRequest, person: Person, case: Case) -> dict[str, Any]:
    """Return what the timeline's template needs."""
    kind = request.GET.get("kind", "")
    kept = queries.entries(person, case)
    chosen = kept.filter(kind=kind) if kind in Kind.values else kept
    upto = _position(request.GET.get("upto", ""))
    newest = (chosen.filter(position__lte=upto) if upto else chosen).order_by("-position")
    found = entries_as_read(person, case, newest[: SHOWN + 1])
    numbers = queries.kinds(person, case)
    return {
        "case": case,
        "entries": found[:SHOWN],
        "earlier": found[SHOWN].position if len(found) > SHOWN else None,
        "upto": upto,
        "kind": kind if kind in Kind.values else "",
        "kinds": [(value, label, numbers.get(value, 0)) for value, label in Kind.choices],
        "total": sum(numbers.values()),
        "internal": case.allows(person, Deed.SEE_INTERNAL),
    }


def _position(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


@require_POST
def acknowledge(request: HttpRequest, key: str) -> HttpResponse:
    """Acknowledge."""
    return done(request, key, lambda case, by: commands.acknowledge(case, by=by))


@require_POST
def note(request: HttpRequest, key: str) -> HttpResponse:
    """Write a line on the timeline: a comment, or after /fact, /do, /decide that."""
    text = request.POST.get("text", "")
    return done(request, key, lambda case, by: lines.write(case, text, by=by))


@require_POST
def move(request: HttpRequest, key: str) -> HttpResponse:
    """Change the state."""
    to, reason, at = (request.POST.get(field, "") for field in ("to", "reason", "at"))

    def deed(case: Case, by: Person) -> object:
        return commands.change_state(case, to, by=by, reason=reason, happened_at=moment(at))

    return done(request, key, deed)


def moment(text: str) -> datetime | None:
    """Return a time typed into a form, in UTC; None for nothing."""
    try:
        return moments.read(text) if text.strip() else None
    except ValueError as error:
        raise commands.Conflict(str(error)) from error


@require_POST
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """Say what happens next, by when, and what it waits for."""
    step, on, due = (request.POST.get(field, "") for field in ("step", "blocked_on", "due"))

    def deed(case: Case, by: Person) -> object:
        before = request.POST.get("before")
        return marks.plan(case, step, by=by, blocked_on=on, due=moment(due), before=before)

    return done(request, key, deed)


@require_POST
def impact(request: HttpRequest, key: str) -> HttpResponse:
    """Write the impact anew."""
    text, before = request.POST.get("impact", ""), request.POST.get("before", "").replace("\r\n", "\n")
    text = text.replace("\r\n", "\n")
    return done(request, key, lambda case, by: marks.rewrite_impact(case, text, by=by, before=before))


@require_POST
def severity(request: HttpRequest, key: str) -> HttpResponse:
    """Change the severity."""
    to, reason = request.POST.get("to", ""), request.POST.get("reason", "")
    number = int(to) if to.isdecimal() else 0
    return done(request, key, lambda case, by: commands.raise_severity(case, number, by=by, reason=reason))


@require_POST
def assign(request: HttpRequest, key: str) -> HttpResponse:
    """Give the case to somebody."""
    name = request.POST.get("owner", "")

    def deed(case: Case, by: Person) -> object:
        owner = next((one for one in queries.possible_owners(case) if one.username == name), None)
        if name and owner is None:
            raise commands.Conflict(f"{name} cannot own this case")
        return commands.assign(case, owner, by=by)

    return done(request, key, deed)


@require_POST
def join(request: HttpRequest, key: str) -> HttpResponse:
    """Put somebody on the case, or take them off it."""
    name, what = request.POST.get("person", ""), request.POST.get("what", "")

    def deed(case: Case, by: Person) -> object:
        commands.require_right(case, by, Deed.ASSIGN)
        helper = queries.helper(case, name)
        if request.POST.get("leave"):
            return commands.leave(case, helper, by=by)
        return commands.join(case, helper, what, by=by)

    return done(request, key, deed)


def done(
    request: HttpRequest, key: str, deed: Callable[[Case, Person], object], page: str = "case"
) -> HttpResponse:
    """Do something to a case and go back to it, or say why nothing was done."""
    person = signed_in(request)
    try:
        deed(queries.visible_case(person, key), person)
    except Waits as waits:
        messages.warning(request, f"{waits}.")
    except commands.Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect(reverse(page, args=[key]))


async def stream(request: HttpRequest) -> HttpResponseBase:
    """The live stream: of one case, or of all the person sees."""
    wanted = await sync_to_async(_wanted)(request)
    return await live.stream(request, wanted)


_MOST_FOLLOWED = 5000


def _wanted(request: HttpRequest) -> live.Wanted:
    person = signed_in(request)
    if key := request.GET.get("case", ""):
        case_id = queries.visible_case(person, key).id
        return lambda news: news.case_id == case_id
    whole = {m.organisation_id for m in person.standing if REACH[m.role] == Reach.ALL}
    part = set(
        Case.objects.visible_to(person)
        .exclude(organisation_id__in=whole)
        .values_list("id", flat=True)[:_MOST_FOLLOWED]
    )
    return lambda news: news.case_id is not None and (news.organisation_id in whole or news.case_id in part)
