"""The page of a case's environments, and what differs between two of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict, require_right
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done, moment
from holdfast.desk.environments import commands, queries
from holdfast.desk.environments.comparing import compare
from holdfast.desk.environments.formats import FORMATS, MOST_BYTES
from holdfast.desk.environments.models import Environment
from holdfast.desk.investigation.queries import newest
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

SHOWN = 400


@require_safe
def environments(request: HttpRequest, key: str) -> HttpResponse:
    """How it is set up, and what differs between two moments or places."""
    person = signed_in(request)
    case = internal_case(person, key)
    found = list(queries.environments(case))
    first, second = _chosen(request, found)
    may = {str(deed): case.allows(person, deed) for deed in Deed}
    context: dict[str, Any] = {
        "case": case,
        "clock": clock(case),
        "tab": "environments",
        "may": may,
        "environments": found,
        "first": first,
        "second": second,
        "shown": SHOWN,
        "formats": list(FORMATS),
        "files": queries.readable(case, newest(case)) if may["record"] and may["read_evidence"] else [],
    }
    if first and second:
        context["difference"] = compare(first.settings, second.settings)
    elif second:
        context["settings"] = sorted(second.settings.items())
    return render(request, "environments/environments.html", context)


def _chosen(request: HttpRequest, found: list[Environment]) -> tuple[Environment | None, Environment | None]:
    """Return the two that are compared, by default the last two; one alone is shown as it is."""
    known = {str(one.number): one for one in found}
    if one := known.get(request.GET.get("e", "")):
        return None, one
    first, second = known.get(request.GET.get("a", "")), known.get(request.GET.get("b", ""))
    if first and second:
        return first, second
    return (found[-2] if len(found) > 1 else None), (found[-1] if found else None)


@require_POST
def record(request: HttpRequest, key: str) -> HttpResponse:
    """Record an environment from what was pasted, sent as a file, or lies in the evidence."""
    form, file = request.POST.dict(), request.FILES.get("file")

    def deed(case: Case, by: Person) -> object:
        require_right(case, by, Deed.RECORD)
        source, text = "pasted", form.get("text", "")
        if file is not None:
            source, text = str(file.name), _text(file.read(MOST_BYTES + 1))
        elif form.get("artefact"):
            source, text = commands.text_of(case, form["artefact"], by=by)
        said = commands.Described(
            form.get("name", ""),
            text,
            form.get("format", ""),
            moment(form.get("at", "")),
            form.get("version", ""),
            form.get("region", ""),
            source,
        )
        return commands.record(case, said, by=by)

    return done(request, key, deed, "environments")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Conflict("the file is not text in UTF-8; attach it as evidence instead") from error


@require_POST
def withdraw(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Withdraw an environment."""
    reason = request.POST.get("reason", "")
    return done(
        request, key, lambda case, by: commands.withdraw(case, number, by=by, reason=reason), "environments"
    )
