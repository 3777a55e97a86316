"""Writing to the timeline: the only place where entries are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from holdfast.desk.cases.chain import seal
from holdfast.desk.cases.clockwork import CUSTOMER, TELLING, step, steps_of, wind
from holdfast.desk.cases.models import OUTSIDE, Case, Entry, Kind
from holdfast.desk.cases.ordering import place
from holdfast.desk.cases.rulebook import rulebook
from holdfast.desk.clocks.ledger import Clock
from holdfast.desk.clocks.story import DONE, Step
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed

ENGINE = "engine"
Heard = Callable[[Case, Sequence[Step], Sequence[Clock], datetime], None]
Seen = Callable[[Case, Entry], None]
_listeners: list[Heard] = []
_readers: list[Seen] = []


def when_told(heard: Heard) -> Heard:
    """Register who keeps something counted from timelines; called in the transaction of the entry."""
    _listeners.append(heard)
    return heard


def when_written(seen: Seen) -> Seen:
    """Register who looks at every entry once it is written, in its transaction; they may append another."""
    _readers.append(seen)
    return seen


def lock(case_id: int, seen_by: Person | None = None) -> Case:
    """Return the case, held until the transaction ends, so that entries get their places one by one.

    Raises Case.DoesNotExist where it is not one that `seen_by` sees.
    """
    cases = Case.objects.visible_to(seen_by) if seen_by else Case.objects.all()
    case = cases.select_for_update(of=("self",)).select_related("organisation", "customer").get(id=case_id)
    case.locked_as = case.row()
    return case


def append(
    case: Case,
    kind: Kind,
    text: str,
    *,
    by: Person | None,
    event: str,
    data: dict[str, Any] | None = None,
    shared: bool = False,
    outside: str = "",
    happened_at: datetime | None = None,
) -> Entry:
    """Append an entry to a locked case, save the case as it now is, and publish the event.

    A shared entry is read by the customer: its text, or instead of it the words `outside`, which is how a reason that
    was written for the team stays with the team.
    """
    now = timezone.now()
    if outside:
        shared, data = True, (data or {}) | {OUTSIDE: outside}
    if by is not None and not case.allows(by, Deed.SEE_INTERNAL):
        data = (data or {}) | {"side": CUSTOMER}
    entry = Entry(
        case=case,
        position=case.entries_count + 1,
        kind=kind,
        text=text.replace("\x00", "\ufffd"),
        data=exact(data or {}),
        person=by,
        author=by.title if by else ENGINE,
        shared=shared,
        happened_at=happened_at or now,
        recorded_at=now,
        previous=case.head,
    )
    entry.hash = seal(entry, case.key)
    entry.save(force_insert=True)
    case.entries_count, case.head = entry.position, entry.hash
    _note_who_spoke(case, entry, now)
    refresh(case, now, since=entry)
    publish(event, organisation_id=case.organisation_id, case_id=case.id, entry=entry.position)
    for seen in _readers:
        seen(case, entry)
    return entry


def _note_who_spoke(case: Case, entry: Entry, now: datetime) -> None:
    if entry.person_id is not None:
        case.touched_at = now
    if entry.data.get("side") == CUSTOMER:
        case.customer_at = now
        case.came_back = case.state in DONE and not {"resolution", "satisfaction"} & set(entry.data)
    elif entry.shared and entry.kind in (Kind.COMMENT, Kind.UPDATE):
        case.came_back = False


def refresh(case: Case, now: datetime, *, since: Entry | None = None) -> None:
    """Save a locked case with what is counted from its timeline; `since` is the entry just written."""
    book = rulebook(case.organisation)
    if since is None or _tells(since):
        steps = _steps(case, since)
        clocks = wind(case, book, steps, now)
        place(case, book.queue.value, now)
        case.save_changes()
        for heard in _listeners:
            heard(case, steps, clocks, now)
        return
    place(case, book.queue.value, now)
    case.save_changes()


def _tells(entry: Entry) -> bool:
    return entry.kind in TELLING or entry.data.get("side") == CUSTOMER


def _steps(case: Case, since: Entry | None) -> list[Step]:
    if since is not None and since.position == 1:
        return [step(since.kind, since.happened_at, since.data, since.position)]
    return steps_of(case)


def exact(value: Any) -> Any:
    """Return plain JSON. Floats are refused: a database may write them differently and break the seal."""
    if isinstance(value, dict):
        return {str(key): exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, str):
        return str(value).replace("\x00", "\ufffd")
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"{type(value).__name__} cannot be sealed; write it as text or whole number")


def change(case: Case, field: str, before: object, after: object) -> dict[str, Any]:
    """Return the data of a change, always with from and to."""
    return {"field": field, "from": before, "to": after, "case": case.key}
