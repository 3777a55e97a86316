"""The rounds of this room: try again what waits, ask trackers what became of tickets, say when an answer is late."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.models import Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.engineering.filing import try_again
from holdfast.desk.engineering.models import EVENT, OPEN, Exchange, Standing, Ticket
from holdfast.desk.engineering.saying import LOOK, SAY
from holdfast.desk.engineering.trackers import known_trackers, tracker
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.rounds import every

BATCH = 200


@every(5, "file tickets")
def file_again() -> None:
    """Try the tickets and words that wait for a tracker, the longest waiting first."""
    now = timezone.now()
    due = Ticket.objects.filter(state=Standing.QUEUED, try_at__lte=now).order_by("try_at")
    for ticket_id in due.values_list("id", flat=True)[:BATCH]:
        try_again(ticket_id)
    words = Exchange.objects.filter(carry_at__lte=now).select_related("ticket").order_by("carry_at", "id")
    for said in words[:BATCH]:
        with transaction.atomic():
            # Moved on before the job is there, so that the next round does not ask for it twice.
            later = now + timedelta(minutes=1)
            if Exchange.objects.filter(id=said.id, carry_at=said.carry_at).update(carry_at=later):
                one = said.ticket
                enqueue(SAY, {"exchange": said.id}, organisation_id=one.organisation_id, case_id=one.case_id)


@every(120, "look at tickets")
def ask_trackers() -> None:
    """Have every open ticket looked at where it lives, for trackers that can say."""
    able = [name for name in known_trackers() if _says(name)]
    there = Ticket.objects.filter(tracker__in=able, state__in=OPEN).exclude(state=Standing.QUEUED)
    for one in there.order_by("id")[:BATCH]:
        with transaction.atomic():
            enqueue(LOOK, {"ticket": one.id}, organisation_id=one.organisation_id, case_id=one.case_id)


def _says(name: str) -> bool:
    there = tracker(name)
    return there is not None and bool(there.outcomes) and not there.at_hand


@every(30, "late answers")
def note_late() -> None:
    """Note once that an owner's answer is late, and tell who waits for it."""
    late = Ticket.objects.filter(late_at__lte=timezone.now()).order_by("late_at")
    for ticket_id in late.values_list("id", flat=True)[:BATCH]:
        _note(ticket_id)


@transaction.atomic
def _note(ticket_id: int) -> None:
    case = lock(Ticket.objects.values_list("case_id", flat=True).get(id=ticket_id))
    ticket = Ticket.objects.select_related("filed_by").get(id=ticket_id)
    if ticket.late_at is None or ticket.late_at > timezone.now():
        return
    due, ticket.late_at = ticket.late_at, None
    ticket.save(update_fields=["late_at"])
    text = f"{ticket.called}: {ticket.owner} has not answered, due {due:%d %b %H:%M} UTC"
    append(case, Kind.FACT, text, by=None, event=EVENT, data={"ticket": ticket.number, "late": True})
    for person in {case.owner, ticket.filed_by} - {None}:
        if person is not None and person.is_active:
            notify(person, case, f"{case.key} {text}", f"ticket/{ticket.number}/late/{due:%d%H%M}")
