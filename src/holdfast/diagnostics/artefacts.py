"""What was received, and how to point into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Place = Literal["line", "byte", "packet", "entry", "span", "frame", "sample"]


@dataclass(frozen=True, slots=True)
class Artefact:
    """One thing received. Its name is data from outside and is never used as a path."""

    id: str
    """Stable within one diagnosis: `A1`, `A2`, ... in the order in which the evidence lists them."""
    name: str
    """Member path as the evidence gives it, containers joined by `/`."""
    size: int
    """Bytes after decompression."""
    sha256: str
    """Lower-case hex digest of the decompressed bytes."""
    kind: str = "unknown"
    """Kind by content: `log`, `traces.otlp`, `metrics.prometheus`, ..., or `unknown`."""
    first: int | None = None
    """Earliest time in it, nanoseconds since the epoch, UTC."""
    last: int | None = None
    zone: str | None = None
    """The zone its own clock writes in, when that had to be found out: `UTC+08:00`."""
    skew_ms: float | None = None
    """How far its clock runs ahead of the bundle's reference clock; None when it cannot be told."""
    records: int = 0
    """Lines, spans or samples read from it."""
    note: str = ""
    """What was left unread and why; empty when all of it was read."""


@dataclass(frozen=True, slots=True)
class Locator:
    """The exact place of a piece of proof: an artefact and where in it."""

    artefact: str
    place: Place
    at: int | str
    """Line, packet, entry and sample numbers count from 1; bytes from 0; spans by their id."""
    time: int | None = None
    """When it happened, nanoseconds UTC, where the place has a time."""
    trace: str | None = None
    """The trace a span belongs to."""

    def to_dict(self) -> dict[str, Any]:
        """Return the public form, `{"artefact": "A3", "line": 54}`."""
        out: dict[str, Any] = {"artefact": self.artefact, self.place: self.at}
        if self.time is not None:
            out["time"] = self.time
        if self.trace is not None:
            out["trace"] = self.trace
        return out
