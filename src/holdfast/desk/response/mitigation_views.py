"""The page of a case's mitigations, and the register of temporary fixes on all cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done, moment
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import current
from holdfast.desk.response import mitigations as commands
from holdfast.desk.response import queries
from holdfast.desk.response.models import Mitigation
from holdfast.desk.response.patterns import MitigationPatterns

_NUMBERS = {"status": int, "most": float, "least": float, "seconds": int, "times": int, "pause": int}
_FIELDS = {
    "http": ("url", "status", "contains"),
    "metric": ("url", "query", "most", "least"),
    "evidence": ("component", "signal", "most", "least"),
    "log": ("text", "most", "least"),
    "command": ("command",),
}


@require_safe
def mitigations(request: HttpRequest, key: str) -> HttpResponse:
    """What is in place, what held, what it did to its signal, and the library."""
    person = signed_in(request)
    case = internal_case(person, key)
    policy = current(MitigationPatterns, case.organisation_id)
    context = {
        "case": case,
        "clock": clock(case),
        "tab": "mitigations",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "rows": queries.of_case(person, case),
        "policy": policy,
        "patterns": policy.value.patterns.items(),
        "signals": ("failed", "p95_ms", "median_ms", "rate_per_minute", "calls", "waited"),
    }
    return render(request, "response/mitigations.html", context)


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Temporary fixes still in place, the first to expire first."""
    found = queries.register(signed_in(request))
    context = {"rows": found, "now": timezone.now(), "overdue": sum(one.overdue for one in found)}
    return render(request, "response/register.html", context)


@require_POST
def propose(request: HttpRequest, key: str) -> HttpResponse:
    """Propose a mitigation."""

    def deed(case: Case, by: Person) -> object:
        names = ("pattern", "what", "undo", "changes", "risk")
        said = {name: _field(request, name) for name in names}
        return commands.propose(case, commands.Proposal(**said, probe=_probe(request)), by=by)

    return done(request, key, deed, "mitigations")


@require_POST
def set_probe(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say how it is verified."""
    return _done(request, key, number, lambda one, by: commands.set_probe(one, _probe(request), by=by))


@require_POST
def start(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Start it."""
    return _done(request, key, number, lambda one, by: commands.start(one, by=by))


@require_POST
def verify(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Have its probe run."""
    return _done(request, key, number, lambda one, by: commands.verify(one, by=by))


@require_POST
def judge(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say whether it held."""
    held, text = _field(request, "held") == "yes", _field(request, "observed")
    return _done(request, key, number, lambda one, by: commands.judge(one, held, text, by=by))


@require_POST
def roll_back(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say that it was undone, or could not be."""
    worked, text = _field(request, "worked") == "yes", _field(request, "text")
    return _done(request, key, number, lambda one, by: commands.roll_back(one, worked, text, by=by))


@require_POST
def extend(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Let it stay longer."""
    until, reason = _field(request, "until"), _field(request, "reason")
    return _done(request, key, number, lambda one, by: commands.extend(one, moment(until), reason, by=by))


@require_POST
def replace(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say what took its place, or drop a proposed one."""
    text = _field(request, "text")
    return _done(request, key, number, lambda one, by: commands.replace(one, text, by=by))


def _probe(request: HttpRequest) -> dict[str, Any]:
    """Return the probe of a form; an empty field is one that was not given."""
    kind = _field(request, "kind")
    if not kind:
        return {}
    probe: dict[str, Any] = {"kind": kind}
    for name in (*_FIELDS.get(kind, ()), "seconds", "times", "pause"):
        text = _field(request, name).strip()
        if text:
            probe[name] = _number(text, _NUMBERS[name]) if name in _NUMBERS else text
    if kind == "command" and (arguments := _field(request, "arguments").split()):
        probe["arguments"] = arguments
    return probe


def _number(text: str, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text  # the probe's own check says what is wrong with it


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "\ufffd")[:4000]


def _done(
    request: HttpRequest, key: str, number: int, deed: Callable[[Mitigation, Person], object]
) -> HttpResponse:
    def act(case: Case, by: Person) -> object:
        return deed(commands.mitigation_of(case, number), by)

    return done(request, key, act, "mitigations")
