"""The diagnosis page, and starting and stopping a reading."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.views import done
from holdfast.desk.investigation import commands, queries
from holdfast.desk.investigation.citing import cite_fact
from holdfast.desk.investigation.lanes import draw
from holdfast.desk.investigation.story import changes, missing_after, patterns, proof_of
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import grants
from holdfast.desk.vault.models import Grant


@require_safe
def diagnosis(request: HttpRequest, key: str) -> HttpResponse:
    """When it started, what changed, who is to blame by what argument, what is not seen, and the line."""
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.SEE_INTERNAL):
        raise PermissionDenied("your role does not see the diagnosis")
    version = request.GET.get("version", "")
    kept = queries.newest(case, int(version[:9]) if version.isdecimal() else None)
    context: dict[str, Any] = {"case": case, "tab": "diagnosis", "job": queries.reading(case), "kept": kept}
    context["clock"] = clock(case)
    context["may"] = {str(deed): case.allows(person, deed) for deed in Deed}
    context["may_record"] = case.allows(person, Deed.RECORD)
    context["may_read"] = case.allows(person, Deed.READ_EVIDENCE)
    context["may_investigate"] = case.allows(person, Deed.INVESTIGATE)
    if kept is not None:
        opened = proof_of(kept.report, request.GET.get("artefact", ""), request.GET.get("at", ""))
        context |= {"report": kept.report, "changes": changes(kept.report), "picture": draw(kept)}
        context |= {"opened": opened, "versions": range(1, _latest(case) + 1)}
        context["grant"] = grants.held_by(case, person, Grant.What.RAW, kept.artefacts)
        context["raw"] = context["grant"] is not None and request.GET.get("raw") == "1"
        context["patterns"] = patterns(kept.report)
        context["missing"] = missing_after(kept.report, opened)
    return render(request, "investigation/diagnosis.html", context)


def _latest(case: Any) -> int:
    newest = queries.newest(case)
    return newest.version if newest else 0


@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Have the evidence read."""
    person = signed_in(request)
    case = visible_case(person, key)
    try:
        commands.investigate(case, by=person)
    except Conflict as conflict:
        messages.error(request, f"Nothing was started: {conflict}.")
    return redirect("case", key=key)


@require_POST
def cite(request: HttpRequest, key: str) -> HttpResponse:
    """Record what a place in the evidence shows."""
    text, proof, version = (request.POST.get(field, "") for field in ("text", "proof", "version"))
    number = int(version[:9]) if version.isdecimal() else None
    return done(request, key, lambda case, by: cite_fact(case, text, proof, by=by, version=number))


@require_POST
def stop(request: HttpRequest, key: str, job: int) -> HttpResponse:
    """Cancel a reading."""
    person = signed_in(request)
    commands.stop(visible_case(person, key), job, by=person)
    return redirect("case", key=key)
