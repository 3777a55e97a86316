"""Keeping what arrives, byte for byte, before anybody tries to understand it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from holdfast.desk.arrival.models import Arrival, Hook
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.vault import storage
from holdfast.desk.vault.looking_after import holds
from holdfast.desk.vault.storage import Sealed

LONGEST_KEY = 240


def keep(organisation: Organisation, chunks: Iterable[bytes], limit: int) -> Sealed:
    """Seal bytes under an organisation's key and return what they are; ValueError when they pass the limit."""
    return storage.seal(chunks, storage.organisation_scope(organisation.id), limit)


@holds
def _arrivals() -> Iterator[tuple[str, str]]:
    for organisation, sha256 in Arrival.objects.order_by("id").values_list("organisation_id", "sha256"):
        yield storage.organisation_scope(organisation), sha256


def opened(arrival: Arrival) -> storage.Bytes:
    """Return an arrival as it came, opened."""
    return storage.opened(
        arrival.sha256, storage.organisation_scope(arrival.organisation_id), storage.by_machine
    )


def whole(arrival: Arrival) -> bytes:
    """Return an arrival as it came."""
    return b"".join(opened(arrival).blocks())


def pieces(arrival: Arrival) -> Iterator[bytes]:
    """Return an arrival as it came, in pieces."""
    return opened(arrival).blocks()


def key_of(text: str) -> str:
    """Return a key that fits: a longer one by its SHA-256."""
    text = text.replace("\x00", "\ufffd")
    return text if len(text) <= LONGEST_KEY else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def receive(
    organisation: Organisation,
    source: str,
    key: str,
    kept: Sealed,
    *,
    sender: str = "",
    subject: str = "",
    person: Person | None = None,
    hook: Hook | None = None,
    message_id: str = "",
    fields: dict[str, Any] | None = None,
) -> tuple[Arrival, bool]:
    """Note that something arrived; the same key again returns the arrival of before."""
    arrival, created = Arrival.objects.get_or_create(
        organisation=organisation,
        source=source,
        key=key_of(key),
        defaults={
            "sha256": kept.sha256,
            "size": kept.size,
            "sender": sender[:254],
            "subject": subject[:300],
            "person": person,
            "hook": hook,
            "message_id": message_id[:250],
            "fields": fields or {},
        },
    )
    if created:
        publish("arrival.received", organisation_id=organisation.id, arrival=arrival.id)
    return arrival, created
