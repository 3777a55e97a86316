"""Pages for whoever answers for a component: their tickets, one ticket, the matrix of defects and customers."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.queries import visible_case
from holdfast.desk.cases.views import moment
from holdfast.desk.engineering import fixes, outcomes, queries
from holdfast.desk.engineering.models import UNFILED, Ticket, Whether
from holdfast.desk.engineering.parts import LACKING
from holdfast.desk.engineering.printing import document, leaving, markdown
from holdfast.desk.engineering.views import diff, shown
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Filed tickets by owner; those the person answers for first."""
    person = signed_in(request)
    owner, everything = request.GET.get("owner", "")[:12], bool(request.GET.get("all"))
    found = queries.by_owner(person, everything=everything, owner=owner)
    return render(
        request,
        "engineering/owned.html",
        {
            "groups": found,
            "all": everything,
            "owner": owner,
            "full": _full(sum(len(one.tickets) for one in found)),
        },
    )


def _full(number: int) -> int:
    """Return how many are shown where there may be more, else 0."""
    return number if number >= queries.SHOWN else 0


@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Which customer stands where with which defect."""
    person = signed_in(request)
    customer, everything = (
        request.GET.get("customer", "").replace("\x00", "")[:120],
        bool(request.GET.get("all")),
    )
    rows = queries.defects(person, customer=customer, everything=everything)
    return render(
        request,
        "engineering/matrix.html",
        {
            "rows": rows,
            "customer": customer,
            "all": everything,
            "full": _full(len({row.ticket.id for row in rows})),
        },
    )


@require_safe
def ticket(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One ticket as it was filed, what was said about it, its fixes and its customers."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    if found.state in UNFILED:
        return redirect(f"{reverse('tickets', args=[found.case.key])}?t={found.number}")
    inside = Case.objects.visible_to(person).filter(id=found.case_id).exists()
    why_not = outcomes.why_not_owner(found, person)
    context = {
        "ticket": found,
        "document": shown(found),
        "patch": diff(found.document.get("patch", "")),
        "exchanges": queries.exchanges(found),
        "fixes": list(found.fixes.select_related("by")),
        "rows": queries.matrix(person, [found]),
        "inside": inside,
        "speaks": not why_not,
        "why_not": why_not,
        "records": inside and person.may(Deed.RECORD, found.organisation_id),
        "lacking": LACKING.items(),
        "cans": {word for word, moves in outcomes.MOVES.items() if found.state in moves},
        "shares": _shares(person, found),
        "offered": queries.offered(person, found) if inside else [],
        "whether": Whether.choices,
    }
    return render(request, "engineering/ticket.html", context)


def _shares(person: Person, found: Ticket) -> list[Case]:
    there = Case.objects.visible_to(person).filter(shared_tickets__ticket=found)
    return list(there.select_related("organisation", "customer").order_by("id")[:100])


@require_POST
def outcome(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say for the owner what becomes of it."""
    word, text, lacks = (request.POST.get(name, "").replace("\x00", "") for name in ("word", "text", "lacks"))
    return _on(
        request, key, number, lambda one, by: outcomes.answer_for_owner(one, word, text, by=by, lacks=lacks)
    )


@require_POST
def fix(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Name a version that has the fix."""
    version, line, build, out = (
        request.POST.get(name, "").replace("\x00", "") for name in ("version", "line", "build", "released_at")
    )
    return _on(
        request,
        key,
        number,
        lambda one, by: fixes.fix(one, fixes.Built(version, line, build, moment(out)), by=by),
    )


@require_POST
def share(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Say that another case has the same defect."""
    other = request.POST.get("case", "").strip()

    def deed(one: Ticket, by: Person) -> object:
        try:
            case = visible_case(by, other)
        except Case.DoesNotExist as error:
            raise Conflict(f"there is no case {other[:20]!r} that you may see") from error
        return outcomes.share(one, case, by=by)

    return _on(request, key, number, deed)


@require_POST
def customers(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Change where a customer stands, or put one in."""
    form = {name: text.replace("\x00", "") for name, text in request.POST.items() if isinstance(text, str)}
    act, row_id = form.get("act", "place"), form.get("row", "")

    def deed(one: Ticket, by: Person) -> object:
        if act == "add":
            case = visible_case(by, form["case"]) if form.get("case") else one.case
            return fixes.add_customer(one, case, form.get("name", ""), by=by)
        row = fixes.customer_of(by, int(row_id) if row_id.isdecimal() and len(row_id) < 18 else 0)
        if act == "tell":
            return fixes.tell(row, form.get("how", ""), by=by)
        if act == "verify":
            return fixes.verify(row, form.get("how", ""), by=by)
        said = fixes.Where(form.get("affected"), form.get("version"), form.get("workaround"))
        return fixes.place(row, said, by=by)

    return _on(request, key, number, deed, "#customers")


@require_safe
def export(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A ticket as Markdown, JSON or the patch alone; always as it leaves, through the gate."""
    found = outcomes.seen_ticket(signed_in(request), key, number)
    said = found.sent or leaving(found)
    name, kind = f"{found.case.key}-{found}", request.GET.get("as", "md")
    if kind == "json":
        text = json.dumps(document(found, said), indent=2, ensure_ascii=False) + "\n"
        return _file(text, f"{name}.json", "application/json")
    if kind == "patch":
        return _file(said["patch"] + "\n", f"{name}.patch", "text/plain; charset=utf-8")
    return _file(markdown(said), f"{name}.md", "text/markdown; charset=utf-8")


def _file(text: str, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _on(
    request: HttpRequest, key: str, number: int, deed: Callable[[Ticket, Person], object], anchor: str = ""
) -> HttpResponse:
    """Do something to a ticket and go back to it, or say why nothing was done."""
    person = signed_in(request)
    found = outcomes.seen_ticket(person, key, number)
    try:
        deed(found, person)
    except Conflict as conflict:
        messages.error(request, f"Nothing was changed: {conflict}.")
    return redirect(f"{reverse('ticket', args=[found.case.key, found.number])}{anchor}")
