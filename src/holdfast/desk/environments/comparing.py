"""What differs between two environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Settings by path, in the order of their paths."""

    added: list[tuple[str, str]]
    """In the second only."""
    removed: list[tuple[str, str]]
    """In the first only."""
    changed: list[tuple[str, str, str]]
    """Path, in the first, in the second."""
    same: int

    @property
    def number(self) -> int:
        """How many settings differ."""
        return len(self.added) + len(self.removed) + len(self.changed)


def compare(first: Mapping[str, str], second: Mapping[str, str]) -> Difference:
    """Return how the second differs from the first."""
    both = sorted(first.keys() & second.keys())
    changed = [(path, first[path], second[path]) for path in both if first[path] != second[path]]
    return Difference(
        [(path, second[path]) for path in sorted(second.keys() - first.keys())],
        [(path, first[path]) for path in sorted(first.keys() - second.keys())],
        changed,
        len(both) - len(changed),
    )
