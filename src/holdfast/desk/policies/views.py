"""Pages to read, compare and publish policies."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies import commands, profiles, queries
from holdfast.desk.policies.api import reader
from holdfast.desk.policies.comparing import compare
from holdfast.desk.policies.kind import PolicyKind, all_kinds
from holdfast.desk.policies.reading import Fault, Unusable


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every kind of policy and what holds of it."""
    _, whose = reader(request, request.GET.get("organisation", ""))
    found = [(kind, list(queries.all_current(kind, whose).values())) for kind in all_kinds().values()]
    return render(request, "policies/policies.html", {"kinds": found, "organisation": whose})


@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """One policy: its text, its versions, what changed between two, and the form to publish the next."""
    person, whose = reader(request, request.GET.get("organisation", ""))
    known = queries.known(kind)
    if request.method == "POST":
        return _publish(request, person, whose, known, name)
    return render(request, "policies/policy.html", _context(request, person, whose, known, name))


def _publish(
    request: HttpRequest, person: Person, whose: Organisation, kind: type[PolicyKind[Any]], name: str
) -> HttpResponse:
    text, why, after = (request.POST.get(field, "") for field in ("text", "why", "after"))
    try:
        version = commands.publish(
            kind, whose, text, by=person, why=why, name=name, after=int(after) if after.isdecimal() else None
        )
    except Unusable as unusable:
        return _again(request, person, whose, kind, name, unusable.faults, 400)
    except commands.Overtaken as overtaken:
        return _again(request, person, whose, kind, name, [Fault(0, str(overtaken))], 409)
    except commands.Withheld as withheld:
        return _again(request, person, whose, kind, name, [Fault(0, str(withheld))], 409, ask=True)
    messages.success(request, f"Version {version.version} holds from now on.")
    return redirect(f"{request.path}?organisation={whose.prefix}")


def _again(
    request: HttpRequest,
    person: Person,
    whose: Organisation,
    kind: type[PolicyKind[Any]],
    name: str,
    faults: list[Fault],
    status: int,
    *,
    ask: bool = False,
) -> HttpResponse:
    """Show the form with what was typed, what is wrong with it, and how it differs from what holds."""
    typed = request.POST.get("text", "").replace("\r\n", "\n")
    context = _context(request, person, whose, kind, name)
    context |= {"faults": faults, "typed": typed, "why": request.POST.get("why", ""), "ask": ask}
    context["lines"] = compare(context["policy"].text, typed)
    context["compared"] = ("what holds", "what you typed")
    return render(request, "policies/policy.html", context, status=status)


def _context(
    request: HttpRequest, person: Person, whose: Organisation, kind: type[PolicyKind[Any]], name: str
) -> dict[str, Any]:
    holds = queries.current(kind, whose, name)
    shown = _asked(request, "version", kind, whose, name) or holds
    against = _asked(request, "against", kind, whose, name)
    return {
        "kind": kind,
        "policy": holds,
        "shown": shown,
        "versions": queries.versions(kind, whose, name),
        "ships": name in kind.shipped(),
        "organisation": whose,
        "may_publish": person.may(Deed.PUBLISH_POLICY, whose.id),
        "typed": shown.text,
        "lines": compare(against.text, shown.text) if against else [],
        "compared": (against.label, shown.label) if against else None,
    }


def _asked(
    request: HttpRequest, field: str, kind: type[PolicyKind[Any]], whose: Organisation, name: str
) -> queries.Policy[Any] | None:
    number = request.GET.get(field, "")
    if not number.isdecimal() or len(number) > 9:
        return None
    try:
        return queries.at_version(kind, whose, int(number), name)
    except ObjectDoesNotExist:
        return None


@require_safe
def list_profiles(request: HttpRequest) -> HttpResponse:
    """The profiles, each with how much it would change."""
    _, whose = reader(request, request.GET.get("organisation", ""))
    found = [(one, profiles.plan(one, whose)) for one in profiles.profiles().values()]
    rows = [(one, steps, sum(step.changes for step in steps)) for one, steps in found]
    return render(request, "policies/profiles.html", {"rows": rows, "organisation": whose})


@require_http_methods(["GET", "POST"])
def one_profile(request: HttpRequest, name: str) -> HttpResponse:
    """One profile: what it would change, line by line, and the button that applies it."""
    person, whose = reader(request, request.GET.get("organisation", ""))
    chosen = profiles.profile(name)
    withheld = ""
    if request.method == "POST":
        try:
            _apply(request, person, whose, chosen)
            return redirect(f"{request.path}?organisation={whose.prefix}")
        except commands.Withheld as refused:
            withheld = str(refused)
    steps = profiles.plan(chosen, whose)
    context = {
        "profile": chosen,
        "organisation": whose,
        "steps": steps,
        "changes": [step for step in steps if step.changes],
        "own": [step for step in steps if step.own],
        "may_publish": person.may(Deed.PUBLISH_POLICY, whose.id),
        "withheld": withheld,
        "overtake": request.POST.get("overtake", ""),
    }
    return render(request, "policies/profile.html", context, status=409 if withheld else 200)


def _apply(request: HttpRequest, person: Person, whose: Organisation, chosen: profiles.Profile) -> None:
    try:
        made = profiles.apply_profile(chosen, whose, by=person, overtake=bool(request.POST.get("overtake")))
    except (commands.Overtaken, Unusable) as refused:
        messages.error(request, f"Nothing was published: {refused}.")
        return
    said = f"{len(made)} policies were published" if made else "It holds already, nothing was published"
    messages.success(request, f"{said}.")
