"""Arrivals by a person's own hand: the web form, the API, the command line. Kept first, then taken."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from holdfast.desk.arrival import commands, keeping
from holdfast.desk.arrival.commands import Taken
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.people.models import Organisation, Person

LARGEST = 2 * 2**20


def arrive(
    organisation: Organisation, source: str, key: str, raw: bytes, fields: Mapping[str, Any], *, by: Person
) -> Taken:
    """Keep what a person sent and make a case of it. The same key and words again: the same case."""
    kept = keeping.keep([raw], LARGEST)
    arrival, created = keeping.receive(
        organisation,
        source,
        f"{by.id}:{key}" if key else uuid.uuid4().hex,
        kept,
        sender=by.username,
        subject=str(fields.get("title", "")),
        person=by,
    )
    if not created and arrival.sha256 != kept.sha256:
        became = f", as {arrival.case.key}" if arrival.case else ""
        raise Conflict(f"this key came before with other words{became}; send a new key for a new case")
    if arrival.state in {Arrival.State.WAITING, Arrival.State.ASIDE, Arrival.State.REFUSED}:
        raise Conflict(f"it waits as arrival {arrival.id}: {arrival.reason}")
    return commands.take(arrival, dict(fields), by=by)


def waits(
    organisation: Organisation, source: str, key: str, raw: bytes, reason: str, *, by: Person
) -> Arrival:
    """Keep what a person's program sent and nobody can read yet; the tray shows it with the reason."""
    kept = keeping.keep([raw], LARGEST)
    # Without a key the words are the key: a program that repeats itself fills no tray.
    name = f"{by.id}:{key or kept.sha256}"
    arrival, _ = keeping.receive(organisation, source, name, kept, sender=by.username, person=by)
    return commands.wait(arrival, reason, _guessed(raw))


def _guessed(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return (
        {key: value for key, value in said.items() if isinstance(value, str | int)}
        if isinstance(said, dict)
        else {}
    )
