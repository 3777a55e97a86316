"""The triage page: severity by criteria, disputes, scope, and what happened near the onset."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.rights import Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.triage import commands, queries
from holdfast.desk.triage.matrix import SeverityMatrix, recommend

CHOICES = {
    "impact": ("down", "broken", "degraded", "question"),
    "workaround": ("none", "partial", "full"),
}


@require_safe
def triage(request: HttpRequest, key: str) -> HttpResponse:
    """How severe and why, who says otherwise, who is affected, what else happened then."""
    person = signed_in(request)
    case = internal_case(person, key)
    policy = current(SeverityMatrix, case.organisation_id)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "triage",
        "policy": policy,
        "said": recommend(policy.value, case.criteria),
        "choices": CHOICES,
        "decided": queries.decided(case),
        "dispute": commands.open_dispute(case),
        "scopes": [
            (name, found, "\n".join(found))
            for name in commands.SCOPES
            for found in [case.scope.get(name, [])]
        ],
        "settles": alone(case, Right.SEVERITY, person),
        "near": queries.near(person, case),
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "levels": (1, 2, 3, 4),
    }
    return render(request, "triage/triage.html", context)


@require_POST
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """Keep answers to the matrix."""

    def deed(case: Case, by: Person) -> object:
        return commands.answer(case, commands.answers_from(request.POST.dict()), by=by)

    return done(request, key, deed, "triage")


@require_POST
def answer_and_confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Answer the matrix on the case page, and confirm the severity if it is the recommended one."""

    def deed(case: Case, by: Person) -> object:
        held = commands.answer_and_confirm(case, commands.answers_from(request.POST.dict()), by=by)
        if held.confirmed_at is None:
            said = recommend(current(SeverityMatrix, held.organisation_id).value, held.criteria)
            messages.warning(
                request, f"Kept, and not confirmed: {said.sentence}. Confirm on the page Triage."
            )
        return held

    return done(request, key, deed)


@require_POST
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm a severity."""
    level, reason = _level(request), request.POST.get("reason", "")
    return done(request, key, lambda case, by: commands.confirm(case, level, by=by, reason=reason), "triage")


@require_POST
def dispute(request: HttpRequest, key: str) -> HttpResponse:
    """Dispute the severity."""
    level, reason = _level(request), request.POST.get("reason", "")
    return done(request, key, lambda case, by: commands.dispute(case, level, by=by, reason=reason), "triage")


@require_POST
def settle(request: HttpRequest, key: str) -> HttpResponse:
    """Settle the dispute."""
    level, reason = _level(request), request.POST.get("reason", "")
    return done(request, key, lambda case, by: commands.settle(case, level, by=by, reason=reason), "triage")


@require_POST
def scope(request: HttpRequest, key: str) -> HttpResponse:
    """Say who and what is affected."""
    after = {name: request.POST.get(name, "").splitlines() for name in commands.SCOPES}
    before = {name: request.POST.get(f"was_{name}", "").splitlines() for name in commands.SCOPES}
    return done(
        request, key, lambda case, by: commands.set_scope(case, after, by=by, before=before), "triage"
    )


def _level(request: HttpRequest) -> int:
    given = request.POST.get("to", "")
    return int(given) if given.isdecimal() and len(given) < 3 else 0
