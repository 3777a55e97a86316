"""What becomes of a filed ticket: the owner accepts, sends back, disputes or fixes; the case's team answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.noticing import notify
from holdfast.desk.cases.timeline import append, change, lock
from holdfast.desk.engineering.filing import ask_owner, know_customers, tell_owner
from holdfast.desk.engineering.models import EVENT, UNFILED, Exchange, Shared, Standing, Ticket, Word
from holdfast.desk.engineering.owners import answering
from holdfast.desk.engineering.parts import LACKING
from holdfast.desk.engineering.printing import leaving, markdown
from holdfast.desk.engineering.trackers import tracker
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.gate import redacted

MOVES: Mapping[str, Mapping[str, Standing]] = {
    Word.ACCEPTED: dict.fromkeys(("filed", "sent_back", "disputed"), Standing.ACCEPTED),
    Word.SENT_BACK: dict.fromkeys(("filed", "accepted", "disputed"), Standing.SENT_BACK),
    Word.DISPUTED: dict.fromkeys(("filed", "accepted", "sent_back"), Standing.DISPUTED),
    Word.FIXED: dict.fromkeys(("filed", "accepted", "sent_back", "disputed"), Standing.FIXED),
    Word.ANSWERED: dict.fromkeys(("sent_back", "disputed", "fixed"), Standing.FILED),
    Word.WITHDRAWN: dict.fromkeys(("filed", "accepted", "sent_back", "disputed"), Standing.WITHDRAWN),
}
"""By what is said, from which state to which."""
OWNERS = (Word.ACCEPTED, Word.SENT_BACK, Word.DISPUTED, Word.FIXED)
"""What the owner says; the rest is the case's team's."""
_ASKS = (Word.SENT_BACK, Word.DISPUTED)
_SAYS = {
    Word.ACCEPTED: "accepted",
    Word.SENT_BACK: "sent back",
    Word.DISPUTED: "disputed",
    Word.FIXED: "fixed",
    Word.ANSWERED: "answered",
    Word.WITHDRAWN: "withdrawn",
}


def seen_ticket(person: Person, key: str, number: int) -> Ticket:
    """Return a ticket that somebody may see, also one of a case they are not on."""
    prefix, _, digits = key.rpartition("-")
    there = Ticket.objects.visible_to(person).select_related(
        "case__organisation", "case__customer", "filed_by"
    )
    if not digits.isdecimal() or len(digits) > 9:
        raise Ticket.DoesNotExist
    return there.get(
        case__organisation__prefix=prefix.upper(), case__number=int(digits), number=min(number, 2**31 - 1)
    )


def why_not_owner(ticket: Ticket, by: Person) -> str:
    """Return why somebody does not speak for the owner, or an empty text."""
    where = tracker(ticket.tracker)
    if where is None or not where.answers_here:
        if by.may(Deed.RECORD, ticket.organisation_id):
            return ""
        return "what the owner said elsewhere is noted by whoever works on the case"
    people = answering(ticket.organisation_id, ticket.owner)
    if by.id == ticket.filed_by_id:
        return "you filed it; whoever answers for the component says what becomes of it"
    if by.id in {one.id for one in people}:
        return ""
    if not people and by.may(Deed.RECORD, ticket.organisation_id):
        return ""
    names = ", ".join(one.title for one in people[:5]) or "nobody"
    return f"{ticket.owner} is answered for by {names}"


@transaction.atomic
def answer_for_owner(ticket: Ticket, word: str, text: str, *, by: Person, lacks: str = "") -> Ticket:
    """Say for the owner what becomes of a ticket: accepted, sent_back, disputed, fixed.

    Sending back and disputing need words: a question that is not asked is not answered.
    """
    if not Ticket.objects.visible_to(by).filter(id=ticket.id).exists():
        raise Ticket.DoesNotExist
    if reason := why_not_owner(ticket, by):
        raise PermissionDenied(reason)
    if word not in OWNERS:
        raise Conflict(f"an owner says {', '.join(OWNERS)}, not {word[:20] or 'nothing'}")
    said = Word(word)
    if said == Word.SENT_BACK and lacks not in LACKING:
        raise Conflict(f"say what it lacks: {', '.join(LACKING)}; you wrote “{text.strip()[:2000]}”")
    if said in _ASKS:
        text = words(text)
    return say(ticket.id, said, text, by=by, lacks=lacks if said == Word.SENT_BACK else "")


@transaction.atomic
def answer(ticket: Ticket, text: str, *, by: Person) -> Ticket:
    """Answer what the owner asked or disputed, or say that the fix does not hold; what was rewritten meanwhile goes
    along. The answer passes the gate like the ticket did."""
    case = allowed(ticket.case, by, Deed.RECORD)
    ticket = Ticket.objects.get(id=ticket.id)
    ticket.case = case
    text = redacted(words(text), case)
    fresh, carries = leaving(ticket), text
    if ticket.sent and fresh != ticket.sent and ticket.state != Standing.FIXED:
        Ticket.objects.filter(id=ticket.id).update(sent=fresh)
        carries = f"{text}\n\n{markdown(fresh)}"
    return say(ticket.id, Word.ANSWERED, text, by=by, carries=carries)


@transaction.atomic
def withdraw(ticket: Ticket, reason: str, *, by: Person) -> Ticket:
    """Take a ticket back; the clock runs on unless another ticket of the case is filed."""
    case = allowed(ticket.case, by, Deed.RECORD)
    text = redacted(words(reason), case)
    return say(ticket.id, Word.WITHDRAWN, text, by=by, carries=text)


def say(
    ticket_id: int,
    word: Word,
    text: str,
    *,
    by: Person | None,
    lacks: str = "",
    author: str = "",
    carries: str = "",
) -> Ticket:
    """Write down what was said: the state, the exchange, the timelines of all cases that share the ticket."""
    case = lock(Ticket.objects.values_list("case_id", flat=True).get(id=ticket_id))
    ticket = Ticket.objects.select_for_update(of=("self",)).get(id=ticket_id)
    ticket.case = case
    to = MOVES[word].get(ticket.state)
    if to is None:
        stands = ticket.get_state_display().lower()
        raise Conflict(f"{ticket.called} is {stands}; it cannot be {_SAYS[word]} now")
    before, ticket.state = ticket.state, to
    if word == Word.ANSWERED:
        ask_owner(ticket)
    else:
        ticket.asked_at = ticket.late_at = None
    ticket.save()
    name = by.title if by else author or ticket.tracker
    said = Exchange(ticket=ticket, word=word, lacks=lacks, text=text.strip(), person=by, author=name)
    where = tracker(ticket.tracker)
    if carries and where is not None and not where.answers_here:
        said.carries, said.carry_at = carries, timezone.now()
    said.save()
    data = change(case, str(ticket), before, to) | {"ticket": ticket.number, "outcome": word}
    data |= {"reference": ticket.reference} | ({"lacks": lacks} if lacks else {})
    if word == Word.WITHDRAWN and not _others_filed(case, ticket):
        data["ticketed"] = False
    append(case, Kind.STATE, _told(ticket, word, lacks, text), by=by, event=EVENT, data=data)
    _tell_shares(ticket, word, text, by)
    _tell_people(ticket, case, word, text, by)
    return ticket


def _others_filed(case: Case, ticket: Ticket) -> bool:
    others = case.tickets.exclude(id=ticket.id).exclude(state__in=[*UNFILED, Standing.WITHDRAWN])
    return others.exists() or case.shared_tickets.exists()


def _told(ticket: Ticket, word: Word, lacks: str, text: str) -> str:
    want = f" ({LACKING[lacks]})" if lacks in LACKING else ""
    said = f": {text.strip()}" if text.strip() else f": {ticket.summary}"
    return f"{ticket.called} {_SAYS[word]}{want}{said}"


def _tell_shares(ticket: Ticket, word: Word, text: str, by: Person | None) -> None:
    """Write it on the other cases too; in the order of their ids, so that two of them never wait for each other."""
    for case_id in Shared.objects.filter(ticket=ticket).order_by("case_id").values_list("case_id", flat=True):
        other = lock(case_id)
        data = {"shared_ticket": ticket.reference, "outcome": word, "of": ticket.case.key}
        append(other, Kind.FACT, _told(ticket, word, "", text), by=by, event=EVENT, data=data)


def _tell_people(ticket: Ticket, case: Case, word: Word, text: str, by: Person | None) -> None:
    key = f"{word}/{ticket.exchanges.count()}"
    told = f"{case.key} {_told(ticket, word, '', text)}"
    if word in OWNERS:
        for person in {case.owner, ticket.filed_by} - {None, by}:
            if person is not None and person.is_active:
                notify(person, case, told, f"ticket/{ticket.number}/{key}")
    else:
        tell_owner(ticket, case, told, key, by)


@transaction.atomic
def share(ticket: Ticket, case: Case, *, by: Person) -> Shared:
    """Say that another case has the same defect: its clock stops, its customers join the matrix."""
    case = allowed(case, by, Deed.RECORD)
    if not Ticket.objects.visible_to(by).filter(id=ticket.id).exists():
        raise Ticket.DoesNotExist
    ticket = Ticket.objects.select_related("case__organisation").get(id=ticket.id)
    if ticket.organisation_id != case.organisation_id:
        raise Conflict("a ticket is shared by cases of one organisation")
    if ticket.state in UNFILED or ticket.state == Standing.WITHDRAWN:
        raise Conflict(f"{ticket.called} is {ticket.get_state_display().lower()}; share one that is filed")
    if ticket.case_id == case.id:
        raise Conflict(f"{ticket.called} is a ticket of {case.key} already")
    made, fresh = Shared.objects.get_or_create(ticket=ticket, case=case, defaults={"by": by})
    if fresh:
        data: dict[str, Any] = {"shared_ticket": ticket.reference, "of": ticket.case.key, "ticketed": True}
        text = f"Same defect as {ticket.called} of {ticket.case.key}: {ticket.summary}"
        append(case, Kind.STATE, text, by=by, event=EVENT, data=data)
        know_customers(ticket, case)
    return made


@transaction.atomic
def same(draft: Ticket, other: Ticket, *, by: Person) -> Ticket:
    """Put a draft, or one that waits for its tracker, aside because another ticket is of the same defect."""
    case = allowed(draft.case, by, Deed.RECORD)
    draft = Ticket.objects.select_for_update(of=("self",)).get(id=draft.id)
    if draft.state not in (Standing.DRAFT, Standing.QUEUED):
        raise Conflict(f"{draft.called} is {draft.get_state_display().lower()}; withdraw it instead")
    if other.case_id != case.id:
        share(other, case, by=by)
        case = lock(case.id)
    before, draft.state, draft.same_as = draft.state, Standing.SAME, other
    draft.changed_at, draft.try_at = timezone.now(), None
    draft.save()
    data = change(case, str(draft), before, Standing.SAME) | {"ticket": draft.number}
    append(case, Kind.STATE, f"{draft} is the same as {other.called}", by=by, event=EVENT, data=data)
    return draft
