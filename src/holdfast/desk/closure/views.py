"""Pages of closing, hygiene, and the customer's survey."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done
from holdfast.desk.closure import commands, hygiene
from holdfast.desk.closure.policy import ClosurePolicy
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.queue.views import internal


@require_safe
def closing(request: HttpRequest, key: str) -> HttpResponse:
    """What keeps the case from being closed, and the form to close or reopen it."""
    person = signed_in(request)
    case = internal_case(person, key)
    policy, known = current(ClosurePolicy, case.organisation_id), commands.learned(case)
    wanted = policy.value.checklist[case.severity]
    survey = case.surveys.order_by("-id").first()
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "closing",
        "policy": policy,
        "items": [(item, item in wanted, known.get(item)) for item in commands.ITEMS],
        "missing": [item for item in wanted if item not in known],
        "word": commands.customers_word(case) if not case.open else None,
        "survey": survey,
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "untidy": hygiene.untidy(case),
    }
    if survey is not None and survey.live:
        context["link"] = request.build_absolute_uri(reverse("survey", args=[commands.address_of(survey)]))
    return render(request, "closure/closing.html", context)


@require_POST
def learn(request: HttpRequest, key: str) -> HttpResponse:
    """Write down what was learned."""
    item, text = request.POST.get("item", ""), request.POST.get("text", "")
    needed = "unneeded" not in request.POST

    def deed(case: Case, by: Person) -> object:
        return commands.learn(case, item, text, by=by, needed=needed)

    return done(request, key, deed, "closing")


@require_POST
def close(request: HttpRequest, key: str) -> HttpResponse:
    """Close the case."""
    confirmed, reason = request.POST.get("confirmed", ""), request.POST.get("reason", "")

    def deed(case: Case, by: Person) -> object:
        return commands.close(case, by=by, confirmed=confirmed, reason=reason)

    return done(request, key, deed, "closing")


@require_POST
def reopen(request: HttpRequest, key: str) -> HttpResponse:
    """Reopen the case."""
    reason = request.POST.get("reason", "")
    return done(request, key, lambda case, by: commands.reopen(case, reason, by=by))


@require_POST
def judge(request: HttpRequest, key: str) -> HttpResponse:
    """Say as the customer whether it is solved."""
    solved, text = request.POST.get("solved") == "yes", request.POST.get("text", "")
    return done(request, key, lambda case, by: commands.judge(case, by=by, solved=solved, text=text))


@require_safe
def tidy(request: HttpRequest) -> HttpResponse:
    """What is missing, stale or contradictory, over all cases."""
    person = internal(request)
    asked = hygiene.all_checks().get(request.GET.get("check", ""))
    found = list(hygiene.found_by(asked, person)[:100]) if asked else []
    context = {"tallies": hygiene.tally(person), "asked": asked, "cases": found}
    return render(request, "closure/hygiene.html", context)


@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, signed: str) -> HttpResponse:
    """Ask the customer how it was; needs no sign-in, takes one answer."""
    asked = commands.survey_of(signed)
    said = ""
    if request.method == "POST":
        score = request.POST.get("score", "")
        try:
            commands.answer_survey(
                asked, int(score) if score in "12345" and score else 0, request.POST.get("text", "")
            )
            said = "thanks"
        except Conflict as conflict:
            messages.error(request, f"Nothing was kept: {conflict}.")
    asked.refresh_from_db()
    return render(request, "closure/survey.html", {"survey": asked, "said": said, "scores": range(1, 6)})
