"""The job that reads a case's evidence in a child process that can be killed."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.conf import settings

from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.child import read
from holdfast.desk.investigation.commands import JOB, keep
from holdfast.desk.outbox.jobs import Refused, Run, Store, handles
from holdfast.desk.vault import storage
from holdfast.desk.vault.commands import note_custody
from holdfast.desk.vault.models import Artefact

_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BEAT = 1.0
_CONTEXT = multiprocessing.get_context("spawn")


@handles(JOB)
def read_evidence(run: Run) -> Store:
    """Read the case's artefacts and return how to keep the diagnosis."""
    case = Case.objects.select_related("organisation").get(id=run.job.case_id or 0)
    artefacts = list(Artefact.objects.filter(case=case))
    folder = f"{case.id}-{run.job.id}-{run.job.attempts}"
    kept = readings() / folder
    kept.mkdir(parents=True, exist_ok=True)
    try:
        with laid_out(artefacts) as (evidence, baseline):
            report = _in_child(run, evidence, baseline, _nanoseconds(run.job.payload.get("at", "")), kept)
            _anchor(kept)
    except BaseException:
        shutil.rmtree(kept, ignore_errors=True)
        raise

    def store() -> None:
        for artefact in artefacts:
            note_custody(artefact, "read", None)
        keep(case, report, artefacts=[artefact.id for artefact in artefacts], folder=folder)

    return store


def readings() -> Path:
    """Return the folder where readings keep their evidence open."""
    folder: Path = settings.DATA / "readings"
    return folder


@contextmanager
def laid_out(artefacts: list[Artefact]) -> Iterator[tuple[list[Path], list[Path]]]:
    """Lay the artefacts out under names a reader can show, as links; yield evidence and baseline.

    The sealed objects are only linked to and are not writable.
    """
    desk = settings.DATA / "reading-desk"
    desk.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=desk))
    try:
        paths: tuple[list[Path], list[Path]] = ([], [])
        for artefact in artefacts:
            path = folder / str(artefact.id) / safe(artefact.name)
            path.parent.mkdir()
            os.link(storage.stored(artefact.sha256), path)
            paths[artefact.baseline].append(path)
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _anchor(kept: Path) -> None:
    """Turn links into the folder that is about to go into links to the sealed objects themselves."""
    for link in kept.glob("*.data"):
        if link.is_symlink():
            target = link.resolve()
            link.unlink()
            os.link(target, link)


def safe(name: str) -> str:
    """Return a file name made from one that came from outside."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return _SAFE.sub("_", last).lstrip(".")[-120:] or "artefact"


def _nanoseconds(at: str) -> int | None:
    if not at:
        return None
    try:
        return int(datetime.fromisoformat(at).timestamp() * 1_000_000) * 1000
    except ValueError as error:
        raise Refused(f"{at!r} is no time; write it like 2026-03-01T10:56:00Z") from error


def _in_child(
    run: Run, evidence: list[Path], baseline: list[Path], at: int | None, kept: Path
) -> dict[str, Any]:
    ours, theirs = _CONTEXT.Pipe(duplex=True)
    child = _CONTEXT.Process(target=read, args=(theirs, evidence, baseline, at, kept))
    child.start()
    theirs.close()
    try:
        return _listen(run, ours)
    finally:
        ours.close()  # the child notices, and ends its own readers
        child.join(3)
        if child.is_alive():
            child.kill()
            child.join()


def _listen(run: Run, pipe: Connection) -> dict[str, Any]:
    sort: str = "progress"
    said: Any = (0, "starting to read")
    while sort == "progress":
        run.beat(*said)
        sort, said = _newest(pipe, (sort, said))
    if sort == "refused":
        raise Refused(said)
    return dict(said)


def _newest(pipe: Connection, message: tuple[str, Any]) -> tuple[str, Any]:
    """Return the newest message within a beat, or the one before; progress in between does not matter."""
    wait = _BEAT
    try:
        while message[0] == "progress" and pipe.poll(wait):
            message, wait = pipe.recv(), 0.0
    except EOFError:
        raise RuntimeError("the reader was killed, perhaps for want of memory") from None
    return message
