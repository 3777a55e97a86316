"""Recording an environment of a case, from text or from a file of its evidence."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict, allowed, require_right, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append
from holdfast.desk.environments.formats import MOST_BYTES, Unread, read
from holdfast.desk.environments.masking import masked
from holdfast.desk.environments.models import Environment
from holdfast.desk.investigation.kept import open_kept, readings
from holdfast.desk.investigation.queries import newest
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import gate, storage
from holdfast.desk.vault.commands import note_custody
from holdfast.desk.vault.models import Artefact
from holdfast.diagnostics.viewing.content import Content

MOST = 60


@dataclass(frozen=True, slots=True)
class Described:
    """An environment as somebody describes it."""

    name: str
    text: str = ""
    """Its configuration; may be empty when version and region say enough."""
    format: str = ""
    at: datetime | None = None
    version: str = ""
    region: str = ""
    source: str = "pasted"


@transaction.atomic
def record(case: Case, said: Described, *, by: Person) -> Environment:
    """Record how an environment was set up at a moment. Secrets are masked and the text is not kept."""
    case = allowed(case, by, Deed.RECORD)
    kind, found = _read(said)
    number = (Environment.objects.filter(case=case).aggregate(most=Max("number"))["most"] or 0) + 1
    if number > MOST:
        raise Conflict(f"a case has at most {MOST} environments")
    kept, hidden = masked(found, lambda value: _fingerprint(case, value))
    text = said.text.encode("utf-8", "replace")
    made = Environment.objects.create(
        case=case,
        number=number,
        name=_short(words(said.name), "a name"),
        at=_moment(said.at),
        version=_short(said.version.strip(), "a version"),
        region=_short(said.region.strip(), "a region"),
        settings={_storable(path): _storable(value) for path, value in kept.items()},
        format=kind,
        source=_storable(said.source)[:300],
        sha256=hashlib.sha256(text).hexdigest() if text else "",
        masked=hidden,
        person=by,
    )
    about = ", ".join(part for part in (made.version, made.region) if part)
    told = f"{made} {made.name}{f', {about}' if about else ''}, {len(kept)} settings from {made.source}"
    data = {"environment": number, "settings": len(kept), "masked": hidden, "sha256": made.sha256}
    append(case, Kind.FACT, f"Environment {told}", by=by, event="case.environment", data=data)
    return made


def _read(said: Described) -> tuple[str, dict[str, str]]:
    if not said.text.strip():
        if not said.version.strip() and not said.region.strip():
            raise Conflict("give its configuration, its version or its region; a name alone says nothing")
        return "", {}
    try:
        return read(said.text, said.format)
    except Unread as unread:
        raise Conflict(str(unread)) from unread


def _moment(at: datetime | None) -> datetime:
    if at is None:
        return timezone.now()
    if at.tzinfo is None:
        raise Conflict("the time has no zone; write it like 2026-03-01T10:56:00+01:00")
    if at > timezone.now() + timedelta(minutes=5):
        raise Conflict("an environment is described as it was, not as it will be")
    return at


def _short(text: str, what: str) -> str:
    if len(text) > 120:
        raise Conflict(f"{what} has up to 120 characters")
    return text


def _storable(text: str) -> str:
    return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)


def _fingerprint(case: Case, value: str) -> str:
    """Return what tells two secrets of one case apart, and nothing outside of it."""
    key = f"{settings.SECRET_KEY}/environments/{case.id}".encode()
    return hmac.new(key, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:8]


def text_of(case: Case, artefact: str, *, by: Person) -> tuple[str, str]:
    """Return name and text of a file of the case's evidence: `12` in the vault, `A7` in its newest diagnosis."""
    require_right(case, by, Deed.RECORD)
    require_right(case, by, Deed.READ_EVIDENCE)
    name, opened = _kept(case, artefact, by) if artefact.isdecimal() else _opened(case, artefact)
    data = opened[: MOST_BYTES + 1]
    if len(data) > MOST_BYTES:
        raise Conflict(f"{name} is larger than 1 MiB; paste the part that matters")
    try:
        return name, gate.redacted(data.decode("utf-8-sig"), case)
    except UnicodeDecodeError as error:
        raise Conflict(f"{name} is not text; have it read first if it is an archive") from error


def _kept(case: Case, number: str, by: Person) -> tuple[str, Content]:
    found = Artefact.objects.filter(case=case, id=int(number[:18])).first()
    if found is None:
        raise Conflict(f"this case has no evidence {number[:18]}")
    note_custody(found, "read", by)
    return found.name, storage.opened(found.sha256, storage.case_scope(case.id), storage.by_machine)


def _opened(case: Case, artefact: str) -> tuple[str, Content]:
    kept = newest(case)
    known = next((one for one in kept.report["artefacts"] if one["id"] == artefact), None) if kept else None
    if kept is None or known is None or not kept.folder:
        raise Conflict(f"the newest diagnosis read nothing called {artefact[:20]!r}")
    name = str(known["name"])
    try:
        return name, open_kept(readings(kept.case_id) / kept.folder / f"{known['id']}.data")
    except FileNotFoundError as error:
        raise Conflict(f"{name} is not kept any more; attach it again") from error


@transaction.atomic
def withdraw(case: Case, number: int, *, by: Person, reason: str) -> Environment:
    """Withdraw an environment that was recorded by mistake; the timeline keeps that it was there."""
    case = allowed(case, by, Deed.RECORD)
    found = Environment.objects.get(case=case, number=min(number, 2**31 - 1))
    if found.withdrawn_at is None:
        found.withdrawn_at = timezone.now()
        found.save(update_fields=["withdrawn_at"])
        data = {"environment": found.number, "withdrawn": True}
        text = f"{found} {found.name} withdrawn: {words(reason)}"
        append(case, Kind.FACT, text, by=by, event="case.environment", data=data)
    return found
