"""Handing a ticket to its tracker: at once where it is the desk itself, else by a job that may run more than once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.engineering.models import EVENT, Affected, Exchange, Standing, Ticket, Word
from holdfast.desk.engineering.owners import answering, owners
from holdfast.desk.engineering.printing import document, markdown
from holdfast.desk.engineering.trackers import Down, Filed, Order, Refuses, There, Tracker, tracker
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.jobs import Run, handles
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.models import Person

JOB = "file-ticket"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def order_of(ticket: Ticket) -> Order:
    """Return what is handed over."""
    return Order(
        ticket.key,
        ticket.organisation_id,
        ticket.owner,
        ticket.sent["summary"],
        markdown(ticket.sent, title=False),
        ticket.priority,
        document(ticket, ticket.sent),
        ticket.sent["patch"],
    )


def hand_in(case: Case, ticket: Ticket, where: Tracker) -> None:
    """File now, or have it filed; in the transaction of the deed."""
    if where.at_hand:
        there = where.file(order_of(ticket)).there
        ticket.refresh_from_db(fields=["serial"])  # handed out by the tracker, beside this copy
        taken(case, ticket, there, ticket.filed_by)
    else:
        enqueue(JOB, {"ticket": ticket.id}, organisation_id=case.organisation_id, case_id=case.id)


@handles(JOB)
def file(run: Run) -> Callable[[], None]:
    """File a ticket that waits. Done twice after a crash it is the same ticket: the tracker knows its key."""
    ticket = Ticket.objects.select_related("case__organisation").get(id=run.job.payload["ticket"])
    where = tracker(ticket.tracker)
    if ticket.state != Standing.QUEUED:
        return lambda: None
    if where is None:
        return lambda: _refused(ticket.id, f"there is no tracker {ticket.tracker} any more")
    try:
        filed = where.file(order_of(ticket))
    except Down as error:
        said = str(error)
        return lambda: _later(ticket.id, said)
    except Refuses as error:
        said = str(error)
        return lambda: _refused(ticket.id, said)
    return lambda: _taken(ticket.id, filed)


def _waiting(ticket_id: int) -> tuple[Case, Ticket] | None:
    """Return a ticket that still waits, with its case locked."""
    case = lock(Ticket.objects.values_list("case_id", flat=True).get(id=ticket_id))
    ticket = Ticket.objects.select_related("filed_by").get(id=ticket_id)
    ticket.case = case
    return (case, ticket) if ticket.state == Standing.QUEUED else None


def _taken(ticket_id: int, filed: Filed) -> None:
    found = _waiting(ticket_id)
    if found is None:
        _left_over(ticket_id, filed.there)
    else:
        case, ticket = found
        taken(case, ticket, filed.there, ticket.filed_by)
        for one in filed.alike[:3]:
            text = f"{ticket.called} may be the same as {one.reference}: {one.title}"
            append(
                case, Kind.FACT, text, by=None, event=EVENT, data={"ticket": ticket.number, "url": one.url}
            )


def _left_over(ticket_id: int, there: There) -> None:
    """Say once that a tracker took what was put aside here while it was on its way: nobody else would look there."""
    case = lock(Ticket.objects.values_list("case_id", flat=True).get(id=ticket_id))
    ticket = Ticket.objects.select_related("filed_by").get(id=ticket_id)
    if ticket.reference or ticket.state not in (Standing.DROPPED, Standing.SAME):
        return
    ticket.reference, ticket.url = there.reference[:200], there.url[:500]
    ticket.save(update_fields=["reference", "url"])
    stands = ticket.get_state_display().lower()
    text = f"{ticket} is {stands}, and {ticket.tracker} had taken it as {ticket.reference}: close it there"
    append(case, Kind.FACT, text, by=None, event=EVENT, data={"ticket": ticket.number})
    if ticket.filed_by is not None:
        notify(ticket.filed_by, case, f"{case.key} {text}", f"ticket/{ticket.number}/left-over")


def taken(case: Case, ticket: Ticket, there: There, by: Person | None) -> None:
    """Write down that a tracker has it: the clock stops, the owner is asked, its customers are known."""
    now, before = timezone.now(), ticket.state
    ticket.state, ticket.filed_at = Standing.FILED, now
    ticket.reference, ticket.url = there.reference[:200], there.url[:500]
    ticket.trouble, ticket.try_at = "", None
    ask_owner(ticket)
    ticket.save()
    author = by.title if by else ticket.tracker
    Exchange.objects.create(ticket=ticket, word=Word.FILED, person=by, author=author)
    data = change(case, str(ticket), before, Standing.FILED)
    data |= {"ticket": ticket.number, "outcome": Word.FILED, "reference": ticket.reference, "ticketed": True}
    text = f"{ticket} filed with {ticket.owner} as {ticket.reference}: {ticket.summary}"
    append(case, Kind.STATE, text, by=by, event=EVENT, data=data)
    know_customers(ticket, case)
    tell_owner(
        ticket,
        case,
        f"{ticket.reference} was filed with {ticket.owner}: {ticket.sent['summary']}",
        "filed",
        by,
    )


def ask_owner(ticket: Ticket) -> None:
    """From now on the owner's answer is expected, by the policy of owners."""
    owner = owners(ticket.organisation_id).owners.get(ticket.owner)
    ticket.asked_at = timezone.now()
    ticket.late_at = ticket.asked_at + (owner.expects(ticket.priority) if owner else timedelta(days=1))


def tell_owner(ticket: Ticket, case: Case, text: str, key: str, by: Person | None) -> None:
    """Notify whoever answers for the component."""
    for person in answering(ticket.organisation_id, ticket.owner):
        if by is None or person.id != by.id:
            notify(person, case, text, f"ticket/{ticket.number}/{key}")


def know_customers(ticket: Ticket, case: Case) -> None:
    """Enter the customers of a case into the ticket's matrix; those that are there stay as they are."""
    names = [case.customer.name] if case.customer else []
    names += [name for name in case.scope.get("customers", ()) if name not in names]
    versions = case.scope.get("versions", ())
    newest = case.environments.filter(withdrawn_at=None).exclude(version="").order_by("-at").first()
    listed = versions[0] if len(versions) == 1 else ""
    there = set(ticket.customers.values_list("name", flat=True))
    Affected.objects.bulk_create(
        Affected(
            ticket=ticket,
            case=case,
            name=name[:120],
            version=(newest.version if newest and at == 0 else listed)[:120],
        )
        for at, name in enumerate(names)
        if name[:120] not in there
    )


def _later(ticket_id: int, said: str) -> None:
    """Keep it waiting, and try again after a pause that grows."""
    if (found := _waiting(ticket_id)) is None:
        return
    case, ticket = found
    first = not ticket.trouble
    pause = min(FIRST_PAUSE * 2 ** min(ticket.tries, 10), LONGEST_PAUSE)
    ticket.tries, ticket.try_at, ticket.trouble = ticket.tries + 1, timezone.now() + pause, said[:400]
    ticket.save(update_fields=["tries", "try_at", "trouble"])
    if first:
        text = f"{ticket} waits: {ticket.tracker} does not take it now ({said[:200]}). Its text is kept"
        append(case, Kind.FACT, text, by=None, event=EVENT, data={"ticket": ticket.number})


def _refused(ticket_id: int, said: str) -> None:
    """Give it back to its author, with the reason; nothing of its text is lost."""
    if (found := _waiting(ticket_id)) is None:
        return
    case, ticket = found
    ticket.state, ticket.trouble, ticket.sent, ticket.try_at = Standing.DRAFT, said[:400], {}, None
    ticket.save()
    data = change(case, str(ticket), Standing.QUEUED, Standing.DRAFT) | {"ticket": ticket.number}
    text = f"{ticket} was refused by {ticket.tracker}: {said[:400]}. It is a draft again"
    append(case, Kind.STATE, text, by=None, event=EVENT, data=data)
    if ticket.filed_by is not None:
        notify(ticket.filed_by, case, f"{case.key} {text}", f"ticket/{ticket.number}/refused/{ticket.edits}")


@transaction.atomic
def try_again(ticket_id: int) -> None:
    """Ask for another try of a ticket that waits, unless one is under way."""
    found = _waiting(ticket_id)
    if found is None:
        return
    under_way = Job.objects.filter(
        kind=JOB, state__in=[Job.State.QUEUED, Job.State.RUNNING], payload__ticket=ticket_id
    )
    if not under_way.exists():
        case, ticket = found
        enqueue(JOB, {"ticket": ticket.id}, organisation_id=case.organisation_id, case_id=case.id)
