"""Verifying an export offline: no network, no database, nothing of the desk that made it."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from holdfast.ledger import encoded
from holdfast.ledger.checkpoints import Checkpoint, read, seen_at
from holdfast.ledger.commitments import Opening
from holdfast.ledger.exporting import FORMAT
from holdfast.ledger.merkle import Frontier, includes, leaf_hash
from holdfast.ledger.notes import BadNote, Note, VerifierKey
from holdfast.ledger.timestamps import stamped_at

MOST_LINE = 16 * 1024 * 1024
AT_ONCE = 1024 * 1024
"""Bytes of entries that are read and hashed together."""
Progress = Callable[[int], None]


class Unusable(Exception):
    """The export cannot be read at all; says why."""


@dataclass(slots=True)
class Verdict:
    """What verifying found. `faults` is empty exactly when everything that was asked for holds."""

    origin: str
    key: str
    key_given: bool
    """Whether the key was the reader's own and not the export's."""
    scope: str = "whole"
    entries: int = 0
    proven: int = 0
    """Entries under the last checkpoint that holds."""
    checkpoints: int = 0
    openings: int = 0
    last: Checkpoint | None = None
    witnessed: list[tuple[str, int, int]] = field(default_factory=list)
    """Witness, size of the checkpoint, seconds since 1970."""
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults


def verify(
    path: Path,
    *,
    key: VerifierKey | None = None,
    witnesses: Sequence[VerifierKey] = (),
    held: Sequence[Note] = (),
    authorities: bytes = b"",
    progress: Progress | None = None,
) -> Verdict:
    """Verify an export (zip or folder).

    `key` is the log's, `witnesses` those of its witnesses, `held` checkpoints that the reader or a witness kept,
    `authorities` the PEM roots of time-stamping authorities. Raises Unusable when it cannot be read at all.
    """
    others = Others(witnesses, held, authorities)
    try:
        with _opened(path) as open_part:
            return _verified(open_part, key, others, progress)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, KeyError, ValueError) as error:
        raise Unusable(f"the export cannot be read: {error}") from error


OpenPart = Callable[[str], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Others:
    """What speaks for the log from outside."""

    witnesses: Sequence[VerifierKey]
    held: Sequence[Note]
    authorities: bytes


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[OpenPart]:
    if path.is_dir():
        yield lambda name: (path / name).open("rb")
        return
    with zipfile.ZipFile(path) as archive:
        yield archive.open


def _verified(
    open_part: OpenPart,
    key: VerifierKey | None,
    others: Others,
    progress: Progress | None,
) -> Verdict:
    with open_part("manifest.json") as file:
        manifest = json.loads(file.read(MOST_LINE))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Unusable(f"the export is not of format {FORMAT}")
    trusted = key or VerifierKey.parse(str(manifest.get("key", "")))
    verdict = Verdict(str(manifest.get("origin", "")), str(trusted), key is not None)
    verdict.scope = str(manifest.get("scope", "whole"))
    marks = _checkpoints(open_part, trusted, others, verdict)
    marks |= _held(others.held, trusted, marks, verdict)
    if verdict.scope == "part":
        leaves = _part(open_part, marks, verdict)
    else:
        leaves = _whole(open_part, marks, verdict, progress)
    if verdict.entries != manifest.get("entries"):
        verdict.faults.append(
            f"the manifest speaks of {manifest.get('entries')} entries, here are {verdict.entries}"
        )
    _openings(open_part, leaves, verdict)
    return verdict


def _checkpoints(open_part: OpenPart, key: VerifierKey, others: Others, verdict: Verdict) -> dict[int, bytes]:
    """Return the roots that are claimed, by size."""
    marks: dict[int, bytes] = {}
    for number, line in _lines(open_part, "checkpoints.jsonl"):
        try:
            told = _object(line)
            note = Note.parse(str(told.get("note", "")))
            found = read(note, key)
            _seen(note, told.get("timestamps", []), found.size, others, verdict)
        except ValueError as error:
            verdict.faults.append(f"checkpoint {number}: {error}")
            continue
        verdict.checkpoints += 1
        if marks.setdefault(found.size, found.root) != found.root:
            verdict.faults.append(
                f"two roots of {found.size} entries were signed: there are two views of the log"
            )
        if verdict.last is None or found.size >= verdict.last.size:
            verdict.last = found
    if verdict.last is None:
        verdict.faults.append("there is no checkpoint signed with this key: nothing is proven")
    return marks


def _seen(note: Note, tokens: Sequence[str], size: int, others: Others, verdict: Verdict) -> None:
    """Note which witnesses and authorities saw the checkpoint, and when."""
    for witness in others.witnesses:
        if (when := seen_at(note, witness)) is not None:
            verdict.witnessed.append((witness.name, size, when))
    if others.authorities:
        for token in tokens:
            at = stamped_at(encoded.read(token), note, others.authorities)
            verdict.witnessed.append(("time-stamp", size, int(at.timestamp())))


def _held(
    held: Sequence[Note], key: VerifierKey, marks: dict[int, bytes], verdict: Verdict
) -> dict[int, bytes]:
    """Return the roots of checkpoints the reader held, and say where the export contradicts them."""
    more: dict[int, bytes] = {}
    for note in held:
        try:
            found = read(note, key)
        except BadNote as error:
            verdict.faults.append(f"the checkpoint you hold: {error}")
            continue
        if marks.get(found.size, found.root) != found.root:
            verdict.faults.append(f"you hold another root for {found.size} entries: the log was rewritten")
        if verdict.last and found.size > verdict.last.size:
            verdict.faults.append(
                f"you hold a checkpoint of {found.size} entries, the export ends at {verdict.last.size}: it was cut"
            )
        more[found.size] = found.root
    return more


def _whole(
    open_part: OpenPart, marks: dict[int, bytes], verdict: Verdict, progress: Progress | None
) -> dict[int, bytes]:
    """Count the tree over all entries and compare it at every checkpoint."""
    frontier, left = Frontier(), dict(marks)
    _compare(frontier, left, verdict)
    due = sorted(left)
    with open_part("entries.jsonl") as file:
        for entries in _batches(file, verdict):
            while due and due[0] <= frontier.size + len(entries):
                upto = due.pop(0) - frontier.size
                frontier.extend(map(leaf_hash, entries[:upto]))
                entries = entries[upto:]
                _compare(frontier, left, verdict)
            frontier.extend(map(leaf_hash, entries))
            if progress is not None:
                progress(frontier.size)
    verdict.entries = frontier.size
    for size in left:
        verdict.faults.append(
            f"a checkpoint speaks of {size} entries, here are {frontier.size}: some are missing"
        )
    if verdict.last and frontier.size > verdict.last.size:
        verdict.faults.append(
            f"{frontier.size - verdict.last.size} entries are after the last checkpoint: unproven"
        )
    return {}


def _batches(file: IO[bytes], verdict: Verdict) -> Iterator[list[bytes]]:
    """The entries, many at a time: hashing one by one would take twice as long."""
    rest = b""
    while block := file.read(AT_ONCE):
        *entries, rest = (rest + block).split(b"\n")
        if len(rest) > MOST_LINE:
            raise ValueError(f"an entry is longer than {MOST_LINE} bytes")
        yield entries
    if rest:
        verdict.faults.append("the last entry is cut off")
        yield [rest]


def _compare(frontier: Frontier, left: dict[int, bytes], verdict: Verdict) -> None:
    wanted = left.pop(frontier.size, None)
    if wanted is None:
        return
    if frontier.root() == wanted:
        verdict.proven = frontier.size
    else:
        verdict.faults.append(f"the first {frontier.size} entries do not have the root that was signed")


def _part(open_part: OpenPart, marks: dict[int, bytes], verdict: Verdict) -> dict[int, bytes]:
    """Follow each entry's proof to the root of the last checkpoint."""
    found: dict[int, bytes] = {}
    last = verdict.last
    for number, line in _lines(open_part, "entries.jsonl"):
        verdict.entries += 1
        try:
            told = _object(line)
            index, entry = int(told["index"]), str(told["entry"]).encode()
            proof = [encoded.read(node) for node in told["proof"]]
        except (KeyError, TypeError, ValueError):
            verdict.faults.append(f"line {number} of the entries is damaged")
            continue
        if last is not None and includes(leaf_hash(entry), index, last.size, proof, marks[last.size]):
            verdict.proven += 1
        else:
            verdict.faults.append(f"entry {index} does not stand in the log that was signed")
        found[index] = entry
    return found


def _openings(open_part: OpenPart, part: dict[int, bytes], verdict: Verdict) -> None:
    """Check that each value belongs to its entry. Of a whole log only the entries that are needed are read again."""
    asked: dict[int, list[tuple[str, Opening]]] = {}
    for number, line in _lines(open_part, "openings.jsonl"):
        try:
            told = _object(line)
            opening = Opening(bytes.fromhex(told["salt"]), told["value"])
            asked.setdefault(int(told["index"]), []).append((str(told["path"]), opening))
        except (KeyError, TypeError, ValueError):
            verdict.faults.append(f"line {number} of the openings is damaged")
    if not asked:
        return
    entries = part.items() if verdict.scope == "part" else _some(open_part, asked)
    for index, entry in entries:
        for path, opening in asked.pop(index, ()):
            verdict.openings += 1
            if not _opens(entry, path, opening):
                verdict.faults.append(f"what is told of `{path}` in entry {index} is not what was logged")
    for index in asked:
        verdict.faults.append(f"values are told of entry {index}, which is not here")


def _some(open_part: OpenPart, wanted: dict[int, Any]) -> Iterator[tuple[int, bytes]]:
    for number, line in _lines(open_part, "entries.jsonl"):
        if number - 1 in wanted:
            yield number - 1, line


def _opens(entry: bytes, path: str, opening: Opening) -> bool:
    try:
        place: Any = json.loads(entry)
        for step in path.split("."):
            place = place[step]
        return opening.opens(str(place["committed"]))
    except (KeyError, TypeError, ValueError):
        return False


def _lines(open_part: OpenPart, name: str) -> Iterator[tuple[int, bytes]]:
    with open_part(name) as file:
        number = 0
        while line := file.readline(MOST_LINE):
            number += 1
            yield number, line.rstrip(b"\n")


def _object(line: bytes) -> dict[str, Any]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("a line is an object")
    return found
