"""The tickets of a case: the composer with its gate, filing, answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from holdfast.desk.cases.clock_views import internal_case
from holdfast.desk.cases.clockwork import clocks_of
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.ordering import clock
from holdfast.desk.cases.views import done
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.decisions.models import Decision
from holdfast.desk.engineering import commands, outcomes, queries, reproducing
from holdfast.desk.engineering.alike import alike
from holdfast.desk.engineering.citing import Places, cut
from holdfast.desk.engineering.models import Standing, Ticket
from holdfast.desk.engineering.owners import OwnerValue, answering, owners
from holdfast.desk.engineering.parts import PARTS, Part
from holdfast.desk.engineering.printing import leaving, markdown
from holdfast.desk.engineering.quality import Quality, Subject, look
from holdfast.desk.people.models import Person
from holdfast.desk.people.queries import signed_in
from holdfast.desk.people.rights import Deed

_WRITABLE = (Standing.DRAFT, Standing.SENT_BACK, Standing.DISPUTED)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part as the page shows it."""

    part: Part
    text: str
    lines: list[list[tuple[str, str]]]
    """The text by lines, each in pieces with the address they open."""
    gaps: list[str]
    by_hand: bool
    news: str
    """What the case says of it by now, where a person wrote something else."""


@require_safe
def tickets(request: HttpRequest, key: str) -> HttpResponse:
    """The tickets of a case; the one in hand with its gate."""
    person = signed_in(request)
    case = internal_case(person, key)
    listed = queries.tickets_of(case)
    chosen = _chosen(listed, request.GET.get("t", ""))
    context: dict[str, object] = {
        "case": case,
        "clock": clock(case),
        "tab": "tickets",
        "may": {str(deed): case.allows(person, deed) for deed in Deed},
        "listed": listed,
        "shared": queries.shared_by(person, case),
        "ticket": chosen,
        "waits": _clock(case),
    }
    if chosen is not None:
        context |= composing(chosen, person) if _written_here(chosen) else _reading(chosen, person)
        context |= _around(chosen, person)
    return render(request, "engineering/tickets.html", context)


def _chosen(listed: list[Ticket], asked: str) -> Ticket | None:
    wanted = asked.upper().removeprefix("T-")
    if wanted.isdecimal():
        return next((one for one in listed if str(one.number) == wanted), None)
    drafts = [one for one in listed if one.state == Standing.DRAFT]
    live = [one for one in listed if one.state not in (Standing.DROPPED, Standing.SAME, Standing.WITHDRAWN)]
    return next(iter([*drafts, *live, *listed]), None)


def _clock(case: Case) -> Clock | None:
    found = [one for one in clocks_of(case, timezone.now()) if one.rule.name == "ticket"]
    return found[-1] if found else None


def _written_here(ticket: Ticket) -> bool:
    return ticket.state in _WRITABLE and ticket.tracker != commands.OUTSIDE


def _reading(ticket: Ticket, person: Person) -> dict[str, object]:
    waits = ticket.state == Standing.QUEUED
    return {"document": shown(ticket), "alike": alike(ticket, person) if waits else []}


def _around(ticket: Ticket, person: Person) -> dict[str, object]:
    known = owners(ticket.organisation_id).owners
    owner: OwnerValue | None = known.get(ticket.owner)
    return {
        "exchanges": queries.exchanges(ticket),
        "record": queries.record(person, ticket.organisation_id, ticket.owner),
        "owner": owner,
        "owners": known,
        "expects": owner.expects(ticket.priority) if owner else None,
        "people": answering(ticket.organisation_id, ticket.owner)[:4],
        "late": ticket.state == Standing.FILED and ticket.asked_at is not None and ticket.late_at is None,
    }


def composing(ticket: Ticket, person: Person) -> dict[str, object]:
    """Return what the composer needs: parts with their gaps, the gate, who decides."""
    subject = Subject(ticket, person)
    quality = look(subject)
    right = commands.right_of(quality.open)
    mine = alone(ticket.case, right, person)
    return {
        "pieces": _pieces(subject, quality),
        "quality": quality,
        "alike": subject.alike,
        "run": ticket.reproductions.first(),
        "preview": markdown(leaving(ticket)),
        "mine": mine,
        "needs": "" if mine else table(ticket.organisation_id).who(right),
        "decisions": Decision.objects.filter(case=ticket.case, about=commands.about(ticket)).order_by(
            "-number"
        )[:4],
        "priorities": (1, 2, 3, 4),
        "patch": diff(ticket.patch),
    }


def _pieces(subject: Subject, quality: Quality) -> list[Piece]:
    by_hand = commands.written_by_hand(subject.ticket)
    found = []
    for name, part in PARTS.items():
        text, known = subject.parts[name], subject.known[name]
        news = known if name in by_hand and known and known != subject.ticket.filled.get(name, "") else ""
        lines = _lines(subject.places, text)
        found.append(Piece(part, text, lines, quality.gaps(name), name in by_hand, news))
    return found


def _lines(places: Places, text: str) -> list[list[tuple[str, str]]]:
    return [list(cut(line, places.find(line))) for line in text.splitlines() if line.strip()]


def shown(ticket: Ticket) -> list[Piece]:
    """Return what was filed, part by part."""
    parts = ticket.document.get("parts", {})
    return [
        Piece(
            part, parts[name], [[(line, "")] for line in parts[name].splitlines()], [], by_hand=False, news=""
        )
        for name, part in PARTS.items()
        if parts.get(name)
    ]


def diff(patch: str) -> list[tuple[str, str]]:
    """Return a patch by lines, each with how it looks: plus, minus or nothing special."""
    tones = {"+": "plus", "-": "minus"}
    return [(tones.get(line[:1], ""), line) for line in patch.splitlines()]


@require_POST
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Begin a ticket filled from the case."""
    component = _field(request, "component")
    return _then(request, key, lambda case, by: commands.draft(case, by=by, component=component))


@require_POST
def note(request: HttpRequest, key: str) -> HttpResponse:
    """Note a ticket that was filed elsewhere."""
    reference, url = _field(request, "reference"), _field(request, "url")
    return _then(request, key, lambda case, by: commands.note(case, reference, by=by, url=url))


@require_POST
def write(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Keep one part, or the head: summary, owner, priority, component; or the patch."""
    form, part = request.POST, request.POST.get("part", "")

    def deed(case: Case, by: Person) -> object:
        ticket = commands.ticket_of(case, number)
        if part:
            said = commands.Said(parts={part: form.get("text", "")})
            return commands.write(ticket, said, by=by, before={part: form.get("before", "")})
        priority = form.get("priority", "")
        said = commands.Said(
            form.get("summary"),
            form.get("component"),
            form.get("owner") if form.get("owner") != ticket.owner else None,
            int(priority) if priority.isdecimal() and len(priority) < 3 else None,
            patch=form.get("patch"),
        )
        return commands.write(ticket, said, by=by)

    return _then(request, key, deed, number, part)


@require_POST
def refill(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Fill the draft anew; what people wrote stays, but for the part that is to be taken."""
    take = _field(request, "take")
    return _on(request, key, number, lambda ticket, by: commands.refill(ticket, by=by, take=take))


@require_POST
def repair(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Do what a check offers."""
    check = _field(request, "check")
    return _on(request, key, number, lambda ticket, by: commands.repair(ticket, check, by=by))


@require_POST
def reproduce(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Have the desk run the command that shows the fault."""
    line, shows, times = _field(request, "line"), _field(request, "shows"), _field(request, "times")

    def deed(case: Case, by: Person) -> object:
        said = reproducing.typed(line, shows, int(times) if times.isdecimal() and len(times) < 3 else 3)
        return reproducing.reproduce(commands.ticket_of(case, number), said, by=by)

    return _then(request, key, deed, number, "steps")


@require_POST
def file(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """File it, or ask for the decision that open checks need."""
    reason, despite = _field(request, "reason"), request.POST.get("despite") == "on"
    if request.POST.get("act") == "ask":
        return _on(request, key, number, lambda ticket, by: commands.request(ticket, reason, by=by))
    return _on(request, key, number, lambda ticket, by: commands.file(ticket, by=by, despite=despite))


@require_POST
def drop(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Give a draft up."""
    return _on(request, key, number, lambda ticket, by: commands.drop(ticket, by=by))


@require_POST
def same(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Put it aside: another ticket is of the same defect."""
    there, their = _field(request, "case"), _field(request, "number")

    def deed(ticket: Ticket, by: Person) -> object:
        other = outcomes.seen_ticket(by, there, int(their) if their.isdecimal() and len(their) < 9 else 0)
        return outcomes.same(ticket, other, by=by)

    return _on(request, key, number, deed)


@require_POST
def answer(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Answer the owner, or take the ticket back."""
    text = _field(request, "text")
    deed = outcomes.withdraw if request.POST.get("act") == "withdraw" else outcomes.answer
    return _on(request, key, number, lambda ticket, by: deed(ticket, text, by=by))


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()


def _on(
    request: HttpRequest, key: str, number: int, deed: Callable[[Ticket, Person], object]
) -> HttpResponse:
    return _then(request, key, lambda case, by: deed(commands.ticket_of(case, number), by), number)


def _then(
    request: HttpRequest,
    key: str,
    deed: Callable[[Case, Person], object],
    number: int | None = None,
    part: str = "",
) -> HttpResponse:
    """Do something and come back to the ticket it was done to."""
    made: list[object] = []
    answered = done(request, key, lambda case, by: made.append(deed(case, by)), "tickets")
    ticket = made[0] if made and isinstance(made[0], Ticket) else None
    at = ticket.number if ticket is not None else number
    anchor = f"#part-{part}" if part in PARTS else ""
    return redirect(f"{answered.url}?t={at}{anchor}") if at is not None else answered  # type: ignore[attr-defined]
