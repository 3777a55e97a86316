"""Telling a tracker that is elsewhere what was said here, and reading from it what became of a ticket; by jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.engineering.models import Exchange, Ticket, Word
from holdfast.desk.engineering.outcomes import MOVES, say
from holdfast.desk.engineering.trackers import Down, Refuses, tracker
from holdfast.desk.outbox.jobs import Refused, Run, handles

SAY, LOOK = "say-on-ticket", "look-at-ticket"
PAUSE = timedelta(minutes=2)


@handles(SAY)
def carry(run: Run) -> Callable[[], None]:
    """Comment on a ticket where it lives; the key lets the tracker pass over what it has."""
    said = Exchange.objects.select_related("ticket").get(id=run.job.payload["exchange"])
    where = tracker(said.ticket.tracker)
    if said.carry_at is None or where is None:
        return lambda: None
    try:
        where.say(said.ticket.reference, said.carries, f"{said.ticket.key}/{said.id}", _attached(said))
    except Down:
        return lambda: _carry_at(said, timezone.now() + PAUSE)
    except Refuses as error:
        _carry_at(said, None)
        raise Refused(f"{where.title} does not take it: {error}; the words are kept on the case") from error
    return lambda: _carry_at(said, None)


def _attached(said: Exchange) -> dict[str, str]:
    """Return the patch as it is now, with an answer."""
    patch = said.ticket.sent.get("patch", "") if said.word == Word.ANSWERED else ""
    return {f"{said.ticket}.patch": patch} if patch else {}


def _carry_at(said: Exchange, at: datetime | None) -> None:
    Exchange.objects.filter(id=said.id).update(carry_at=at)


@handles(LOOK)
def look(run: Run) -> Callable[[], None]:
    """Read where a ticket stands in its tracker; a word that means something to the case is said on it."""
    ticket = Ticket.objects.get(id=run.job.payload["ticket"])
    where = tracker(ticket.tracker)
    if where is None:
        return lambda: None
    try:
        word = where.look(ticket.reference)[:80]
    except Down:
        return lambda: None
    except Refuses as error:
        raise Refused(f"{where.title}: {error}") from error

    def store() -> None:
        fresh = Ticket.objects.get(id=ticket.id)
        if not word or word == fresh.seen_state:
            return
        meant = where.outcomes.get(word)
        if meant is not None and fresh.state in MOVES.get(meant, {}):
            say(fresh.id, meant, f"{where.title} says {word}", by=None, author=where.title)
        Ticket.objects.filter(id=ticket.id).update(seen_state=word)

    return store
