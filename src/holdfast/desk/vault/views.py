"""The page of who may see a case's evidence itself, and the evidence with its custody."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done
from holdfast.desk.decisions.authority import table
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import managed, signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import grants, letting_go, regions
from holdfast.desk.vault.gate import named
from holdfast.desk.vault.grants_api import who
from holdfast.desk.vault.models import Deletion, Grant

HOURS = (1, 4, 8, 24, 72, 168)


@require_safe
def access(request: HttpRequest, key: str) -> HttpResponse:
    """Who may see the evidence itself, until when and why; the artefacts, and what may be done with them."""
    person = signed_in(request)
    case = internal_case(person, key)
    found = list(case.grants.select_related("person", "asked_by")[:100])
    asked = {f"grant/{one.number}": one for one in found}
    decisions = {
        one.about: one for one in Decision.objects.filter(case=case, about__in=asked).order_by("number")
    }
    mine = grants.held_by(case, person, Grant.What.RAW)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "access",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "rows": [(one, decisions.get(about)) for about, one in asked.items()],
        "artefacts": named(case, list(case.artefacts.all()[:200])),
        "mine": mine or next((one for one in found if one.open and one.person_id == person.id), None),
        "hold": letting_go.held(case),
        "deletion": Deletion.objects.filter(case=case).select_related("by").first(),
        "asked_deletion": Decision.objects.filter(case=case, about=letting_go.ABOUT)
        .order_by("-number")
        .first(),
        "decides": table(case.organisation_id).who(Right.ACCESS),
        "hours": HOURS,
    }
    return render(request, "vault/access.html", context)


@require_POST
def ask_grant(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for a grant."""
    form = request.POST

    def deed(case: Case, by: Person) -> object:
        hours, chosen = form.get("hours", ""), form.getlist("artefact")
        if not hours.isdecimal() or not all(one.isdecimal() and len(one) < 19 for one in chosen):
            raise Conflict("say for how many hours, and which artefacts by their number")
        said = grants.Wanted(
            form.get("what", "")[:10],
            form.get("why", ""),
            min(int(hours[:6]), 10_000),
            [int(one) for one in chosen],
            who(form.get("person", "").strip()[:150], by),
        )
        return grants.request(case, said, by=by)

    return done(request, key, deed, "access")


@require_POST
def open_grant(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Open it by the glass that was broken."""
    return _done(request, key, number, lambda grant, by: grants.open_grant(grant, by=by))


@require_POST
def end_grant(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """End it."""
    reason = request.POST.get("reason", "")
    return _done(request, key, number, lambda grant, by: grants.end(grant, by=by, reason=reason))


@require_POST
def place_hold(request: HttpRequest, key: str) -> HttpResponse:
    """Place a legal hold."""
    why = request.POST.get("why", "")
    return done(request, key, lambda case, by: letting_go.hold(case, why, by=by), "access")


@require_POST
def lift_hold(request: HttpRequest, key: str) -> HttpResponse:
    """Lift it."""
    why = request.POST.get("why", "")
    return done(request, key, lambda case, by: letting_go.lift(case, why, by=by), "access")


@require_POST
def ask_deletion(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the decision that deleting takes."""
    why = request.POST.get("why", "")
    return done(request, key, lambda case, by: letting_go.request(case, why, by=by), "access")


@require_POST
def delete_evidence(request: HttpRequest, key: str) -> HttpResponse:
    """Delete the evidence by its decision."""
    why = request.POST.get("why", "")
    return done(request, key, lambda case, by: letting_go.delete(case, why, by=by), "access")


@require_POST
def place_region(request: HttpRequest, prefix: str) -> HttpResponse:
    """Say where evidence of an organisation or a customer lies."""
    person = signed_in(request)
    organisation = managed(person, prefix)
    region, customer = request.POST.get("region", "")[:20], request.POST.get("customer", "")[:120]
    try:
        placed = regions.place(organisation, region, by=person, customer=customer)
        messages.success(request, f"Evidence of {placed} lies in {region or 'the store of its own'}.")
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect("people", prefix=prefix)


def _done(
    request: HttpRequest, key: str, number: int, deed: Callable[[Grant, Person], object]
) -> HttpResponse:
    def found(case: Case, by: Person) -> object:
        if not case.allows(by, Deed.SEE_INTERNAL):
            raise Grant.DoesNotExist
        return deed(grants.grant_of(case, number), by)

    return done(request, key, found, "access")
