"""The page of one value followed through all evidence."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.following import SHORTEST, followed
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed


@require_safe
def follow(request: HttpRequest, key: str) -> HttpResponse:
    """Every line that carries the value, of all artefacts of a reading, in the order of time."""
    person = signed_in(request)
    case = visible_case(person, key)
    if not case.allows(person, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    version, value = request.GET.get("version", ""), request.GET.get("value", "").strip()[:400]
    kept = queries.newest(case, int(version[:9]) if version.isdecimal() else None)
    context: dict[str, Any] = {
        "case": case,
        "tab": "diagnosis",
        "kept": kept,
        "value": value,
        "shortest": SHORTEST,
        "clock": clock(case),
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "found": followed(kept, value) if kept and len(value) >= SHORTEST else None,
    }
    return render(request, "investigation/follow.html", context)
