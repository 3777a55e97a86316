"""The pages of a case that leaves, and of one that comes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.desk.cases.carrying import staying
from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.views import done
from holdfast.desk.decisions.authority import table
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.investigation.derivatives import derivatives, withheld
from holdfast.desk.investigation.queries import newest
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.portable import exporting, importing, queries
from holdfast.desk.portable.api import desk_of, seal_for
from holdfast.desk.portable.models import Origin
from holdfast.desk.vault import grants
from holdfast.desk.vault.handing_out import streamed
from holdfast.desk.vault.models import Grant
from holdfast.portable import Refused


@require_safe
def export(request: HttpRequest, key: str) -> HttpResponse:
    """What of a case travels and what stays, and the ways out."""
    person = signed_in(request)
    case = internal_case(person, key)
    kept = newest(case)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "export",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "origin": Origin.objects.filter(case=case).select_related("by").first(),
        "derivatives": sum(1 for _ in derivatives(kept)) if kept else 0,
        "withheld": withheld(kept) if kept else [],
        "stays": sorted((name.rpartition(".")[2], why) for name, why in staying().items()),
        "artefacts": case.artefacts.count(),
        "grant": grants.held_by(
            case, person, Grant.What.RAW, list(case.artefacts.values_list("id", flat=True))
        ),
        "decision": Decision.objects.filter(case=case, about=exporting.ABOUT).order_by("-number").first(),
        "decides": table(case.organisation_id).who(Right.ACCESS),
    }
    return render(request, "portable/export.html", context)


@require_POST
def export_redacted(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send the redacted archive."""
    person = signed_in(request)
    return streamed(*exporting.export_redacted(visible_case(person, key), by=person))


@require_POST
def export_sealed(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send the sealed archive."""
    person = signed_in(request)
    to = seal_for(request.POST.get("to", "")[:200], request.POST.get("passphrase", "")[:1000])
    return streamed(*exporting.export_sealed(visible_case(person, key), to, by=person))


@require_POST
def ask_export(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the decision that exporting evidence takes."""
    to, why = request.POST.get("to", "")[:200], request.POST.get("why", "")[:2000]
    return done(request, key, lambda case, by: exporting.request(case, desk_of(to), why, by=by), "export")


@require_http_methods(["GET", "HEAD", "POST"])
def import_case(request: HttpRequest) -> HttpResponse:
    """Take a case in."""
    person = signed_in(request)
    houses = queries.houses(person)
    context = {"houses": houses, "key": importing.receiver(), "refused": ""}
    archive = request.FILES.get("archive")
    if request.method != "POST" or archive is None:
        return render(request, "portable/import.html", context)
    form = request.POST
    asked = importing.Asked(
        form.get("passphrase", "")[:1000], form.get("key", "")[:400], form.get("customer", "")[:120]
    )
    house = queries.house(person, form.get("organisation", "")[:8])
    try:
        made = importing.import_case(house, archive.chunks(), asked, by=person)
    except Refused as refused:
        return render(request, "portable/import.html", {**context, "refused": str(refused)}, status=409)
    messages.success(
        request, f"{made.case.key} is here" if made.created else f"It was here already, as {made.case.key}"
    )
    return redirect("case", key=made.case.key)
