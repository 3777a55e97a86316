"""What readings leave behind for the viewer, sealed under the case's key.

The texts are sealed: the readable bytes of each artefact and the words of its templates. The columns beside them
are numbers (times, line numbers, which template) and stay as they are, so that they can be mapped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from holdfast.desk.investigation.deriving import MAP, redacted
from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.vault import gate, keys, storage
from holdfast.desk.vault.letting_go import when_deleted
from holdfast.desk.vault.looking_after import seals
from holdfast.diagnostics.diagnosis import EXEMPLARS
from holdfast.diagnostics.viewing import Page, open_page
from holdfast.diagnostics.viewing.lines import Lines
from holdfast.diagnostics.viewing.pages import REDACTED
from holdfast.redaction import Key
from holdfast.redaction.rules import SECRET
from holdfast.redaction.sealedmap import opened
from holdfast.sealing import FileSource, Opened, PlainFile, seal_file
from holdfast.sealing.frames import MAGIC

TEXTS = (".data", ".redacted", ".json", ".map")
LINED = (".data", ".redacted")


def readings(case_id: int) -> Path:
    """Return the folder where readings of a case keep their evidence."""
    return storage.home(storage.case_scope(case_id)) / "readings"


def seal_reading(spool: Path, folder: str, case_id: int) -> None:
    """Move what a reading left in a spool to its place, texts sealed; whole or not at all."""
    making = readings(case_id) / f".{folder}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    key = keys.data_key(storage.case_scope(case_id))
    for path in sorted(spool.iterdir()):
        if path.name.endswith(LINED):
            Lines(path)  # leaves the marks by which lines are found
    for path in sorted(spool.iterdir()):
        if path.name.endswith(TEXTS):
            seal_file(path, making / path.name, key, _context(folder, path.name))
        elif path.suffix == ".npy":
            shutil.move(path, making / path.name)
    os.rename(making, readings(case_id) / folder)


def seal_plain(folder: Path) -> int:
    """Seal the texts an earlier version left open in a reading's folder; return how many were."""
    sealed = 0
    for path in sorted(folder.iterdir()):
        if path.name.endswith(TEXTS) and not _is_sealed(path):
            if path.name.endswith(LINED):
                Lines(path)
            data = path.resolve()  # it may be a link to what was stored plain
            key = keys.data_key(storage.case_scope(_case_of(folder.name)))
            part = path.with_name(f".{path.name}.part")
            seal_file(data, part, key, _context(folder.name, path.name))
            os.replace(part, path)
            sealed += 1
    return sealed


@when_deleted
def remove_readings(case_id: int) -> None:
    """Remove what readings of a case kept; its key is gone, so nothing of it opens any more."""
    for folder in readings(case_id).glob(f"{case_id}-*"):
        shutil.rmtree(folder, ignore_errors=True)


@seals
def _readings() -> int:
    found = (sorted((home / "readings").glob("[0-9]*-*-*")) for home in storage.homes())
    return sum(seal_plain(folder) for folders in found for folder in folders)


def open_kept(path: Path) -> storage.Bytes:
    """Open a text of a reading, sealed or from before there were seals."""
    if not _is_sealed(path):
        return PlainFile(path)
    key = keys.data_key(storage.case_scope(_case_of(path.parent.name)))
    return Opened(FileSource(path), key, _context(path.parent.name, path.name))


class Unseen(Exception):
    """What was asked for is withheld; the message says why, and what can be done."""


def page_of(diagnosis: Diagnosis, artefact: str) -> Page:
    """Return an artefact as it may be seen by whoever reads evidence: its derivative.

    Raises FileNotFoundError for one that was not kept, Unseen for one that is withheld.
    """
    folder = _folder(diagnosis, artefact)
    with suppress(FileNotFoundError):
        return open_page(folder, artefact, open_kept, REDACTED)
    open_page(folder, artefact, open_kept)  # or it is not there at all
    why = diagnosis.report.get("withheld", {}).get(artefact)
    raise Unseen(
        f"withheld: {why}"
        if why
        else "withheld: this reading is from before there were redacted copies; have the evidence read again"
    )


def traces_of(diagnosis: Diagnosis) -> dict[str, Any] | None:
    """Return the traces a reading left to be looked at, redacted; None where it saw none."""
    path = _folder(diagnosis, EXEMPLARS) / redacted(EXEMPLARS)
    if not path.exists():
        return None
    found: dict[str, Any] = orjson.loads(open_kept(path)[:])
    return found


def raw_page_of(diagnosis: Diagnosis, artefact: str) -> Page:
    """Return an artefact as it came. Who asks has to hold a grant, or to show nothing but numbers of it."""
    return open_page(_folder(diagnosis, artefact), artefact, open_kept)


def _folder(diagnosis: Diagnosis, artefact: str) -> Path:
    if not diagnosis.folder:
        raise FileNotFoundError(artefact)
    return readings(diagnosis.case_id) / diagnosis.folder


SHORTEST_LEARNT = 8
"""Characters of a secret that is looked for as it stands in any text; shorter ones are words of other things."""


@gate.learns
def learnt_secrets(case_id: int) -> Mapping[str, str]:
    """Return the secrets the newest reading of a case found, with their pseudonyms."""
    kept = Diagnosis.objects.filter(case_id=case_id).exclude(folder="").order_by("-version")
    folder = kept.values_list("folder", flat=True).first()
    if folder is None or not (there := readings(case_id) / folder / MAP).exists():
        return {}
    return _secrets(there, gate.key_of(case_id))


@lru_cache(maxsize=32)
def _secrets(path: Path, key: Key) -> Mapping[str, str]:
    found = pseudonyms(path, key)
    made = {
        value.decode("utf-8", "replace"): name.decode()
        for name, (kind, value) in found.items()
        if kind == SECRET and len(value) >= SHORTEST_LEARNT
    }
    return dict(sorted(made.items(), key=lambda one: -len(one[0])))  # of two, the longer one first


def pseudonyms(path: Path, key: Key) -> dict[bytes, tuple[str, bytes]]:
    """Return what each pseudonym of a reading stands for: its class and the value."""
    return opened(open_kept(path)[:], key)


def _is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _case_of(folder: str) -> int:
    return int(folder.partition("-")[0])


def _context(folder: str, name: str) -> bytes:
    return f"reading/{folder}/{name}".encode()
