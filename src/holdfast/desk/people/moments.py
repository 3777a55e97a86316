"""Times from outside, however far their zone is from UTC: a database takes fewer offsets than ISO 8601 can write."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(at: datetime) -> datetime:
    """Return a time with a zone as the same moment in UTC; ValueError where no calendar has it."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{at.isoformat()} is out of the calendar") from error
