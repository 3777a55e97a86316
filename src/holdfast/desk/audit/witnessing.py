"""Telling witnesses of checkpoints: over HTTP (C2SP tlog-witness), into a file on another host, by mail, or by asking
a time-stamping authority (RFC 3161); the last two once a day.

Whoever keeps a checkpoint outside makes a log that was rewritten here show. One that cannot be reached is asked
again, and the page of the ledger says since when it has not answered.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from holdfast.desk.audit.keeping import tree
from holdfast.desk.audit.models import SignedCheckpoint, Witness
from holdfast.desk.outbox import letters
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Organisation
from holdfast.ledger.checkpoints import seen_at
from holdfast.ledger.merkle import consistency_proof
from holdfast.ledger.notes import BadNote, Note, VerifierKey
from holdfast.ledger.timestamps import BadTimestamp, request_for, require_answer
from holdfast.ledger.witness import Request

TIMEOUT = 10.0
MOST_ANSWER = 64 * 1024
_MAIL, _AUTHORITY = "mailto", "rfc3161+"
_AUTHORITIES = (f"{_AUTHORITY}http", f"{_AUTHORITY}https")
_SELDOM = timedelta(hours=23)


class NotTaken(Exception):
    """A witness that could not be told, with the reason."""


@every(60, "witnesses")
def tell_witnesses() -> None:
    """Tell each witness of the newest checkpoint, if it has not taken it yet."""
    newest = SignedCheckpoint.objects.order_by("-size").first()
    if newest is None:
        return
    for address in settings.WITNESSES:
        witness, _ = Witness.objects.get_or_create(address=address)
        if witness.size < newest.size and _due(witness):
            tell(witness, newest)


def _due(witness: Witness) -> bool:
    """Whether it is time to tell it: people and authorities are not asked every minute."""
    seldom = urlsplit(witness.address).scheme in (_MAIL, *_AUTHORITIES)
    return not seldom or witness.told_at is None or witness.told_at < timezone.now() - _SELDOM


def tell(witness: Witness, checkpoint: SignedCheckpoint) -> None:
    """Tell one witness, and note what came of it."""
    try:
        note = _told(witness, checkpoint)
    except (NotTaken, BadNote, BadTimestamp, OSError, httpx.HTTPError) as error:
        witness.failure = str(error)[:400] or type(error).__name__
        witness.save()
        return
    with transaction.atomic():
        witness.size, witness.told_at, witness.failure = checkpoint.size, timezone.now(), ""
        witness.save()
        if note is not None:
            _keep(checkpoint.size, note)


def _keep(size: int, cosigned: Note) -> None:
    """Add the signatures to those that others gave meanwhile."""
    row = SignedCheckpoint.objects.select_for_update().get(size=size)
    known = Note.parse(row.note)
    more = tuple(one for one in cosigned.signatures if one not in known.signatures)
    row.note = str(Note(known.text, (*known.signatures, *more)))
    row.save()


def _told(witness: Witness, checkpoint: SignedCheckpoint) -> Note | None:
    address = urlsplit(witness.address)
    if address.scheme == "file":
        _write(Path(address.path), checkpoint)
        return None
    if address.scheme in ("http", "https"):
        return _post(witness, checkpoint)
    if address.scheme in _AUTHORITIES:
        _stamp(witness.address, checkpoint)
        return None
    if address.scheme == _MAIL:
        _mail(address, checkpoint)
        return None
    ways = ", ".join(("http", "https", "file", _MAIL, *_AUTHORITIES))
    raise NotTaken(f"{address.scheme}: is no way to a witness; these are: {ways}")


def _write(path: Path, checkpoint: SignedCheckpoint) -> None:
    with path.open("a") as file:
        file.write(f"{checkpoint.note}\n")


def _mail(address: SplitResult, checkpoint: SignedCheckpoint) -> None:
    """Send it to `mailto:who@where?from=desk@here`; what is in the mail can be given to `verify --held` as it is."""
    sender = dict(parse_qsl(address.query)).get("from", "")
    if "@" not in address.path or "@" not in sender:
        raise NotTaken("write it like mailto:auditor@example.org?from=ledger@desk.example.org")
    organisation = Organisation.objects.order_by("id").first()
    if organisation is None:
        raise NotTaken("nobody is here yet in whose name to write")
    try:
        letters.post(
            unquote(address.path),
            f"Checkpoint of {checkpoint.size} entries",
            checkpoint.note,
            sender=sender,
            organisation_id=organisation.id,
            ours=(checkpoint.note,),
        )
    except letters.NoPost as error:
        raise NotTaken(str(error)) from error


def _stamp(address: str, checkpoint: SignedCheckpoint) -> None:
    """Ask `rfc3161+https://...` for a time-stamp, and keep its token with the checkpoint."""
    note = Note.parse(checkpoint.note)
    asked = request_for(note)
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    where = address.removeprefix(_AUTHORITY)
    answer = httpx.post(where, content=asked.as_bytes(), headers=headers, timeout=TIMEOUT)
    if answer.status_code != 200 or len(answer.content) > MOST_ANSWER:
        raise NotTaken(f"it answered {answer.status_code} with {len(answer.content)} bytes")
    require_answer(answer.content, asked, note)
    with transaction.atomic():
        row = SignedCheckpoint.objects.select_for_update().get(size=checkpoint.size)
        row.timestamps = [*row.timestamps, base64.b64encode(answer.content).decode()]
        row.save()


def _post(witness: Witness, checkpoint: SignedCheckpoint) -> Note:
    """Post to `<address>/add-checkpoint`; the address carries the witness's key after `#`."""
    address = urlsplit(witness.address)
    key = VerifierKey.parse(address.fragment)
    note = Note.parse(checkpoint.note)
    where = urlunsplit((address.scheme, address.netloc, f"{address.path.rstrip('/')}/add-checkpoint", "", ""))
    answer = _ask(where, witness.size, checkpoint.size, note)
    if answer.status_code == 409 and answer.text.strip().isdecimal():
        # It saw more or less than we know of; it says how much, and gets the proof from there.
        seen = int(answer.text.strip()[:18])
        if seen > checkpoint.size:
            raise NotTaken(f"it saw {seen} entries, this log has {checkpoint.size}: was a backup restored?")
        answer = _ask(where, seen, checkpoint.size, note)
    if answer.status_code != 200:
        raise NotTaken(f"it answered {answer.status_code}: {answer.text[:200].strip()}")
    cosigned = Note(
        note.text, (*note.signatures, *Note.parse(f"{note.text}\n{answer.text[:MOST_ANSWER]}").signatures)
    )
    if seen_at(cosigned, key) is None:
        raise NotTaken("its signature does not verify with the key it is named with")
    return cosigned


def _ask(where: str, old: int, new: int, note: Note) -> httpx.Response:
    proof = tuple(consistency_proof(old, new, tree()))
    return httpx.post(where, content=str(Request(old, proof, note)), timeout=TIMEOUT, follow_redirects=False)
