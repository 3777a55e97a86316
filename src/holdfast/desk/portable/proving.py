"""What the ledger of another desk proves of a case: its export verified offline, and the hashes it has logged."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.ledger.notes import VerifierKey
from holdfast.ledger.verifying import MOST_LINE, Unusable, verify
from holdfast.portable import Refused

MOST_UNPACKED = 4 << 30
"""Bytes of an export when unpacked; a case's is some thousand times smaller."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What holds of an export."""

    checkpoint: str
    """SHA-256 of the newest signed note."""
    entries: dict[int, str]
    """Hashes of the case's timeline by position."""


def proven(export: Path, key: VerifierKey, case: str) -> Proven:
    """Return what an export of a ledger proves of a case; raises Refused where it does not hold."""
    try:
        with zipfile.ZipFile(export) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Refused("ledger.zip unpacks to more than any case's ledger has")
        verdict = verify(export, key=key)
        if not verdict.holds:
            raise Refused(f"ledger.zip does not hold: {verdict.faults[0]}")
        with zipfile.ZipFile(export) as packed:
            places = dict(_places(packed, case))
            hashes = {
                places[told["index"]]: str(told["value"])
                for told in _told(packed, "openings.jsonl")
                if told["path"] == "sealed" and told["index"] in places
            }
            notes = [str(told["note"]) for told in _told(packed, "checkpoints.jsonl")]
    except (Unusable, zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"ledger.zip cannot be read: {error}") from error
    return Proven(hashlib.sha256(notes[-1].encode()).hexdigest() if notes else "", hashes)


def _places(packed: zipfile.ZipFile, case: str) -> Iterator[tuple[int, int]]:
    """Return which entry of the log tells of which entry of the timeline."""
    for told in _told(packed, "entries.jsonl"):
        entry = json.loads(told["entry"])
        if entry.get("case") == case and isinstance(entry.get("entry"), int):
            yield int(told["index"]), entry["entry"]


def _told(packed: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with packed.open(name) as file:
        while line := file.readline(MOST_LINE):
            yield json.loads(line)
