"""Deeds on links; the links themselves are shown on the case page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.views import done
from holdfast.desk.links import commands, merging, queries
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed


@require_safe
def linked(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Go to the other side of a link a timeline speaks of."""
    person = signed_in(request)
    return redirect("case", key=queries.other_side(person, internal_case(person, key), number).key)


@require_POST
def link(request: HttpRequest, key: str) -> HttpResponse:
    """Link the case to another, or to something outside."""
    relation, to, url = (request.POST.get(field, "").strip() for field in ("relation", "to", "url"))

    def deed(case: Case, by: Person) -> object:
        if request.POST.get("outside") or url:
            return commands.link_outside(case, relation, to, by=by, url=url)
        return commands.link(case, relation, queries.named(by, to, case, Deed.RECORD), by=by)

    return done(request, key, deed)


@require_POST
def end_link(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """End a link."""
    return done(request, key, lambda case, by: commands.end_link(case, number, by=by))


@require_POST
def merge(request: HttpRequest, key: str) -> HttpResponse:
    """Merge the case into another."""
    into, reason = request.POST.get("into", ""), request.POST.get("reason", "")
    return done(
        request,
        key,
        lambda case, by: merging.merge(
            case, queries.named(by, into, case, Deed.CHANGE_STATE), by=by, reason=reason
        ),
    )


@require_POST
def unmerge(request: HttpRequest, key: str) -> HttpResponse:
    """Take the merge back."""
    reason = request.POST.get("reason", "")
    return done(request, key, lambda case, by: merging.unmerge(case, by=by, reason=reason))
