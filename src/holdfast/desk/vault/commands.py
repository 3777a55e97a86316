"""Taking evidence in, whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import gate, storage
from holdfast.desk.vault.models import Artefact, Custody, Deletion, Upload

CHUNK_LIMIT = 64 * 2**20
"""Largest piece of an upload sent in one request, in bytes."""


class TooLarge(Exception):
    """More than is taken in; the message says how much is."""


@transaction.atomic
def begin(
    case: Case,
    name: str,
    size: int,
    *,
    by: Person,
    sha256: str = "",
    baseline: bool = False,
    arrived: uuid.UUID | None = None,
    number: uuid.UUID | None = None,
) -> Upload:
    """Announce an artefact; `arrived` names bytes that are on disk already, `number` is one to know it again by."""
    if not case.allows(by, Deed.ATTACH):
        raise PermissionDenied("your role may not attach evidence here")
    if size > settings.UPLOAD_LIMIT:
        raise TooLarge(
            f"{size} bytes are more than the {settings.UPLOAD_LIMIT} this desk takes; split the bundle"
        )
    if size <= 0:
        raise Conflict("the file is empty; nothing was taken in")
    if Deletion.objects.filter(case=case).exists():
        raise Conflict("the evidence of this case was deleted for good; send new evidence to another case")
    if arrived is not None:
        storage.take_over(arrived, storage.case_scope(case.id))
    return Upload.objects.create(
        id=arrived or number or uuid.uuid4(),
        case=case,
        person=by,
        name=clean(name),
        size=size,
        sha256=sha256.lower(),
        baseline=baseline,
    )


def take(upload: Upload, offset: int, chunks: Iterable[bytes]) -> int:
    """Take a piece at `offset` and return how much arrived in all."""
    return storage.grow(upload.id, offset, chunks, upload.size, _scope(upload))


def arrived(upload: Upload) -> int:
    """Return how many bytes of an upload are here."""
    return storage.arrived(upload.id, _scope(upload))


def complete(upload: Upload) -> Artefact:
    """Seal a finished upload: the object, then the row, the custody and the timeline entry together."""
    earlier = Artefact.objects.filter(upload=upload.id).first()
    if earlier is not None:
        return earlier
    if (here := arrived(upload)) != upload.size:
        raise Conflict(f"{here} of {upload.size} bytes arrived; go on from there")
    try:
        sealed = storage.finish(upload.id, _scope(upload), wanted=upload.sha256)
    except storage.OtherContent as other:
        abandon(upload)
        raise Conflict(str(other)) from other
    artefact = _seal(upload, sealed.sha256)
    storage.discard(upload.id, _scope(upload))
    return artefact


def _scope(upload: Upload) -> str:
    return storage.case_scope(upload.case_id)


@transaction.atomic
def _seal(upload: Upload, digest: str) -> Artefact:
    case = lock(upload.case_id)
    artefact, created = Artefact.objects.get_or_create(
        upload=upload.id,
        defaults={
            "case": case,
            "name": upload.name,
            "size": upload.size,
            "sha256": digest,
            "baseline": upload.baseline,
        },
    )
    if created:
        note_custody(artefact, "received", upload.person)
        what = "Baseline" if artefact.baseline else "Evidence"
        append(
            case,
            Kind.FACT,
            f"{what} received: {gate.shown_name(artefact)}",
            by=upload.person,
            event="case.evidence",
            data={"sha256": digest, "size": artefact.size, "artefact": artefact.id},
            shared=True,
        )
    Upload.objects.filter(id=upload.id).delete()
    return artefact


def take_whole(
    case: Case,
    name: str,
    size: int,
    blocks: Iterable[bytes],
    *,
    by: Person,
    number: uuid.UUID,
    sha256: str = "",
    baseline: bool = False,
) -> Artefact:
    """Take an artefact that is here already; the same number again is the same artefact."""
    if (earlier := Artefact.objects.filter(upload=number).first()) is not None:
        return earlier
    upload = begin(case, name, size, by=by, sha256=sha256, baseline=baseline, number=number)
    try:
        take(upload, 0, blocks)
        return complete(upload)
    except BaseException:
        abandon(upload)
        raise


def abandon(upload: Upload) -> None:
    """Drop an upload that will not be finished."""
    storage.discard(upload.id, _scope(upload))
    upload.delete()


@transaction.atomic
def note_custody(artefact: Artefact, deed: str, by: Person | None) -> None:
    """Note that an artefact was received, read or handed out, in its custody and for the ledger."""
    hand = Custody.objects.create(artefact=artefact, deed=deed, person=by, sha256=artefact.sha256)
    case = artefact.case
    publish(
        "evidence.custody",
        organisation_id=case.organisation_id,
        case_id=case.id,
        custody=hand.id,
        artefact=artefact.id,
    )


def clean(name: str) -> str:
    """Return a name that can be shown: no control characters, no line that runs on for ever."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in name).strip()
    return shown[:400] or "unnamed"


def upload_of(person: Person, upload: str) -> Upload:
    """Return the person's own upload; DoesNotExist for anybody else's."""
    try:
        known = uuid.UUID(upload)
    except ValueError as error:
        raise Upload.DoesNotExist from error
    return Upload.objects.select_related("case__organisation", "person").get(id=known, person=person)
