"""A whole bundle: discover in every file, then write every file anew, verify, and only then show the result."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast import __version__
from holdfast.diagnostics.analysers.contract import Opened
from holdfast.diagnostics.bundle import Limits, open_bundle
from holdfast.redaction import memory, passes
from holdfast.redaction.database import ENGINE
from holdfast.redaction.deriving import Derived
from holdfast.redaction.files import digest_of
from holdfast.redaction.kinds import Kind, kind_of
from holdfast.redaction.known import Known
from holdfast.redaction.placing import OutputUnusable, place, told, write
from holdfast.redaction.policy import Policy, matches
from holdfast.redaction.pseudonyms import Key
from holdfast.redaction.redactor import Redactor
from holdfast.redaction.sealedmap import sealed
from holdfast.redaction.texts import Classed
from holdfast.redaction.values import Gathered

MANIFEST = "manifest.json"
_REASONS = {
    "image": "an image; a person has to look at it", "document": "a document that is no text",
    "dump": "memory of a process; only derived facts go out", "database": "a database file",
    "binary": "no kind of text that is known", "archive": "an archive that was not opened",
}  # fmt: skip


_COVERED = {
    **dict.fromkeys(("pcap", "pcapng"), "addresses mapped, payload overwritten"),
    **dict.fromkeys(passes.RELEASED, "texts read, overwritten at the same length; released by a person"),
}


_EXEMPT = "exempt by the policy: only values found elsewhere were looked for"
_TOLD = (
    *(
        "id",
        "kind",
        "size",
        "sha256",
        "derivative",
        "derivative_sha256",
        "found",
        "replaced",
        "coverage",
        "withheld",
    ),
    "facts",
)


@dataclass(slots=True)
class Entry:
    """One file of the bundle and what became of it."""

    id: str
    kind: str
    size: int
    sha256: str = ""
    """Of the original."""
    derivative: str = ""
    derivative_sha256: str = ""
    found: dict[str, int] = field(default_factory=dict)
    replaced: dict[str, int] = field(default_factory=dict)
    coverage: str = ""
    withheld: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """What a redaction did; `manifest` is what was written beside the derivatives."""

    out: Path
    manifest: dict[str, Any]
    entries: list[Entry]
    explained: dict[str, list[tuple[int, str, str, str]]]
    values: int

    @property
    def withheld(self) -> list[Entry]:
        """Return the files that did not go out."""
        return [entry for entry in self.entries if entry.withheld]


def redact_bundle(
    paths: Sequence[Path],
    out: Path,
    key: Key,
    policy: Policy | None = None,
    *,
    map_path: Path | None = None,
    explain: bool = False,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Report:
    """Redact files, folders and archives into the folder `out`, which must not exist or be empty.

    Where the name of `out` ends in `.tar.gz` or `.tgz` it becomes an archive of the same files.

    map_path: where the sealed way back goes, `out` with `.map` by default. workers: processes, as many as there
    are processors by default. progress: told what is done, files done and files in all. Nothing appears under
    `out` before all of it is written and verified. Raises FileNotFoundError, OutputUnusable.
    """
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
    with place(out) as making, tempfile.TemporaryDirectory(prefix=".spool-", dir=making.parent) as spool:
        work = _Work(Redactor(key, policy), making, workers or os.cpu_count() or 1, progress)
        try:
            bundle = open_bundle(paths, Path(spool), limits)
            entries = work.run(bundle.opened, Path(spool), explain)
            manifest = work.manifest(entries, [finding.title for finding in bundle.findings])
            write(making / MANIFEST, json.dumps(manifest, indent=1).encode())
            where = map_path or out.with_name(out.name + ".map")
            write(
                where.with_name(where.name + ".part"),
                sealed(work.known.pseudonyms, work.known.values, key),
            )
            os.replace(where.with_name(where.name + ".part"), where)
        except OSError as error:
            raise told(error, out) from error
    return Report(out, manifest, entries, work.explained, len(work.values))


class _Work:
    def __init__(
        self, redactor: Redactor, making: Path, workers: int, progress: Callable[[str, int, int], None] | None
    ) -> None:
        self.redactor, self.making, self.workers = redactor, making, workers
        self.progress = progress or _silent
        self.values = Gathered()
        passes.prepare(redactor)
        self.known = Known(self.values, redactor.names)
        self.explained: dict[str, list[tuple[int, str, str, str]]] = {}

    def run(self, opened: list[Opened], spool: Path, explain: bool) -> list[Entry]:
        entries, tasks = [], []
        for number, one in enumerate(opened, 1):
            kind = kind_of(one.path)
            entry = Entry(one.artefact.id, kind.name, one.artefact.size, one.artefact.sha256)
            entries.append(entry)
            entry.withheld = self._refused(one, kind)
            if entry.withheld:
                entry.sha256 = entry.sha256 or digest_of(one.path)
                entry.facts = memory.facts(one.path) if kind.name == "dump" else {}
            else:
                name = f"{number:05d}-{self._safe(one.artefact.name)}"
                store = spool / f"{number}.rows"
                exempt = matches(one.artefact.name, self.redactor.policy.exempt_paths)
                out = self.making / name
                tasks.append(passes.Task(number - 1, one.path, kind, store, out, entry.size, exempt))
        self._discover(tasks, entries)
        self._derive([task for task in tasks if not entries[task.number].withheld], entries, explain)
        return entries

    def _refused(self, one: Opened, kind: Kind) -> str:
        policy = self.redactor.policy
        if one.artefact.note:
            return f"it is not whole: {one.artefact.note}"
        if kind.name in passes.RELEASED and matches(one.artefact.name, policy.release):
            return ""
        return "" if kind.name in ("text", "pcap", "pcapng") else _REASONS.get(kind.name, kind.name)

    def _safe(self, name: str) -> str:
        """Return a name for a derivative: the last part, redacted, of harmless characters only."""
        stem, dot, suffix = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
        parts = (self.redactor.text(stem).text, dot, self.redactor.text(suffix).text)
        return re.sub(r"[^A-Za-z0-9._-]+", "_", "".join(parts)).strip(".")[-80:] or "file"

    def _discover(self, tasks: list[passes.Task], entries: list[Entry]) -> None:
        for done, (task, found) in enumerate(passes.run(passes.discovered, tasks, self.workers), 1):
            entry = entries[task.number]
            self.progress("discovering", done, len(tasks))
            if isinstance(found, str):
                entry.withheld = found
                continue
            task.found = found
            entry.sha256, entry.found = found.sha256, dict(found.fired)
            task.gids = self.values.take(found.values)
            self.values.take(Classed.of(found.others.items()))
            found.values, found.others = Classed.of(()), {}

    def _derive(self, tasks: list[passes.Task], entries: list[Entry], explain: bool) -> None:
        self.known = Known(self.values, self.redactor.names)
        passes.prepare_writing(self.known, explain)
        for done, (task, made) in enumerate(passes.run(passes.derived, tasks, self.workers), 1):
            entry = entries[task.number]
            self.progress("rewriting", done, len(tasks))
            task.store.unlink(missing_ok=True)
            if isinstance(made, str):
                entry.withheld = made
                task.out.unlink(missing_ok=True)
                continue
            assert isinstance(made, Derived)
            entry.derivative, entry.derivative_sha256 = task.out.name, made.sha256
            entry.replaced = dict(made.replaced)
            entry.coverage = _EXEMPT if task.exempt else _COVERED.get(entry.kind, "every byte read")
            if explain:
                self.explained[task.out.name] = made.explained

    def manifest(self, entries: list[Entry], findings: list[str]) -> dict[str, Any]:
        """Return what stands beside the derivatives; it names no original."""
        files = [
            {name: value for name in _TOLD if (value := getattr(entry, name)) not in ("", {})}
            for entry in entries
        ]
        return {
            "holdfast": __version__, "engine": ENGINE, "ruleset": self.redactor.engine.digest,
            "policy": self.redactor.policy.digest, "key": self.redactor.names.key.id,
            "files": files, "withheld": sum(bool(e.withheld) for e in entries),
            "opening": [self.redactor.text(one).text for one in findings],
        }  # fmt: skip


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


__all__ = ["Entry", "OutputUnusable", "Report", "redact_bundle"]
