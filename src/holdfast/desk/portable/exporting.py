"""A case on its way out: redacted, through the one gate and with derivatives only; or sealed, with its evidence.

What leaves is written while it is sent. Rows are read at one moment, with the case locked, and lie sealed until then;
the ledger logs that the case left before the first byte does, and the archive's SHA-256 behind the last.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from holdfast.desk.audit.keeping import signing_key
from holdfast.desk.audit.models import SignedCheckpoint
from holdfast.desk.audit.queries import export_case
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.audit.witnessing import tell_witnesses
from holdfast.desk.cases.carrying import carried, staying
from holdfast.desk.cases.commands import Conflict, allowed, words
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.states import State
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.decisions.authority import alone
from holdfast.desk.decisions.commands import Question, ask
from holdfast.desk.decisions.guarding import guarded, require
from holdfast.desk.decisions.models import Decision
from holdfast.desk.decisions.rights import Right
from holdfast.desk.investigation.derivatives import derivatives, withheld
from holdfast.desk.investigation.queries import newest
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.portable.rows import rows_of
from holdfast.desk.vault import grants, storage
from holdfast.desk.vault.commands import note_custody
from holdfast.desk.vault.models import Artefact, Deletion, Grant
from holdfast.desk.vault.spool import spooled
from holdfast.portable import Member, Passphrase, Recipient, write
from holdfast.portable import lock as sealed

EVENT = "case.exported"
ABOUT = "export"
_PIECE = 1 << 20
HOW = """This is a case of a Holdfast desk. It is a tar: any program opens it, Holdfast takes it in with

    holdfast case import FILE

manifest.json names the desk it is from, the key that signed it, and every member with its SHA-256; manifest.note is a
signed note (c2sp.org/signed-note) over the SHA-256 of manifest.json. records/ holds rows as JSON, one a line.
ledger.zip is what the desk's ledger says of the case, with proofs; it needs nothing of ours:

    holdfast ledger verify ledger.zip --key KEY
"""


Outgoing = tuple[Iterator[bytes], str]
"""What leaves, and what it is called."""


@dataclass(slots=True)
class _Case:
    """A case that is being written."""

    case: Case
    by: Person
    leave: storage.Leave | None
    """Asked while evidence is read; None for the redacted form."""
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> str:
        return "sealed" if self.leave else "redacted"


def export_redacted(case: Case, *, by: Person) -> Outgoing:
    """Return a case as an archive that carries no secret, no personal data, and derivatives of evidence only."""
    with transaction.atomic():
        case = _leaving(case, by)
        text = "Exported as a redacted archive"
        append(case, Kind.ACTION, text, by=by, event=EVENT, data={"export": "redacted"})
    return _logged(case, _written(_Case(case, by, None))), f"{case.key}.holdfast"


def export_sealed(case: Case, to: Recipient | Passphrase, *, by: Person) -> Outgoing:
    """Return a case with its evidence, encrypted to a desk or by a passphrase; by grant, and by its decision.

    The grant is asked again while evidence is read: one that ends, ends the archive in its middle.
    """
    leave = _sealed_leave(case, to, by=by)
    blocks = sealed(_written(_Case(case, by, leave)), to)
    return _logged(case, blocks), f"{case.key}.sealed.holdfast"


@guarded("export a case with its evidence", Right.ACCESS)
def _sealed_leave(case: Case, to: Recipient | Passphrase, *, by: Person) -> storage.Leave:
    case = _leaving(case, by)
    if Deletion.objects.filter(case=case).exists():
        raise Conflict("the evidence of this case was deleted; what is left travels redacted")
    artefacts = list(Artefact.objects.filter(case=case))
    grant, leave = grants.leave(case, by, Grant.What.RAW, [one.id for one in artefacts])
    decided = require(case, Right.ACCESS, by=by, about=ABOUT, details=details(case, to))
    for one in artefacts:
        note_custody(one, "handed out", by)
    text = f"{grant} used: exported with its evidence, sealed for {_who(to)}"
    data = {"export": "sealed", "grant": grant.number, **decided.data}
    append(case, Kind.ACTION, text, by=by, event=EVENT, data=data)
    return leave


def _who(to: Recipient | Passphrase | None) -> str:
    return str(to) if isinstance(to, Recipient) else "whoever knows the passphrase"


def details(case: Case, to: Recipient | Passphrase | None) -> dict[str, Any]:
    """Return what exactly an approval of exporting evidence is of: these artefacts, to that desk."""
    found = Artefact.objects.filter(case=case).order_by("id").values_list("id", "sha256")
    return {"artefacts": [list(one) for one in found], "to": _who(to)}


@transaction.atomic
def request(case: Case, to: Recipient | None, reason: str, *, by: Person) -> Decision | None:
    """Ask for the decision that exporting evidence takes; None where the person decides it alone.

    to: the desk it is sealed for; None for a passphrase.
    """
    case = _leaving(case, by)
    if alone(case, Right.ACCESS, by):
        return None
    question = Question(
        Right.ACCESS,
        f"Export {case.key} with its evidence, sealed for {_who(to)}",
        about=ABOUT,
        reason=words(reason),
        risk="another desk has a customer's secrets and personal data",
        undo="what has left cannot be called back",
        details=details(case, to),
    )
    return ask(case, question, by=by)


def _leaving(case: Case, by: Person) -> Case:
    case = allowed(case, by, Deed.CHANGE_STATE)
    if not case.allows(by, Deed.READ_EVIDENCE):
        raise PermissionDenied("who reads no evidence here exports no case")
    if case.state == State.MERGED:
        raise Conflict(f"{case.key} is merged into another case; export that one, or take the merge back")
    return case


def _logged(case: Case, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the pieces, and have the ledger log what left once the last one has."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
        yield block
    with transaction.atomic():
        publish(
            "case.archive_left",
            organisation_id=case.organisation_id,
            case_id=case.id,
            archive=digest.hexdigest(),
            size=size,
        )


def _written(leaving: _Case) -> Iterator[bytes]:
    log_what_happened()  # so that what is told is proven, its leaving too
    tell_witnesses()
    key, rows = signing_key(), uuid.uuid4()
    kept = storage.arriving(rows)
    about = {
        "form": leaving.form,
        "case": leaving.case.key,
        "desk": key.name,
        "made_at": datetime.now(UTC).isoformat(),
        "holdfast": settings.VERSION,
    }
    with spooled(storage.case_scope(leaving.case.id)) as folder:
        try:
            yield from write(about, _members(leaving, rows, folder), key, lambda: leaving.manifest)
        finally:
            # An export that is broken off ends where the collector finds it, which may be amid another question
            # to the database: so this only removes files.
            kept.discard()


def _members(leaving: _Case, rows: uuid.UUID, folder: Path) -> Iterator[Member]:
    yield Member.of("how-to-read.txt", HOW.encode())
    yield from _records(leaving, rows)
    yield _ledger(leaving, folder / "ledger.zip")
    yield from _derivatives(leaving)
    if leaving.leave is not None:
        yield from _evidence(leaving, leaving.leave)


def _records(leaving: _Case, rows: uuid.UUID) -> Iterator[Member]:
    """Return the rows, read at one moment."""
    with transaction.atomic():
        leaving.case = lock(leaving.case.id)
        places = list(_kept_rows(leaving, rows))
    _, kept = storage.whole(rows)
    for name, start, end in places:
        pieces = (kept.read(at, min(at + _PIECE, end)) for at in range(start, end, _PIECE))
        yield Member(name, end - start, pieces)


def _kept_rows(leaving: _Case, rows: uuid.UUID) -> Iterator[tuple[str, int, int]]:
    """Keep the rows sealed until they leave; return where each record's stand."""
    at = 0
    for record in carried().values():
        found = rows_of(record, leaving.case, leaving.by, redacted=leaving.leave is None)
        lines = (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in found)
        if (first := next(lines, None)) is not None:
            start, at = at, storage.grow(rows, at, chain([first], lines), 2**62)
            yield f"records/{record.name}.jsonl", start, at
    leaving.manifest["stays"] = dict(staying())


def _ledger(leaving: _Case, path: Path) -> Member:
    export_case(path, leaving.case)
    newest_note = SignedCheckpoint.objects.order_by("-size").values_list("note", flat=True).first() or ""
    leaving.manifest["checkpoint"] = hashlib.sha256(newest_note.encode()).hexdigest()
    return Member("ledger.zip", path.stat().st_size, _pieces(path))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_PIECE):
            yield block


def _derivatives(leaving: _Case) -> Iterator[Member]:
    kept = newest(leaving.case)
    if kept is None:
        return
    listed = []
    for one in derivatives(kept):
        yield Member(f"derivatives/{one.id}", one.content.size, one.content.blocks())
        listed.append({"id": one.id, "name": one.name, "file": one.file})
    coverage = {"diagnosis": kept.version, "withheld": withheld(kept), "gaps": kept.report["coverage"]}
    leaving.manifest |= {"derivatives": listed, "coverage": coverage}


def _evidence(leaving: _Case, leave: storage.Leave) -> Iterator[Member]:
    listed = []
    for one in Artefact.objects.filter(case=leaving.case):
        opened = storage.opened(one.sha256, storage.case_scope(leaving.case.id), leave)
        yield Member(f"evidence/{one.id}", opened.size, opened.blocks())
        told = {"id": one.id, "name": one.name, "sha256": one.sha256, "baseline": one.baseline}
        listed.append({**told, "received_at": one.received_at.isoformat()})
    leaving.manifest["evidence"] = listed
