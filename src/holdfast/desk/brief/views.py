"""The brief as a page that prints on one sheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.desk.brief.writing import brief as written
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed


@require_safe
def brief(request: HttpRequest, key: str) -> HttpResponse:
    """Pick this up in five minutes."""
    person = signed_in(request)
    case = visible_case(person, key)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "brief",
        "brief": written(person, case),
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
    }
    return render(request, "brief/brief.html", context)
