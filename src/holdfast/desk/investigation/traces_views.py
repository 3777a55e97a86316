"""The page of traces: where it failed, what it waited for, how it differs from good ones."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.kept import traces_of
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.investigation.traces import SHOWN, SORTS, Trace, chosen, draw, named, worst
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed


@require_safe
def traces(request: HttpRequest, key: str) -> HttpResponse:
    """Those kept of the newest diagnosis, and one of them as a waterfall."""
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    version = request.GET.get("version", "")
    kept = queries.newest(case, int(version[:9]) if version.isdecimal() else None)
    context: dict[str, Any] = {
        "case": case,
        "tab": "traces",
        "kept": kept,
        "clock": clock(case),
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
    }
    if kept is not None:
        context |= _shown(request, kept)
    return render(request, "investigation/traces.html", context)


def _shown(request: HttpRequest, kept: Diagnosis) -> dict[str, Any]:
    found = traces_of(kept)
    if not found or not found["traces"]:
        return {}
    every: list[Trace] = found["traces"]
    show, like = request.GET.get("show", ""), request.GET.get("request", "")
    if show not in SHOWN:
        show = next((sort for sort in SORTS[:2] if found[sort] and not like), "all")
    listed = chosen(every, "" if show == "all" else show, like)
    one = named(every, request.GET.get("trace", "")) or worst(listed or every, found["requests"])
    return {
        "report": kept.report,
        "found": found,
        "listed": listed,
        "show": show,
        "like": like,
        "picture": draw(one),
        "one": one,
    }
