"""What other rooms are told of tickets: the line of a case, and hand-overs."""

from __future__ import annotations

from collections.abc import Iterable

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
    return note(case, reference, by=by, summary=title) if rest else draft(case, by=by)


def reads_ticket(case: Case, rest: str, by: Person) -> str:  # noqa: ARG001
    """Say what becomes of it."""
    if rest:
        return f"notes {rest.partition(' ')[0][:60]}, filed elsewhere; stops the clock of the ticket"
    return "begins a ticket filled from the case; file it on the page Tickets"


when_written(Word("/ticket", "a ticket for engineering", ticket, reads_ticket))


@tells
def tickets(case: Case) -> Iterable[Item]:
    """Tickets that are with engineering, and questions that wait for the case's team."""
    for one in case.tickets.filter(state__in=[*OPEN, Standing.DRAFT, Standing.FIXED]).order_by("number"):
        yield Item(
            f"ticket/{one.number}", _title(one), f"{one.called}, {stands(one)}: {one.summary}", str(one)
        )
    for shared in case.shared_tickets.select_related("ticket"):
        one = shared.ticket
        if one.open or one.state == Standing.FIXED:
            yield Item(f"shared/{one.id}", "Shared ticket", f"{one.called}, {stands(one)}: {one.summary}")


def _title(one: Ticket) -> str:
    return "Sent back" if one.state in (Standing.SENT_BACK, Standing.DISPUTED) else "Ticket"


def stands(one: Ticket) -> str:
    """Return where a ticket stands, with the question that waits."""
    said = one.get_state_display().lower()
    if one.state in (Standing.SENT_BACK, Standing.DISPUTED):
        asked = one.exchanges.filter(word__in=[Said.SENT_BACK, Said.DISPUTED]).last()
        return f"{said}, unanswered: “{asked.text[:300]}”" if asked else said
    if one.state == Standing.FILED and one.owner:
        return f"waits for {one.owner}"
    return said
