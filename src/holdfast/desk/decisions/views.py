"""The page of a case's decisions, and the page of what waits for one person on all cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done, moment
from holdfast.desk.decisions import commands, publishing, queries
from holdfast.desk.decisions.authority import table
from holdfast.desk.decisions.models import OPEN, Decision, Delegation
from holdfast.desk.decisions.rights import DecisionRights, Right
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import members, signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies import queries as policies
from holdfast.desk.policies.commands import Overtaken
from holdfast.desk.policies.reading import Unusable


@require_safe
def decisions(request: HttpRequest, key: str) -> HttpResponse:
    """What waits and for whom, what was decided and why, glass nobody has looked at."""
    person = signed_in(request)
    case = internal_case(person, key)
    found = queries.rows(person, case, queries.of_case(case))
    policy = policies.current(DecisionRights, case.organisation_id)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "decisions",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "waiting": [row for row in found if row.decision.state in OPEN or row.decision.unreviewed],
        "ended": [row for row in found if row.decision.state not in OPEN and not row.decision.unreviewed],
        "policy": policy,
        "lines": [(right, policy.value.line(right)) for right in Right],
    }
    return render(request, "decisions/decisions.html", context)


@require_POST
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for a decision, or take one that is yours."""
    what, reason, risk, undo = (_field(request, name) for name in ("what", "reason", "risk", "undo"))

    def deed(case: Case, by: Person) -> object:
        right = _right(_field(request, "right"))
        return commands.ask(case, commands.Question(right, what, reason=reason, risk=risk, undo=undo), by=by)

    return done(request, key, deed, "decisions")


@require_POST
def answer(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Approve or refuse."""
    approves, text = _field(request, "answer") == "approve", _field(request, "text")
    return _done(request, key, number, lambda one, by: commands.answer(one, approves, by=by, text=text))


@require_POST
def withdraw(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Take it back."""
    reason = _field(request, "reason")
    return _done(request, key, number, lambda one, by: commands.withdraw(one, by=by, reason=reason))


@require_POST
def break_glass(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Go on without approval."""
    reason = _field(request, "reason")
    return _done(request, key, number, lambda one, by: commands.break_glass(one, reason, by=by))


@require_POST
def review(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Look at broken glass."""
    text = _field(request, "text")
    return _done(request, key, number, lambda one, by: commands.review(one, text, by=by))


@require_POST
def propose_policies(request: HttpRequest) -> HttpResponse:
    """Ask on a case for the publication of a policy, or of those of a profile."""
    person, fields = signed_in(request), request.POST
    place = policies.place(person, Deed.SEE_POLICIES, fields.get("organisation", ""))
    case = internal_case(person, fields.get("case", "").strip())
    if case.organisation_id != place.id:
        messages.error(request, f"Nothing was asked: {case.key} is of another organisation.")
        return redirect("my_decisions")
    after = fields.get("after", "")
    wanted = publishing.Wanted(
        kind=fields.get("kind", ""),
        name=fields.get("name", ""),
        text=fields.get("text", ""),
        after=int(after) if after.isdecimal() and len(after) < 10 else None,
        why=_field(request, "why"),
        profile=fields.get("profile", ""),
        overtake=bool(fields.get("overtake")),
    )
    try:
        made = publishing.propose(case, wanted, by=person)
    except (Conflict, Overtaken, Unusable) as refused:
        messages.error(request, f"Nothing was asked: {refused}.")
        return redirect("decisions", case.key)
    return redirect(f"{reverse('decisions', args=[case.key])}#{made}")


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What waits for me, broken glass, and rights handed on."""
    person = signed_in(request)
    rights = [
        (member.organisation, right)
        for member in person.standing
        for held in [table(member.organisation)]
        for right in Right
        if held.line(right).delegation and held.holds(person, right)
    ]
    places = {organisation.id: organisation for organisation, _ in rights}
    context = {
        "waiting": queries.mine(person),
        "unreviewed": queries.unreviewed(person),
        "delegations": queries.delegations(person),
        "rights": rights,
        "people": [
            (one.organisation, one.person)
            for place in places.values()
            for one in members(place)
            if one.person_id != person.id and one.person.is_active and one.role != "customer"
        ],
        "now": timezone.now(),
    }
    return render(request, "decisions/mine.html", context)


@require_POST
def delegate(request: HttpRequest) -> HttpResponse:
    """Hand a right on for a time."""
    person = signed_in(request)

    def deed() -> object:
        prefix, _, right = _field(request, "right").partition(" ")
        place = next((m.organisation for m in person.standing if m.organisation.prefix == prefix), None)
        to = Person.objects.filter(username=_field(request, "to")).first()
        ends = moment(_field(request, "ends"))
        starts: datetime | None = moment(_field(request, "starts")) or timezone.now()
        if place is None or to is None or ends is None or starts is None:
            raise Conflict("say which right, to whom, and until when, like 2026-03-01T10:56:00Z")
        return commands.delegate(place, _right(right), to, by=person, starts=starts, ends=ends)

    return _back(request, deed)


@require_POST
def end_delegation(request: HttpRequest, delegation: int) -> HttpResponse:
    """Take a right back."""
    person = signed_in(request)
    found = Delegation.objects.get(id=min(delegation, 2**62), holder=person)
    return _back(request, lambda: commands.end_delegation(found, by=person))


def _back(request: HttpRequest, deed: Callable[[], object]) -> HttpResponse:
    try:
        deed()
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect("my_decisions")


def _right(text: str) -> Right:
    if text not in set(Right):
        raise Conflict(f"there is no right called {text or 'nothing'}; {', '.join(Right)} are known")
    return Right(text)


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "\ufffd")[:4000]


def _done(
    request: HttpRequest, key: str, number: int, deed: Callable[[Decision, Person], object]
) -> HttpResponse:
    to = "room" if request.POST.get("back") == "room" else "decisions"
    return done(request, key, lambda case, by: deed(commands.decision_of(case, number), by), to)
