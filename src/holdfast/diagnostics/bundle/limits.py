"""How much evidence may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on opening; each that is hit becomes a finding that says what was kept."""

    members: int = 100_000
    """Files in all."""
    total: int = 64 * GIB
    """Bytes after decompression in all."""
    ratio: int = 200
    """Bytes out per byte in of one compressed stream, judged from `ratio_from` bytes on."""
    ratio_from: int = 64 * MIB
    depth: int = 5
    """Containers within containers."""
    name: int = 4096
    """Bytes of a member's name; the rest is cut."""
    seconds: float = 3600.0
    """Wall time for opening everything."""


class LimitHit(Exception):
    """A limit was reached; the message is the sentence of the finding."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(sentence)
        self.rule = rule
