"""What readings leave behind for the viewer, sealed under the case's key.

The texts are sealed: the readable bytes of each artefact and the words of its templates. The columns beside them
are numbers (times, line numbers, which template) and stay as they are, so that they can be mapped.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from django.conf import settings

from holdfast.desk.investigation.models import Diagnosis
from holdfast.desk.vault import keys, storage
from holdfast.desk.vault.looking_after import seals
from holdfast.diagnostics.viewing import Page, open_page
from holdfast.diagnostics.viewing.content import Content
from holdfast.diagnostics.viewing.lines import Lines
from holdfast.sealing import FileSource, Opened, PlainFile, seal_file
from holdfast.sealing.frames import MAGIC

TEXTS = (".data", ".log.json")


def readings() -> Path:
    """Return the folder where readings keep their evidence."""
    folder: Path = settings.DATA / "readings"
    return folder


def seal_reading(spool: Path, folder: str, case_id: int) -> None:
    """Move what a reading left in a spool to its place, texts sealed; whole or not at all."""
    making = readings() / f".{folder}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    key = keys.data_key(storage.case_scope(case_id))
    for path in sorted(spool.iterdir()):
        if path.name.endswith(".data"):
            Lines(path)  # leaves the marks by which lines are found
    for path in sorted(spool.iterdir()):
        if path.name.endswith(TEXTS):
            seal_file(path, making / path.name, key, _context(folder, path.name))
        elif path.suffix == ".npy":
            shutil.move(path, making / path.name)
    os.rename(making, readings() / folder)


def seal_plain(folder: Path) -> int:
    """Seal the texts an earlier version left open in a reading's folder; return how many were."""
    sealed = 0
    for path in sorted(folder.iterdir()):
        if path.name.endswith(TEXTS) and not _is_sealed(path):
            if path.name.endswith(".data"):
                Lines(path)
            data = path.resolve()  # it may be a link to what was stored plain
            key = keys.data_key(storage.case_scope(_case_of(folder.name)))
            part = path.with_name(f".{path.name}.part")
            seal_file(data, part, key, _context(folder.name, path.name))
            os.replace(part, path)
            sealed += 1
    return sealed


@seals
def _readings() -> int:
    folders = sorted(readings().glob("[0-9]*-*-*")) if readings().is_dir() else []
    return sum(seal_plain(folder) for folder in folders)


def open_kept(path: Path) -> Content:
    """Open a text of a reading, sealed or from before there were seals."""
    if not _is_sealed(path):
        return PlainFile(path)
    key = keys.data_key(storage.case_scope(_case_of(path.parent.name)))
    return Opened(FileSource(path), key, _context(path.parent.name, path.name))


def page_of(diagnosis: Diagnosis, artefact: str) -> Page:
    """Return an artefact as its reading kept it; raises FileNotFoundError."""
    if not diagnosis.folder:
        raise FileNotFoundError(artefact)
    return open_page(readings() / diagnosis.folder, artefact, open_kept)


def _is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _case_of(folder: str) -> int:
    return int(folder.partition("-")[0])


def _context(folder: str, name: str) -> bytes:
    return f"reading/{folder}/{name}".encode()
