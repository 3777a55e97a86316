"""Evidence in, diagnosis out."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.diagnostics.bundle import Limits, open_bundle
from holdfast.diagnostics.cage import Cage, Readers, start
from holdfast.diagnostics.diagnosis import Diagnosis
from holdfast.diagnostics.findings import Finding

if TYPE_CHECKING:
    from holdfast.diagnostics.analysers.contract import Opened, Reading


class Cancelled(Exception):
    """Raised from within a progress callback to stop an investigation."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an investigation is."""

    done: int
    """Bytes read."""
    total: int
    """Bytes to read; 0 while the evidence is still being opened."""
    what: str


Report = Callable[[Progress], None]


def investigate(
    paths: Sequence[Path],
    *,
    baseline: Sequence[Path] = (),
    at: int | None = None,
    keep: Path | None = None,
    progress: Report | None = None,
    limits: Limits | None = None,
    cage: Cage | None = None,
) -> Diagnosis:
    """Read evidence and say what changed, what failed and who is probably to blame.

    paths, baseline: files, folders or archives. at: the onset where a person knows it, ns UTC. keep: a
    folder in which the readable bytes of each artefact (`<id>.data`), the columns of each log, and traces worth
    looking at (`exemplars.json`) are left.
    progress: called as the reading goes on; raising `Cancelled` from it stops everything.
    Raises FileNotFoundError for a path that does not exist.
    """
    begun = time.monotonic()
    threading.Thread(target=_warm, daemon=True).start()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-")))
        readers = stack.enter_context(start(_shut(cage or Cage(), [*paths, *baseline], folder, keep)))
        reading = _Reading(readers, folder, keep, limits, progress or (lambda _: None))
        theirs = reading.read(baseline, "B")
        ours = reading.read(paths, "A")
        return _concluded(ours, theirs, at, keep, begun)


def _shut(cage: Cage, paths: Sequence[Path], folder: Path, keep: Path | None) -> Cage:
    """Let the readers see the evidence and write beside it, and nothing else."""
    scratch = folder / "scratch"
    scratch.mkdir()
    kept = [] if keep is None else [keep]
    return replace(cage, readable=(*paths, folder, *kept), writable=(scratch, *kept))


def _warm() -> None:
    """Load what correlation needs while the readers are at work."""
    from holdfast.diagnostics.correlation.conclusion import warm

    warm()


@dataclass(slots=True)
class _Side:
    read: list[tuple[Opened, Reading]]
    findings: list[Finding]
    partial: bool


@dataclass(slots=True)
class _Reading:
    readers: Readers
    folder: Path
    keep: Path | None
    limits: Limits | None
    progress: Report

    def read(self, paths: Sequence[Path], prefix: str) -> _Side:
        if not paths:
            return _Side([], [], partial=False)
        spool = (self.keep or self.folder) / f"spool-{prefix}"
        spool.mkdir(parents=True, exist_ok=True)
        bundle = open_bundle(
            paths,
            spool,
            self.limits,
            prefix=prefix,
            progress=lambda name, _: self.progress(Progress(0, 0, f"opening {name}")),
        )
        opened = [self._kept(one) for one in bundle.opened]
        total, done = sum(one.artefact.size for one in opened), 0

        def advance(one: Opened, _: Reading) -> None:
            nonlocal done
            done += one.artefact.size
            self.progress(Progress(done, total, one.artefact.name))

        readings = self.readers.read(opened, advance)
        return _Side(list(zip(opened, readings, strict=True)), list(bundle.findings), bundle.partial)

    def _kept(self, opened: Opened) -> Opened:
        if self.keep is None:
            return opened
        target = self.keep / f"{opened.artefact.id}.data"
        target.unlink(missing_ok=True)
        if opened.path.is_relative_to(self.keep):
            opened.path.rename(target)
        else:
            target.symlink_to(opened.path.resolve())
        return replace(opened, path=target, keep=self.keep)


def _concluded(ours: _Side, theirs: _Side, at: int | None, keep: Path | None, begun: float) -> Diagnosis:
    from holdfast.diagnostics.correlation.conclusion import conclude

    diagnosis = conclude(ours.read, theirs.read, at, keep)
    findings = _numbered(diagnosis, [*ours.findings, *theirs.findings])
    facts = {
        **diagnosis.facts,
        "seconds": round(time.monotonic() - begun, 2),
        "partial": _partial(ours, theirs),
    }
    return replace(diagnosis, findings=findings, facts=facts)


def _numbered(diagnosis: Diagnosis, more: Sequence[Finding]) -> tuple[Finding, ...]:
    first = len(diagnosis.findings) + 1
    return (*diagnosis.findings, *(replace(f, id=f"F-{n:02d}") for n, f in enumerate(more, first)))


def _partial(*sides: _Side) -> bool:
    return any(side.partial or any(r.kind in ("unread",) or r.note for _, r in side.read) for side in sides)
