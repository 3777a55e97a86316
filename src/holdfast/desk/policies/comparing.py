"""What two versions of a policy do not share, line by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: `+` only in the new one, `-` only in the old one, blank in both."""

    sign: str
    text: str


def compare(old: str, new: str, around: int = 3) -> list[Line]:
    """Return the changed lines with their neighbours; nothing when both are the same."""
    rows = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=around)
    return [Line(row[:1].strip(), row[1:]) for row in rows if not row.startswith(("---", "+++"))]
