"""Pages of what arrives: the form, the tray, the sources, and what intake still lacks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.desk.arrival import arriving, asking, commands, hooks, queries, taking
from holdfast.desk.arrival.completeness import completeness, rounds_of
from holdfast.desk.arrival.forms import CorrectForm, DeclareForm
from holdfast.desk.arrival.intake import WebhookMapping
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.telling import Waits
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.people.queries import managed, members, signed_in
from holdfast.desk.people.rights import Deed
from holdfast.desk.policies.queries import all_current


@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Declare a case. The form carries a key, so that sending it twice makes one case."""
    person = signed_in(request)
    if not person.may_anywhere(Deed.DECLARE):
        raise PermissionDenied("your role does not declare cases")
    form = DeclareForm(person, request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid():
        said = form.said()
        raw = json.dumps(said, ensure_ascii=False).encode()
        place, key = form.cleaned_data["organisation"], form.cleaned_data["key"]
        taken = arriving.arrive(place, Arrival.Source.WEB, key, raw, said, by=person)
        arriving.corrected(place, key, taken.case, by=person)
        return redirect("case", key=taken.case.key)
    kept = arriving.mistaken(form, person) if form.errors else None
    status = 400 if form.errors else 200
    return render(request, "arrival/declare.html", {"form": form, "kept": kept}, status=status)


@require_safe
def tray(request: HttpRequest) -> HttpResponse:
    """What waits for a person, with the reason; and what became of the rest."""
    person = signed_in(request)
    state = request.GET.get("state", Arrival.State.WAITING)
    state = state if state in Arrival.State.values else Arrival.State.WAITING
    start = request.GET.get("before", "")
    found = queries.arrivals(person).filter(state=state)
    if start.isdecimal() and len(start) < 18:
        found = found.filter(id__lt=int(start))
    rows = list(found[: queries.PAGE + 1])
    numbers = queries.numbers(person)
    context = {
        "arrivals": rows[: queries.PAGE],
        "more": rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None,
        "state": state,
        "states": [(value, label, numbers[value]) for value, label in Arrival.State.choices],
    }
    return render(request, "arrival/tray.html", context)


@require_safe
def arrival(request: HttpRequest, arrival: int) -> HttpResponse:
    """One arrival: as it came, as it was understood, and what can become of it."""
    return _arrival(request, queries.arrival_of(signed_in(request), arrival))


def _arrival(request: HttpRequest, found: Arrival, form: Any = None) -> HttpResponse:
    asked = form is not None
    form = form or CorrectForm(initial={"severity": 3, **found.fields})
    context = {"arrival": found, "form": form, "raw": queries.shown(found), "limit": queries.SHOWN}
    return render(request, "arrival/arrival.html", context, status=400 if asked else 200)


@require_POST
def take(request: HttpRequest, arrival: int) -> HttpResponse:
    """Make a case of it with what was corrected."""
    person = signed_in(request)
    found, form = queries.arrival_of(person, arrival), CorrectForm(request.POST)
    commands.sorting(person, found)
    if not form.is_valid():
        return _arrival(request, found, form)
    return _taken(request, found, lambda: commands.correct_and_take(found, form.said(), by=person))


@require_POST
def put_on(request: HttpRequest, arrival: int) -> HttpResponse:
    """Put it on a case."""
    person = signed_in(request)
    found = queries.arrival_of(person, arrival)
    key, shared = request.POST.get("case", "").strip(), request.POST.get("shared") == "on"

    def deed() -> commands.Taken:
        try:
            case = visible_case(person, key)
        except Case.DoesNotExist as none:
            raise Conflict(f"there is no case {key[:20]!r} that you may see") from none
        return commands.put_on(found, case, taking.words_of(found), by=person, theirs=shared)

    return _taken(request, found, deed)


def _taken(request: HttpRequest, found: Arrival, deed: Callable[[], commands.Taken]) -> HttpResponse:
    try:
        taken = deed()
        if taken.created:
            taking.attach_from(found, taken.case, signed_in(request))
    except (Conflict, commands.Unreadable) as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
        return redirect("arrival", arrival=found.id)
    return redirect("case", key=taken.case.key)


@require_POST
def aside(request: HttpRequest, arrival: int) -> HttpResponse:
    """Set it aside."""
    person = signed_in(request)
    found = queries.arrival_of(person, arrival)
    try:
        commands.set_aside(found, request.POST.get("reason", ""), by=person)
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
        return redirect("arrival", arrival=found.id)
    messages.success(request, f"Arrival {found.id} is set aside. It is kept, and can still be taken.")
    return redirect("tray")


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Intake quality by source and by who filed, over the last weeks."""
    person = signed_in(request)
    if not person.may_anywhere(Deed.SEE_FIGURES):
        raise PermissionDenied("your role does not see figures")
    return render(request, "arrival/quality.html", {"rows": queries.quality(person), "weeks": queries.WEEKS})


@require_safe
def sources(request: HttpRequest, prefix: str) -> HttpResponse:
    """Where things arrive for an organisation."""
    return _sources(request, managed(signed_in(request), prefix))


def _sources(request: HttpRequest, organisation: Organisation, **shown: str) -> HttpResponse:
    context = {
        "organisation": organisation,
        "mailboxes": list(organisation.mailboxes.order_by("address")),
        "hooks": list(organisation.hooks.select_related("person").order_by("name")),
        "mappings": list(all_current(WebhookMapping, organisation)),
        "people": [m.person for m in members(organisation) if m.person.may(Deed.DECLARE, organisation.id)],
    }
    return render(request, "arrival/sources.html", context | shown)


@require_POST
def mailbox(request: HttpRequest, prefix: str) -> HttpResponse:
    """Declare an address."""
    person = signed_in(request)
    organisation = managed(person, prefix)
    try:
        box = hooks.declare_mailbox(organisation, request.POST.get("address", "")[:254], by=person)
        messages.success(request, f"Mail to {box.address} arrives at {organisation}.")
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect("sources", prefix=organisation.prefix)


@require_POST
def hook(request: HttpRequest, prefix: str) -> HttpResponse:
    """Declare a system that sends webhooks; its secret is shown on this answer only."""
    by = signed_in(request)
    organisation = managed(by, prefix)
    name = request.POST.get("name", "").strip().lower()[:40]
    chosen = request.POST.get("person", "")
    person = next((m.person for m in members(organisation) if m.person.username == chosen), by)
    mapping = request.POST.get("mapping", "default")[:60]
    try:
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise Conflict("a name is letters, digits and hyphens")
        made, secret = hooks.make_hook(organisation, name, mapping=mapping, person=person, by=by)
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
        return redirect("sources", prefix=organisation.prefix)
    except ObjectDoesNotExist:
        messages.error(request, f"Nothing was changed: there is no field mapping {mapping}.")
        return redirect("sources", prefix=organisation.prefix)
    return _sources(request, organisation, secret=secret, made=made.name)


@require_POST
def end_hook(request: HttpRequest, prefix: str, number: int) -> HttpResponse:
    """End a webhook."""
    person = signed_in(request)
    organisation = managed(person, prefix)
    known = organisation.hooks.get(id=number)
    hooks.end_hook(known, by=person)
    messages.success(request, f"{known.name} is ended; what it sends is refused.")
    return redirect("sources", prefix=organisation.prefix)


def intake_context(case: Case) -> dict[str, Any]:
    """Return what the panel `arrival/_intake.html` needs; the case page includes it."""
    return {"intake": completeness(case)}


@require_safe
def intake(request: HttpRequest, key: str) -> HttpResponse:
    """What the template asks, what is there, and the request for the rest."""
    person = signed_in(request)
    case = _internal(person, key)
    context = intake_context(case)
    context |= {
        "case": case,
        "rounds": rounds_of(case),
        "tab": "intake",
        "clock": clock(case),
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "request_text": asking.request_text(case, context["intake"]) if context["intake"].missing else "",
        "addresses": asking.addresses(case),
        "scored": getattr(Case.objects.select_related("intake").get(id=case.id), "intake", None),
    }
    return render(request, "arrival/intake.html", context)


def _internal(person: Person, key: str) -> Case:
    case = visible_case(person, key)
    if not case.allows(person, Deed.SEE_INTERNAL):
        raise Case.DoesNotExist
    return case


def _intake_deed(
    request: HttpRequest, key: str, deed: Callable[[Case, Person], object], done: str
) -> HttpResponse:
    person = signed_in(request)
    try:
        deed(_internal(person, key), person)
        messages.success(request, done)
    except Waits as waits:
        messages.warning(request, f"{waits}.")
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect("intake", key=key)


@require_POST
def mark(request: HttpRequest, key: str) -> HttpResponse:
    """Mark an item."""
    item, state, why = (request.POST.get(name, "") for name in ("item", "state", "why"))
    return _intake_deed(
        request, key, lambda case, by: asking.mark(case, item, state, by=by, why=why), "Kept."
    )


@require_POST
def apply(request: HttpRequest, key: str) -> HttpResponse:
    """Apply the newest template."""
    return _intake_deed(
        request, key, lambda case, by: asking.apply_template(case, by=by), "The template is applied."
    )


@require_POST
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Send the request, or record that it was sent."""
    text, to = request.POST.get("text", "")[:20_000], request.POST.get("to", "")
    wait = request.POST.get("wait") == "on"
    done = f"Sent to {to}." if to else "Recorded as sent by you."
    return _intake_deed(request, key, lambda case, by: asking.ask(case, text, by=by, to=to, wait=wait), done)
