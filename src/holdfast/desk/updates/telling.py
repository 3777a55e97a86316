"""A few words to the customer without the composer: sent at once, or kept as a draft where it may not be."""

from __future__ import annotations

from django.db import transaction

from holdfast.desk.cases.commands import Conflict, allowed, require_right, words
from holdfast.desk.cases.lines import Word, when_written
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.telling import Message, Waits, tell, when_telling
from holdfast.desk.decisions.authority import alone, table
from holdfast.desk.links.merging import duplicates
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.updates.commands import next_number, rights_of, send
from holdfast.desk.updates.filling import next_at
from holdfast.desk.updates.holding import hits
from holdfast.desk.updates.models import Audience, Update


@when_telling
def _tell(case: Case, message: Message, by: Person) -> Entry:
    update = _keep(case, message, by)
    try:
        send(update, by=by)
    except Conflict as refusal:
        raise Waits(f"{update} is kept as a draft on the page Updates and not sent: {refusal}") from refusal
    return case.entries.filter(kind=Kind.UPDATE, data__update=update.number).latest("position")


@transaction.atomic
def _keep(case: Case, message: Message, by: Person) -> Update:
    case = allowed(case, by, Deed.RECORD)
    update = _of(case, message, by)
    update.number = next_number(case)
    update.save(force_insert=True)
    return update


def _of(case: Case, message: Message, by: Person) -> Update:
    """Return an update of one part that is not kept yet; the next one comes by the case's clock."""
    return Update(
        case=case,
        audience=Audience.CUSTOMER,
        headline=case.title[:200],
        known=words(message.text),
        next_at=next_at(case),
        to=None if message.to is None else list(message.to),
        settled=message.settled,
        data=dict(message.data),
        filled_at=case.entries_count,
        author=by,
    )


def tell_duplicates(case: Case, text: str, *, by: Person) -> list[Entry]:
    """Tell the customers of every duplicate merged into a case, each on their own case.

    The words are written for them, not copied from the survivor: another customer reads those. What may not be sent
    waits on its own case, and keeps no other from being sent.
    """
    require_right(case, by, Deed.RECORD)
    said = words(text)
    mine = Case.objects.visible_to(by).filter(id__in=[one.id for one in duplicates(case)]).order_by("id")
    seen = [one for one in mine.select_related("organisation", "customer") if one.allows(by, Deed.RECORD)]
    if not seen:
        raise Conflict(f"no case that you may write on is merged into {case.key}")
    told, waiting = [], []
    for one in seen:
        try:
            told.append(tell(one, Message(said), by=by))
        except Waits as waits:
            waiting.append(f"{one.key}: {waits}")
    if waiting:
        raise Waits("; ".join(waiting))
    return told


def _line(case: Case, text: str, by: Person) -> Entry:
    return tell(case, Message(text), by=by)


def _reads(case: Case, text: str, by: Person) -> str:
    """Say what would become of it, by the same checks that decide it."""
    if not text:
        return "told to the customer. The words are still missing"
    update = _of(case, Message(text), by)
    if found := hits(update):
        return f"a draft to the customer, not sent: {found[0].said}"
    rights = table(case.organisation_id)
    for right in rights_of(update):
        if not alone(case, right, by, rights):
            return f"a draft to the customer, not sent: {rights.line(right).says} is decided by {rights.who(right)}"
    return f"told to the customer at once; the next update is due {update.next_at:%d %b %H:%M} UTC"


when_written(Word("/update", "told to the customer", _line, _reads))
