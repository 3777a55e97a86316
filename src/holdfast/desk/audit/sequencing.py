"""The round that puts what happened into the log, in the order of commits, and signs it.

The deed's own transaction only writes its event. So a deed never waits for the log, and the log never misses one:
it goes on from the last event it holds. What it adds and the checkpoint over it are one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.audit.keeping import signing_key, size, tree
from holdfast.desk.audit.models import Leaf, Opening, SignedCheckpoint
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.outbox.models import Event
from holdfast.desk.outbox.ordering import newest
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Organisation
from holdfast.desk.vault import gate
from holdfast.desk.vault.models import Custody
from holdfast.ledger.canonical import canonical
from holdfast.ledger.checkpoints import Checkpoint
from holdfast.ledger.commitments import Opening as Salted
from holdfast.ledger.commitments import commit, committed
from holdfast.ledger.merkle import leaf_hash, root

BATCH = 2000
_SEQUENCING = 7_104_202
_PASSING = ("job.", "notice.", "upload.", "room.here")
"""Machinery and presence: nobody did anything."""
_DIGESTS = ("archive", "checkpoint", "manifest")
"""SHA-256 of things that left or came, which anybody may compare."""


@every(5, "ledger")
def log_what_happened() -> None:
    """Log all events there are by now, some thousands a transaction."""
    while sequence() == BATCH:
        pass


def sequence() -> int:
    """Log the next events and sign a checkpoint; return how many were logged."""
    # Before the transaction: while somebody looks how far they may read, nobody publishes.
    return _sequence(newest())


@transaction.atomic
def _sequence(upto: int) -> int:
    _take_turns()
    last = Leaf.objects.aggregate(last=Max("event_id"))["last"] or 0
    events = Event.objects.filter(id__gt=last, id__lte=upto).order_by("id")
    for kind in _PASSING:
        events = events.exclude(kind__startswith=kind)
    told = list(events[:BATCH])
    if told:
        _append(told)
    return len(told)


def _take_turns() -> None:
    """On PostgreSQL two workers would read the same size; SQLite's transactions take turns by themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEQUENCING])


def _append(events: Sequence[Event]) -> None:
    key, begun, about = signing_key(), size(), _About(events)
    leaves, openings = [], []
    for index, event in enumerate(events, begun):
        plain, personal = about.told(event)
        salted = {path: commit(value) for path, value in personal.items()}
        entry = canonical(plain | {path: committed(one) for path, one in salted.items()})
        artefact = event.data.get("artefact")
        leaves.append(
            Leaf(
                index=index,
                event_id=event.id,
                organisation_id=event.organisation_id,
                case_id=event.case_id,
                artefact_id=artefact if isinstance(artefact, int) else None,
                entry=entry.decode(),
            )
        )
        openings += [_kept(index, path, one) for path, one in salted.items()]
    Leaf.objects.bulk_create(leaves, batch_size=500)
    Opening.objects.bulk_create(openings, batch_size=500)
    nodes = tree()
    now = nodes.extend(begun, (leaf_hash(leaf.entry.encode()) for leaf in leaves))
    note = Checkpoint(key.name, now, root(now, nodes)).signed(key)
    SignedCheckpoint.objects.create(size=now, note=str(note), signed_at=timezone.now())


def _kept(index: int, path: str, one: Salted) -> Opening:
    return Opening(leaf_id=index, path=path, salt=one.salt, value=one.value)


class _About:
    """What is told of events: names of cases and people, looked up together."""

    def __init__(self, events: Sequence[Event]) -> None:
        cases = {event.case_id for event in events if event.case_id}
        self._cases = {
            case.id: case.key for case in Case.objects.filter(id__in=cases).select_related("organisation")
        }
        self._houses = dict(Organisation.objects.values_list("id", "prefix"))
        placed = [event for event in events if event.case_id and isinstance(event.data.get("entry"), int)]
        entries = Entry.objects.filter(
            case__in={event.case_id for event in placed},
            position__in={event.data["entry"] for event in placed},
        )
        self._entries = {
            (case, position): (author, sealed)
            for case, position, author, sealed in entries.values_list("case_id", "position", "author", "hash")
        }
        looks = [event.data["custody"] for event in events if "custody" in event.data]
        self._looks = {
            look.id: look
            for look in Custody.objects.filter(id__in=looks).select_related("person", "artefact__case")
        }

    def told(self, event: Event) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what anybody may read of an event, and what is personal in it."""
        plain: dict[str, Any] = {"event": event.id, "deed": event.kind, "at": _time(event.recorded_at)}
        personal: dict[str, Any] = {}
        if event.organisation_id in self._houses:
            plain["organisation"] = self._houses[event.organisation_id]
        if event.case_id in self._cases:
            plain["case"] = self._cases[event.case_id]
        entry = self._entries.get((event.case_id or 0, event.data.get("entry", 0)))
        if entry is not None:
            author, sealed = entry
            plain["entry"] = event.data["entry"]
            personal |= {"by": author, "sealed": sealed}
        elif (look := self._looks.get(event.data.get("custody", 0))) is not None:
            plain |= {"artefact": look.sha256, "look": look.deed}
            personal |= {
                "by": look.person.title if look.person else "engine",
                "name": gate.shown_name(look.artefact),
            }
        elif event.data:
            plain |= {name: event.data[name] for name in _DIGESTS if name in event.data}
            personal["data"] = _whole(event.data)
        return plain, personal


def _whole(value: Any) -> Any:
    """Return JSON without floating-point numbers, which have no canonical form."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return repr(value) if isinstance(value, float) else value


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
