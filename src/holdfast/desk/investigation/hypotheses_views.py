"""The page of the ledger and its deeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.investigation import hypotheses, queries
from holdfast.desk.investigation.models import Hypothesis, Outcome, Verdict
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

_MOST_SHOWN = 20


@require_safe
def ledger(request: HttpRequest, key: str) -> HttpResponse:
    """The hypotheses, one of them whole, what could be adopted, and the test that separates most."""
    person = signed_in(request)
    case = internal_case(person, key)
    kept = queries.newest(case)
    book = queries.ledger(case, kept)
    wanted = request.GET.get("h", "")
    first = next((one for one in book.hypotheses if one.state == Verdict.OPEN), None)
    shown = next((one for one in book.hypotheses if str(one.number) == wanted), None)
    shown = shown or first or next(iter(book.hypotheses), None)
    context: dict[str, Any] = {
        "case": case,
        "clock": clock(case),
        "tab": "hypotheses",
        "kept": kept,
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "book": book,
        "live": [one for one in book.hypotheses if one.state == Verdict.OPEN],
        "shown": shown,
        "outcomes": Outcome.choices,
    }
    if shown is not None:
        rows = list(shown.evidence.all())
        sides = (("+", "Evidence for"), ("-", "Evidence against"))
        context["rows"] = [(title, [one for one in rows if one.sign == sign]) for sign, title in sides]
        context["history"] = queries.history(case, shown)[:_MOST_SHOWN]
        context["why_not"] = hypotheses.why_not(shown, Verdict.CONFIRMED)
    return render(request, "investigation/hypotheses.html", context)


@require_POST
def propose(request: HttpRequest, key: str) -> HttpResponse:
    """Propose a hypothesis."""
    fields = ("claim", "prediction", "refutation", "component")
    claim = hypotheses.Claim(*(_field(request, name) for name in fields))
    return _done(request, key, lambda case, by: hypotheses.propose(case, claim, by=by))


@require_POST
def adopt(request: HttpRequest, key: str) -> HttpResponse:
    """Adopt what the newest diagnosis offers."""
    component = _field(request, "component")
    return _done(request, key, lambda case, by: hypotheses.adopt(case, component, by=by))


@require_POST
def reword(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Narrow a claim."""
    claim, before = _field(request, "claim"), _field(request, "before")

    def deed(case: Case, by: Person) -> Hypothesis:
        return hypotheses.reword(hypotheses.hypothesis_of(case, number), claim, by=by, before=before)

    return _done(request, key, deed, number)


@require_POST
def weigh(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Put evidence for or against."""
    sign, text, weight, proof = (_field(request, name) for name in ("sign", "text", "weight", "proof"))

    def deed(case: Case, by: Person) -> Hypothesis:
        one = hypotheses.hypothesis_of(case, number)
        hypotheses.weigh_evidence(one, sign, text, by=by, weight=weight, proof=proof)
        return one

    return _done(request, key, deed, number)


@require_POST
def plan_test(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Start a test."""
    minutes = _field(request, "minutes").strip()
    said = hypotheses.Plan(
        setting=_field(request, "setting"),
        expected=_field(request, "expected"),
        environment=_field(request, "environment"),
        command=_field(request, "command"),
        minutes=int(minutes[:6]) if minutes.isdecimal() else None,
        could_refute="could_refute" in request.POST,
        predictions={
            int(name[1:]): _field(request, name)
            for name in list(request.POST)[:60]
            if name[:1] == "h" and name[1:].isdecimal() and len(name) < 8
        },
    )

    def deed(case: Case, by: Person) -> Hypothesis:
        one = hypotheses.hypothesis_of(case, number)
        hypotheses.plan_test(one, said, by=by)
        return one

    return _done(request, key, deed, number)


@require_POST
def finish_test(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say what a test showed."""
    outcome, observed = _field(request, "outcome"), _field(request, "observed")

    def deed(case: Case, by: Person) -> Hypothesis:
        one = hypotheses.experiment_of(case, number)
        return hypotheses.finish_test(one, outcome, observed, by=by).hypothesis

    return _done(request, key, deed)


@require_POST
def rule(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Give a verdict."""
    verdict, not_checked = _field(request, "verdict"), _field(request, "not_checked")

    def deed(case: Case, by: Person) -> Hypothesis:
        return hypotheses.rule(hypotheses.hypothesis_of(case, number), verdict, not_checked, by=by)

    return _done(request, key, deed, number)


def _field(request: HttpRequest, name: str) -> str:
    """Return a field's text, with the line ends it had before the browser sent it."""
    return request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "\ufffd")[:20_000]


def _done(
    request: HttpRequest, key: str, deed: Callable[[Case, Person], Hypothesis], number: int | None = None
) -> HttpResponse:
    """Do it and show the hypothesis it was done to, or say why nothing was done."""
    person = signed_in(request)
    try:
        number = deed(visible_case(person, key), person).number
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    shown = f"?h={number}" if number else ""
    return redirect(reverse("hypotheses", args=[key]) + shown)
