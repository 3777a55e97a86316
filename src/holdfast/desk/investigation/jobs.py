"""The job that reads a case's evidence in a child process that can be killed."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.child import read, redact
from holdfast.desk.investigation.commands import JOB, keep
from holdfast.desk.investigation.kept import seal_reading
from holdfast.desk.outbox.jobs import Refused, Run, Store, handles
from holdfast.desk.vault import gate
from holdfast.desk.vault.commands import note_custody
from holdfast.desk.vault.models import Artefact
from holdfast.desk.vault.spool import lay_out, spooled
from holdfast.desk.vault.storage import case_scope

_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BEAT = 1.0
_CONTEXT = multiprocessing.get_context("spawn")


@handles(JOB)
def read_evidence(run: Run) -> Store:
    """Read the case's artefacts and return how to keep the diagnosis."""
    case = Case.objects.select_related("organisation").get(id=run.job.case_id or 0)
    artefacts = list(Artefact.objects.filter(case=case))
    folder = f"{case.id}-{run.job.id}-{run.job.attempts}"
    with spooled(case_scope(case.id)) as spool:
        run.beat(0, "opening the evidence")
        evidence, baseline = laid_out(artefacts, spool)
        kept = spool / "kept"
        kept.mkdir()
        at = _nanoseconds(run.job.payload.get("at", ""))
        report = _in_child(run, read, (evidence, baseline, at, kept))
        report = _in_child(run, redact, (report, kept, gate.secret_of(case.id)))
        run.beat(99, "sealing what was read")
        seal_reading(kept, folder, case.id)

    def store() -> None:
        for artefact in artefacts:
            note_custody(artefact, "read", None)
        keep(case, report, artefacts=[artefact.id for artefact in artefacts], folder=folder)

    return store


def laid_out(artefacts: list[Artefact], spool: Path) -> tuple[list[Path], list[Path]]:
    """Lay the artefacts out in a spool under names a reader can show; return evidence and baseline."""
    paths: tuple[list[Path], list[Path]] = ([], [])
    for artefact in artefacts:
        path = spool / str(artefact.id) / safe(artefact.name)
        lay_out(artefact, path)
        paths[artefact.baseline].append(path)
    return paths


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


def _in_child(run: Run, deed: Callable[..., None], words: tuple[Any, ...]) -> dict[str, Any]:
    ours, theirs = _CONTEXT.Pipe(duplex=True)
    child = _CONTEXT.Process(target=deed, args=(theirs, *words))
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
