"""What other rooms are told of tickets: the line of a case, and hand-overs."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from holdfast.desk.cases.lines import Word, when_written
from holdfast.desk.cases.models import Case
from holdfast.desk.engineering.commands import draft, note
from holdfast.desk.engineering.models import OPEN, Standing, Ticket
from holdfast.desk.engineering.models import Word as Said
from holdfast.desk.people.models import Person
from holdfast.desk.response.telling import Item, tells


def ticket(case: Case, rest: str, by: Person) -> object:
    """`/ticket ENG-5521 title` notes a ticket filed elsewhere; `/ticket` alone begins one from the case."""
    reference, _, title = rest.partition(" ")
    return note(case, reference, by=by, title=title) if rest else draft(case, by=by)


def reads_ticket(case: Case, rest: str, by: Person) -> str:  # noqa: ARG001
    """Say what becomes of it."""
    if rest:
        return f"notes {rest.partition(' ')[0][:60]}, filed elsewhere; stops the clock of the ticket"
    return "begins a ticket filled from the case; file it on the page Tickets"


when_written(Word("/ticket", "a ticket for engineering", ticket, reads_ticket))


@tells
def tickets(case: Case) -> Iterable[Item]:
    """Tickets that are with engineering, and questions that wait for the case's team."""
    for one in live(case):
        own = one.case_id == case.id
        key = f"ticket/{one.number}" if own else f"shared/{one.id}"
        yield Item(key, _title(one), f"{one.called}, {stands(one)}: {one.summary}", str(one) if own else "")


def told(case: Case) -> Iterable[tuple[str, str, str]]:
    """Return what a brief says of tickets: the label, a sentence, and the query that opens it on the page."""
    for one in live(case):
        label = str(one) if one.case_id == case.id else one.called
        query = f"?t={one.number}" if one.case_id == case.id else "#listed"
        yield label, f"{one.called} is {stands(one)}: {one.summary}", query


def live(case: Case) -> list[Ticket]:
    """Return the tickets of a case, and those it shares, that are not over; their exchanges are read at once."""
    mine = Q(case=case) | Q(shares__case=case)
    found = Ticket.objects.filter(mine, state__in=[*OPEN, Standing.DRAFT, Standing.FIXED])
    return list(found.distinct().prefetch_related("exchanges").order_by("id"))


def _title(one: Ticket) -> str:
    return "Sent back" if one.state in (Standing.SENT_BACK, Standing.DISPUTED) else "Ticket"


def stands(one: Ticket) -> str:
    """Return where a ticket stands, with the question that waits."""
    said = one.get_state_display().lower()
    if one.state in (Standing.SENT_BACK, Standing.DISPUTED):
        asked = [each.text for each in one.exchanges.all() if each.word in (Said.SENT_BACK, Said.DISPUTED)]
        return f"{said}, unanswered: “{asked[-1][:300]}”" if asked else said
    if one.state == Standing.FILED and one.owner:
        return f"waits for {one.owner}"
    return said
