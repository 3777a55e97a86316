"""Telling witnesses of checkpoints: over HTTP (C2SP tlog-witness), into a file on another host, or by mail.

Whoever keeps a checkpoint outside makes a log that was rewritten here show. One that cannot be reached is asked
again, and the page of the ledger says since when it has not answered.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from holdfast.desk.audit.keeping import tree
from holdfast.desk.audit.models import SignedCheckpoint, Witness
from holdfast.desk.outbox.rounds import every
from holdfast.ledger.checkpoints import seen_at
from holdfast.ledger.merkle import consistency_proof
from holdfast.ledger.notes import BadNote, Note, VerifierKey
from holdfast.ledger.witness import Request

TIMEOUT = 10.0
MOST_ANSWER = 64 * 1024


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
        if witness.size < newest.size:
            tell(witness, newest)


def tell(witness: Witness, checkpoint: SignedCheckpoint) -> None:
    """Tell one witness, and note what came of it."""
    try:
        note = _told(witness, checkpoint)
    except (NotTaken, BadNote, OSError, httpx.HTTPError) as error:
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
    raise NotTaken(f"{address.scheme}: is no way to a witness; http, https and file are")


def _write(path: Path, checkpoint: SignedCheckpoint) -> None:
    with path.open("a") as file:
        file.write(f"{checkpoint.note}\n")


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
