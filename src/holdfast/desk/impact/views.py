"""Deeds on impact and constraints; both are shown on the case page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.views import done, moment
from holdfast.desk.impact import commands
from holdfast.desk.people.models import Person


@require_POST
def count(request: HttpRequest, key: str) -> HttpResponse:
    """Say how many."""
    form = request.POST.dict()

    def deed(case: Case, by: Person) -> object:
        said = commands.Counted(
            form.get("what", ""),
            _whole(form.get("number", "")),
            form.get("source", ""),
            _whole(form["whole"]) if form.get("whole", "").strip() else None,
            form.get("unit", "").strip().upper(),
            moment(form.get("since", "")),
        )
        return commands.count(case, said, by=by)

    return done(request, key, deed)


def _whole(text: str) -> int:
    digits = text.strip().replace(" ", "").replace("\u202f", "").replace(",", "")
    if not digits.isdecimal() or len(digits) > 16:
        raise Conflict(f"{text[:40]!r} is no whole number")
    return int(digits)


@require_POST
def constrain(request: HttpRequest, key: str) -> HttpResponse:
    """Write down a constraint."""
    text, until = request.POST.get("text", ""), request.POST.get("until", "")
    source = request.POST.get("source", "").strip() or "customer"

    def deed(case: Case, by: Person) -> object:
        return commands.constrain(case, text, by=by, source=source, until=moment(until))

    return done(request, key, deed)


@require_POST
def lift(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Lift a constraint."""
    reason = request.POST.get("reason", "")
    return done(request, key, lambda case, by: commands.lift(case, number, by=by, reason=reason))
