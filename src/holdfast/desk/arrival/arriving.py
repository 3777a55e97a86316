"""Arrivals by a person's own hand: the web form, the API, the command line. Kept first, then taken."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from holdfast.desk.arrival import commands, keeping
from holdfast.desk.arrival.commands import Taken
from holdfast.desk.arrival.forms import FIELDS, DeclareForm
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.queries import declaring
from holdfast.desk.people.models import Organisation, Person

LARGEST = 2 * 2**20


def arrive(
    organisation: Organisation, source: str, key: str, raw: bytes, fields: Mapping[str, Any], *, by: Person
) -> Taken:
    """Keep what a person sent and make a case of it. The same key and words again: the same case."""
    kept = keeping.keep(organisation, [raw], LARGEST)
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


def mistaken(form: DeclareForm, by: Person) -> Arrival | None:
    """Keep a form that cannot be taken as it was sent, and put it into the tray; nothing for an empty one."""
    said = {name: str(form.data.get(name, ""))[:20_000] for name in FIELDS}
    place = form.cleaned_data.get("organisation") or declaring(by).first()
    if place is None or not any(said[name].strip() for name in ("title", "impact", "area", "customer")):
        return None
    reason = "; ".join(f"{name}: {' '.join(map(str, found))}" for name, found in form.errors.items())
    raw = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    key = f"{_mistaken(str(form.data.get('key', '')))}{hashlib.sha256(raw).hexdigest()[:16]}"
    return waits(place, Arrival.Source.WEB, key, raw, f"the form was not complete: {reason}", by=by)


def corrected(organisation: Organisation, key: str, case: Case, *, by: Person) -> None:
    """Say of earlier tries of a form that they were corrected and became a case."""
    earlier = Arrival.objects.filter(
        organisation=organisation,
        source=Arrival.Source.WEB,
        state=Arrival.State.WAITING,
        key__startswith=f"{by.id}:{_mistaken(key)}",
    )
    for arrival in earlier:
        commands.replaced(arrival, case, by=by)


def _mistaken(key: str) -> str:
    return f"form/{key[:64]}/"


def waits(
    organisation: Organisation, source: str, key: str, raw: bytes, reason: str, *, by: Person
) -> Arrival:
    """Keep what a person's program sent and nobody can read yet; the tray shows it with the reason."""
    kept = keeping.keep(organisation, [raw], LARGEST)
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
