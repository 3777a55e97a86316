"""The derivatives of a reading as files: what of the evidence may be handed to whoever sees the redacted lines.

As one tar, written while it is sent: each file under its number, and at its end `coverage.json`, which names every
file with its SHA-256, what was withheld and why, and what the evidence does not contain.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.kept import open_kept, readings
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.investigation.queries import newest
from holdfast.desk.outbox.commands import publish
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault.storage import Bytes
from holdfast.diagnostics.viewing.pages import REDACTED

_ID = re.compile(r"[A-Za-z][A-Za-z0-9]{0,20}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BLOCK = 512
NOT_KEPT = "the reading kept no copy of it"


@dataclass(frozen=True, slots=True)
class Derivative:
    """One file of a reading without secrets and personal data."""

    id: str
    """What the diagnosis calls it: `A7`."""
    name: str
    """What it is called, without secrets and personal data."""
    content: Bytes

    @property
    def file(self) -> str:
        """What it is called in a folder: its name is data, and made safe."""
        last = self.name.replace("\\", "/").rpartition("/")[2]
        return f"{self.id}-{_UNSAFE.sub('_', last).lstrip('.')[-80:] or 'artefact'}"


def derivatives(kept: Diagnosis) -> Iterator[Derivative]:
    """Return what may be handed out of a reading, each opened when its turn comes."""
    for one in kept.report["artefacts"]:
        path = readings(kept.case_id) / kept.folder / f"{one['id']}{REDACTED}"
        if kept.folder and _ID.fullmatch(one["id"]) and path.exists():
            yield Derivative(one["id"], one["name"], open_kept(path))


def withheld(kept: Diagnosis) -> list[dict[str, str]]:
    """Return what is not handed out of a reading, and why."""
    there = {one.id for one in derivatives(kept)}
    why = kept.report.get("withheld", {})
    return [
        {"id": one["id"], "name": one["name"], "why": why.get(one["id"], NOT_KEPT)}
        for one in kept.report["artefacts"]
        if one["id"] not in there
    ]


@transaction.atomic
def bundle(case: Case, *, by: Person) -> tuple[Iterator[bytes], str]:
    """Return all redacted artefacts of the newest reading as one tar, in pieces, and its name; it is logged."""
    if not case.allows(by, Deed.READ_EVIDENCE):
        raise PermissionDenied("your role may not read evidence here")
    kept = newest(case)
    if kept is None or not kept.folder:
        raise Conflict("there is no reading with redacted copies; have the evidence read first")
    publish(
        "evidence.redacted_bundle",
        organisation_id=case.organisation_id,
        case_id=case.id,
        version=kept.version,
        by=by.title,
    )
    about = {"case": case.key, "diagnosis": kept.version, "made_at": kept.made_at.isoformat()}
    told = {**about, "withheld": withheld(kept), "gaps": kept.report["coverage"]}
    files = ((one.file, one.name, one.content.size, one.content.blocks()) for one in derivatives(kept))
    return packed(files, told), f"{case.key}-redacted.tar"


def packed(files: Iterable[tuple[str, str, int, Iterable[bytes]]], told: dict[str, Any]) -> Iterator[bytes]:
    """Return a tar in pieces: files as `(file, name, size, blocks)`, and behind them their coverage."""
    listed = []
    for file, name, size, blocks in files:
        digest = hashlib.sha256()
        yield _header(file, size)
        for block in blocks:
            digest.update(block)
            yield block
        yield b"\x00" * (-size % _BLOCK)
        listed.append({"file": file, "name": name, "size": size, "sha256": digest.hexdigest()})
    data = json.dumps({**told, "files": listed}, indent=1, ensure_ascii=False).encode() + b"\n"
    yield _header("coverage.json", len(data)) + data + b"\x00" * (-len(data) % _BLOCK)
    yield b"\x00" * 2 * _BLOCK


def _header(name: str, size: int) -> bytes:
    told = tarfile.TarInfo(name)
    told.size, told.mode = size, 0o600
    return told.tobuf(tarfile.GNU_FORMAT)
