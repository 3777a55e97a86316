"""The hash chain of a timeline: every entry carries the hash of itself and of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from holdfast.desk.cases.models import Case, Entry


def seal(entry: Entry, key: str) -> str:
    """Return the SHA-256 of an entry's canonical JSON, the previous hash within it."""
    return hashlib.sha256(canonical(record(entry, key))).hexdigest()


def record(entry: Entry, key: str) -> dict[str, Any]:
    """Return what is sealed: the entry as anybody can print and check it."""
    return {
        "case": key,
        "position": entry.position,
        "kind": entry.kind,
        "text": entry.text,
        "data": entry.data,
        "author": entry.author,
        "shared": entry.shared,
        "happened_at": _time(entry.happened_at),
        "recorded_at": _time(entry.recorded_at),
        "previous": entry.previous,
    }


def canonical(value: dict[str, Any]) -> bytes:
    """Return JSON with sorted keys, no spaces, in UTF-8.

    Not the ledger's form, which orders rare names otherwise and refuses great numbers: seals that were written
    have to verify for ever.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def verify(case: Case) -> str:
    """Return what is wrong with a case's timeline, or nothing when it is whole."""
    return broken(case.entries.order_by("position").iterator(), case.key, case.entries_count, case.head)


def broken(entries: Iterable[Entry], key: str, count: int, head: str) -> str:
    """Return the first break in a chain that should have `count` entries and end in `head`."""
    previous, seen = "", 0
    for seen, entry in enumerate(entries, 1):
        if entry.position != seen:
            return f"entry {seen} is missing"
        if entry.previous != previous:
            return f"entry {seen} does not follow the one before it"
        if entry.hash != seal(entry, key):
            return f"entry {seen} was changed"
        previous = entry.hash
    if seen != count or previous != head:
        return f"the timeline ends at entry {seen}, the case says {count}"
    return ""


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
