"""The export of a log: files anybody can read, and verify without us.

A zip (or folder) with

    manifest.json       what it is: `format`, `scope` (whole or part), `origin`, `key`, number of `entries`
    entries.jsonl       one entry a line, the bytes that were hashed; of a part `{"index", "entry", "proof"}`
    checkpoints.jsonl   `{"note", "timestamps"}`: signed notes with their witnesses, oldest first
    openings.jsonl      `{"index", "path", "salt", "value"}` for what is not erased
    HOW-TO-VERIFY.txt   for somebody who has only these files
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from holdfast.ledger import encoded
from holdfast.ledger.canonical import canonical
from holdfast.ledger.commitments import Opening

FORMAT = 1
HOW = """This is an export of a Holdfast ledger. To verify it without Holdfast:

1. Each line of entries.jsonl is an entry. Its leaf is SHA-256(0x00, line without its end). The tree over the leaves
   is that of RFC 6962: SHA-256(0x01, left, right). In the export of a part, `proof` leads from the entry's leaf to
   the root, as in RFC 9162, 2.1.3.2.
2. The root over the first N leaves has to be the one in the checkpoint of size N in checkpoints.jsonl.
3. A checkpoint is a signed note (c2sp.org/signed-note), with Ed25519 over its text. Compare the key in
   manifest.json with the one you were given when you began to trust this log.
4. If you kept a checkpoint, or a witness did, the same root has to stand here for its size. If it does not, the log
   was rewritten.
5. A value in openings.jsonl belongs to its entry when SHA-256(salt, canonical JSON of the value) is the hash in
   the entry's `committed`. A value that is missing was erased; the entry is proven without it.

With Holdfast, offline:  holdfast ledger verify EXPORT --key KEY [--held CHECKPOINT]
"""


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint with what others gave for it."""

    note: str
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 tokens over the SHA-256 of the note's text."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry of a part, with what proves its place."""

    index: int
    entry: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """What goes into an export. Entries may come from a generator; they are written as they come."""

    origin: str
    key: str
    checkpoints: Iterable[KeptCheckpoint]
    entries: Iterable[bytes] = ()
    part: Iterable[Proven] | None = None
    openings: Iterable[tuple[int, str, Opening]] = ()
    about: dict[str, Any] = field(default_factory=dict)
    """More for the manifest: whose log, which part."""


def write(export: Export, out: Path) -> int:
    """Write a zip whole or not at all; return the number of entries."""
    beside = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            number = _fill(archive, export)
        os.replace(beside, out)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return number


def _fill(archive: zipfile.ZipFile, export: Export) -> int:
    number = 0
    with archive.open("entries.jsonl", "w", force_zip64=True) as file:
        for line in _lines(export):
            file.write(line + b"\n")
            number += 1
    with archive.open("checkpoints.jsonl", "w", force_zip64=True) as file:
        for kept in export.checkpoints:
            tokens = [encoded.written(token) for token in kept.timestamps]
            _json(file, {"note": kept.note, "timestamps": tokens})
    with archive.open("openings.jsonl", "w", force_zip64=True) as file:
        for index, path, opening in export.openings:
            _json(file, {"index": index, "path": path, "salt": opening.salt.hex(), "value": opening.value})
    manifest = {
        **export.about,
        "format": FORMAT,
        "scope": "whole" if export.part is None else "part",
        "origin": export.origin,
        "key": export.key,
        "entries": number,
    }
    archive.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    archive.writestr("HOW-TO-VERIFY.txt", HOW)
    return number


def _lines(export: Export) -> Iterable[bytes]:
    if export.part is None:
        for entry in export.entries:
            if b"\n" in entry:
                raise ValueError("an entry is one line of canonical JSON")
            yield entry
        return
    for one in export.part:
        proof = [encoded.written(node) for node in one.proof]
        yield canonical({"index": one.index, "entry": one.entry.decode(), "proof": proof})


def _json(file: IO[bytes], value: dict[str, Any]) -> None:
    file.write(canonical(value) + b"\n")
