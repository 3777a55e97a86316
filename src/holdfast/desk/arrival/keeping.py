"""Keeping what arrives, byte for byte, before anybody tries to understand it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from holdfast.desk.arrival.models import Arrival, Hook
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.vault import storage

LONGEST_KEY = 240


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes on disk under their SHA-256."""

    sha256: str
    size: int


def keep(chunks: Iterable[bytes], limit: int) -> Kept:
    """Write bytes to disk and return what they are; ValueError when they pass the limit, in bytes."""
    growing = uuid.uuid4()
    try:
        size = storage.grow(growing, 0, chunks, limit)
        return Kept(storage.finish(growing), size)
    finally:
        storage.discard(growing)


def raw(arrival: Arrival) -> Path:
    """Return the file that holds an arrival as it came."""
    return storage.stored(arrival.sha256)


def pieces(arrival: Arrival) -> Iterator[bytes]:
    """Return an arrival as it came, in pieces."""
    return storage.blocks(raw(arrival))


def key_of(text: str) -> str:
    """Return a key that fits: a longer one by its SHA-256."""
    text = text.replace("\x00", "\ufffd")
    return text if len(text) <= LONGEST_KEY else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def receive(
    organisation: Organisation,
    source: str,
    key: str,
    kept: Kept,
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
