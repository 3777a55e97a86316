"""A case on its way in: everything is verified, then everything is written, then its evidence is received.

Nothing is believed but what is signed, and of that only what fits the columns it is for. Nobody named in an archive is
somebody of this desk, and what was under way or allowed on the other desk is neither here.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, models, transaction
from django.db.models import F
from django.utils import timezone
from pydantic import BaseModel, Field, ValidationError

from holdfast.desk.cases.carrying import Record, carried
from holdfast.desk.cases.commands import Conflict, numbered
from holdfast.desk.cases.models import Case, Entry, Kind
from holdfast.desk.cases.timeline import append, lock, refresh
from holdfast.desk.investigation.derivatives import packed
from holdfast.desk.investigation.kept import seal_reading
from holdfast.desk.investigation.queries import newest
from holdfast.desk.links.models import Link, Relation
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people import moments
from holdfast.desk.people.commands import somebody_elsewhere
from holdfast.desk.people.models import Customer, Organisation, Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.portable.models import Origin
from holdfast.desk.portable.proving import Proven, proven
from holdfast.desk.portable.rows import Reading
from holdfast.desk.portable.timeline import Retelling
from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.commands import TooLarge, take_whole
from holdfast.desk.vault.spool import spooled
from holdfast.portable import Archive, Recipient, Refused, opened, receiving_key
from holdfast.sealing.frames import write_new

EVENT = "case.imported"
_log = logging.getLogger("holdfast.portable")
BATCH = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What is said with an archive."""

    passphrase: str = ""
    key: str = ""
    """The key it has to be signed by, where the sender gave it another way."""
    customer: str = ""
    """Whose case it is here; nobody's when empty, so that no customer sees it by its name alone."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The case here, and whether this archive made it or an earlier sending of it."""

    case: Case
    created: bool


def receiver() -> Recipient:
    """Return the key that others seal archives to, for this desk."""
    return Recipient(receiving_key(_secret()).public_key().public_bytes_raw())


def _secret() -> bytes:
    return keys.data_key(storage.DESK)


def import_case(organisation: Organisation, chunks: Iterable[bytes], asked: Asked, *, by: Person) -> Imported:
    """Take a case in from an archive; sent again it is the same case. Raises Refused, Conflict, TooLarge.

    What arrives lies sealed until it is read. When its evidence cannot be stored, the case is here all the same, and
    the archive sent again brings it.
    """
    if not by.may(Deed.DECIDE, organisation.id) or not by.may(Deed.ATTACH, organisation.id):
        raise PermissionDenied("your role does not import cases here")
    number = uuid.uuid4()
    try:
        try:
            storage.grow(number, 0, chunks, settings.UPLOAD_LIMIT)
        except ValueError as error:
            raise TooLarge(f"an archive may have {settings.UPLOAD_LIMIT} bytes") from error
        if not storage.arrived(number, storage.DESK):
            raise Refused("the archive is empty")
        digest, source = storage.whole(number)
        archive = Archive(opened(source, _secret, asked.passphrase))
        if asked.key and asked.key.strip() != str(archive.key):
            raise Refused(f"it is signed by {archive.key}, not by the key you named")
        return _taken(organisation, archive, digest, asked, by)
    finally:
        storage.discard(number)


def _taken(organisation: Organisation, archive: Archive, digest: str, asked: Asked, by: Person) -> Imported:
    reference, files = str(archive.about.get("case", ""))[:40], Files.of(archive)
    found = Origin.objects.filter(organisation=organisation, key=str(archive.key), reference=reference)
    if (earlier := found.select_related("case__organisation").first()) is not None:
        if earlier.archive != digest:
            raise Conflict(
                f"{reference} of {earlier.desk} is here as {earlier.case.key}, from another archive"
            )
        _receive_evidence(archive, files, earlier.case, by)
        return Imported(earlier.case, created=False)
    with spooled() as folder:
        write_new(archive.blocks("ledger.zip"), folder / "ledger.zip")
        shown = proven(folder / "ledger.zip", archive.key, reference)
        kept = _pieces(folder / "ledger.zip")
        try:
            with transaction.atomic():
                case = _Writing(organisation, archive, digest, by, shown, reference).run(asked, kept)
        except (DatabaseError, KeyError, TypeError, AttributeError, ValueError) as error:
            _log.warning("an archive was refused", exc_info=True)
            raise Refused(f"its rows contradict each other or themselves ({type(error).__name__})") from error
    _receive_evidence(archive, files, case, by)
    return Imported(case, created=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


class _Writing:
    """The one transaction in which a case becomes one of this desk."""

    def __init__(
        self,
        organisation: Organisation,
        archive: Archive,
        digest: str,
        by: Person,
        shown: Proven,
        reference: str,
    ) -> None:
        self.organisation, self.archive, self.digest, self.by = organisation, archive, digest, by
        self.shown, self.reference = shown, reference
        self.desk = archive.key.name
        known = {f"records/{name}.jsonl" for name in carried()}
        if strange := [name for name in archive.names("records/") if name not in known]:
            raise Refused(
                f"{strange[0]} is not known here; the archive was made by a newer Holdfast, update first"
            )

    def run(self, asked: Asked, ledger: Iterable[bytes]) -> Case:
        # who imports into an organisation takes turns
        Organisation.objects.filter(id=self.organisation.id).update(last_number=F("last_number"))
        case = self._case(asked.customer.strip())
        reading = Reading(case, partial(somebody_elsewhere, desk=str(self.archive.key)))
        for record in carried().values():
            if record.model not in (Case, Entry):
                self._rows(record, reading)
        told = self._timeline(case, reading)
        self._origin(case, told, ledger)
        return case

    def _lines(self, record: Record) -> Iterator[tuple[dict[str, Any], str]]:
        name = f"records/{record.name}.jsonl"
        if self.archive.names(name):
            for number, row in enumerate(self.archive.lines(name), 1):
                yield row, f"{name}, line {number}"

    def _case(self, customer: str) -> Case:
        found = list(islice(self._lines(carried()["cases.case"]), 2))
        if len(found) != 1:
            raise Refused("records/cases.case.jsonl: an archive holds one case")
        reading = Reading(Case(), partial(somebody_elsewhere, desk=str(self.archive.key)))
        case: Case = reading.built(carried()["cases.case"], *found[0])
        if not 1 <= case.severity <= 4:
            raise Refused(f"{found[0][1]}, severity: {case.severity} is none")
        if customer:
            case.customer = Customer.objects.get_or_create(organisation=self.organisation, name=customer)[0]
        return lock(numbered(case, self.organisation).id)

    def _rows(self, record: Record, reading: Reading) -> None:
        lines = self._lines(record)
        while batch := list(islice(lines, BATCH)):
            made: list[models.Model] = [reading.built(record, row, where) for row, where in batch]
            record.model._default_manager.bulk_create(made)
        reading.tie()

    def _timeline(self, case: Case, reading: Reading) -> Retelling:
        sealed_by = self.reference if self.archive.about.get("form") == "sealed" else ""
        retelling = Retelling(case, self.shown.entries, sealed_by)
        record = carried()["cases.entry"]
        lines = self._lines(record)
        while batch := list(islice(lines, BATCH)):
            made = [retelling.told(reading.built(record, row, where), where) for row, where in batch]
            Entry.objects.bulk_create(made)
        return retelling

    def _origin(self, case: Case, told: Retelling, ledger: Iterable[bytes]) -> None:
        kept = storage.seal(ledger, storage.case_scope(case.id))
        origin = Origin.objects.create(
            case=case,
            organisation=self.organisation,
            reference=self.reference,
            desk=self.desk,
            key=str(self.archive.key),
            form="sealed" if self.archive.about.get("form") == "sealed" else "redacted",
            archive=self.digest,
            checkpoint=self.shown.checkpoint,
            ledger=kept.sha256,
            entries=told.number,
            proven=told.proven,
            made_at=_moment(self.archive.about.get("made_at")),
            by=self.by,
        )
        Link.objects.create(case=case, relation=Relation.SAME, reference=str(origin)[:120], made_by=self.by)
        text = (
            f"Imported from {origin.desk}, where it is {origin.reference}: {origin.form}, exported"
            f" {origin.made_at:%d %b %Y %H:%M} UTC, signed by {origin.key}. Its ledger proves {told.proven} of"
            f" {told.number} entries before this one."
        )
        data = {"archive": self.digest, "checkpoint": self.shown.checkpoint, "key": origin.key}
        append(case, Kind.FACT, text, by=self.by, event=EVENT, data=data)
        refresh(case, timezone.now())
        publish(
            "case.archive_taken",
            organisation_id=self.organisation.id,
            case_id=case.id,
            archive=self.digest,
            checkpoint=self.shown.checkpoint,
            desk=origin.desk,
            reference=origin.reference,
        )


def _moment(text: Any) -> datetime:
    try:
        return moments.read(str(text))
    except ValueError as error:
        raise Refused(f"holdfast-case.json: {error}") from error


# --- evidence


class Evidence(BaseModel):
    """An artefact as it came to the other desk."""

    id: Annotated[int, Field(ge=1, le=2**62)]
    name: Annotated[str, Field(min_length=1, max_length=400)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    baseline: bool


class Derived(BaseModel):
    """A derivative of one."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,20}$")]
    name: Annotated[str, Field(max_length=4000)]
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$")]


class Files(BaseModel):
    """What an archive's manifest says of its files."""

    evidence: list[Evidence] = []
    derivatives: list[Derived] = []
    coverage: dict[str, Any] = {}

    @classmethod
    def of(cls, archive: Archive) -> Files:
        """Return what the manifest says; raises Refused where something it names did not come along."""
        try:
            found = cls.model_validate(archive.manifest)
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(f"manifest.json, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        named = [f"evidence/{one.id}" for one in found.evidence]
        named += [f"derivatives/{one.id}" for one in found.derivatives]
        for name in named:
            archive.size(name)
        return found


def _receive_evidence(archive: Archive, files: Files, case: Case, by: Person) -> None:
    """Receive what came along, each thing once: evidence as it is, or the derivatives as one bundle."""
    origin = Origin.objects.get(case=case)

    def receive(place: str, name: str, size: int, blocks: Iterator[bytes], **more: Any) -> None:
        number = uuid.uuid5(uuid.NAMESPACE_OID, f"{case.id}/{origin.archive}/{place}")
        if size:
            take_whole(case, name, size, blocks, by=by, number=number, **more)

    for one in files.evidence:
        place = f"evidence/{one.id}"
        about = {"sha256": one.sha256, "baseline": one.baseline}
        receive(place, one.name, archive.size(place), archive.blocks(place), **about)
    if files.derivatives and not files.evidence:
        size = sum(map(len, _packed(archive, files, origin.reference)))
        name = f"{origin.reference}-redacted.tar"
        receive("derivatives", name, size, _packed(archive, files, origin.reference))
    if files.derivatives:
        _viewable(archive, files, case)


def _packed(archive: Archive, files: Files, reference: str) -> Iterator[bytes]:
    places = [(one, f"derivatives/{one.id}") for one in files.derivatives]
    found = ((one.file, one.name, archive.size(place), archive.blocks(place)) for one, place in places)
    return packed(found, {"case": reference, **files.coverage})


def _viewable(archive: Archive, files: Files, case: Case) -> None:
    """Let citations open: lay the derivatives where the viewer looks for those of the newest diagnosis."""
    kept = newest(case)
    if kept is None or kept.folder:
        return
    folder = f"{case.id}-0-{kept.version}"
    with spooled(storage.case_scope(case.id)) as spool:
        (laid := spool / "kept").mkdir()
        for one in files.derivatives:
            write_new(archive.blocks(f"derivatives/{one.id}"), laid / f"{one.id}.redacted")
        seal_reading(laid, folder, case.id)
    kept.folder = folder
    kept.save(update_fields=["folder"])
