"""Times from outside, however far their zone is from UTC: a database takes fewer offsets than ISO 8601 can write."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(at: datetime) -> datetime:
    """Return a time with a zone as the same moment in UTC; ValueError where no calendar has it."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{at.isoformat()} is out of the calendar") from error


def read(text: str) -> datetime:
    """Return a time somebody wrote, in UTC; ValueError says what is wrong. Without a zone it would mean something else
    to everybody."""
    shown = repr(text.strip()[:40])
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{shown} is no time; write it like 2026-03-01T10:56:00Z") from error
    if at.tzinfo is None:
        raise ValueError(f"{shown} has no zone; write it like 2026-03-01T10:56:00Z")
    return in_utc(at)
