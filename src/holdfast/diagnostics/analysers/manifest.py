"""Reader of the note that may come with a bundle: a JSON object that says what was reported and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from holdfast.diagnostics.analysers.contract import Analyser, Opened, Reading, Sample


class Manifest(Analyser):
    """`{"system": ..., "reported_at": "2026-01-29T10:58:02Z", "symptom": ...}`."""

    name = "manifest"
    reads = "the note of a bundle: system, reported_at, symptom"

    def confidence(self, sample: Sample) -> float:
        return (
            0.9
            if sample.whole
            and isinstance(_parsed(sample.head), dict)
            and "reported_at" in _parsed(sample.head)
            else 0.0
        )

    def read(self, opened: Opened) -> Reading:
        note = _parsed(opened.path.read_bytes())
        reported = moment(note.get("reported_at"))
        facts = {key: str(note[key])[:500] for key in ("system", "symptom") if note.get(key)}
        return Reading(self.name, records=1, reported_at=reported, facts=facts)


def moment(text: Any) -> int | None:
    """Return an ISO 8601 time as nanoseconds UTC; without a zone it counts as UTC."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return int(when.timestamp()) * 1_000_000_000 + when.microsecond * 1000


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
