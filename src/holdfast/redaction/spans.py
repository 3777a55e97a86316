"""What was found in a text, and how overlapping finds are settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast.redaction.rules import SECRET

NESTED = "nested"
"""Kind of a span that is a whole run of base64 or hex with finds of its own within."""


@dataclass(slots=True)
class Span:
    """One value in a text: data[start:end], bytes from 0."""

    start: int
    end: int
    kind: str
    """Class of the value."""
    value: bytes
    """The value as its owner would write it: escapes undone."""
    rule: str
    """The rule that found it, or `learnt` when it was known from elsewhere."""
    tier: str = "certain"
    escaped: bool = False
    fixed: bool = False
    """Is overwritten at the same length."""
    form: int = 0
    inner: bytes = b""
    within: list[Span] = field(default_factory=list)
    """Of a nested run: its decoded text and the finds in it."""

    def leaves(self) -> Iterable[Span]:
        """Return the values in it: itself, or those within."""
        if self.kind != NESTED:
            return (self,)
        return (leaf for span in self.within for leaf in span.leaves())


def _rank(span: Span) -> tuple[int, int]:
    if span.kind == SECRET:
        return 2, span.end - span.start
    return 1, span.end - span.start


def _preferred(span: Span) -> tuple[bool, bool, bool]:
    """Of two finds of the same bytes: a secret, then one by its own form, then any that is not only known."""
    return span.kind == SECRET, span.tier == "certain", span.rule != "learnt"


def settled(found: list[Span]) -> list[Span]:
    """Return spans that do not overlap, by place: a secret wins, else the longest; what is left of one cut is kept."""
    if len(found) < 2:
        return found
    found.sort(key=lambda span: (span.start, -span.end))
    kept: list[Span] = []
    for span in found:
        while kept and kept[-1].end > span.start:
            before = kept[-1]
            if before.start == span.start and before.end == span.end:
                if _preferred(span) > _preferred(before):
                    kept[-1] = span
                break
            if _rank(before) >= _rank(span):
                if span.end <= before.end or not _cut(span, before.end, span.end):
                    break
                continue
            kept.pop()
            if (
                before.start < span.start
                and span.end >= before.end
                and _cut(before, before.start, span.start)
            ):
                kept.append(before)
                kept.append(span)
                break
        else:
            kept.append(span)
    return kept


def _cut(span: Span, start: int, end: int) -> bool:
    """Shorten a span; False when it cannot be (escapes, runs) or nothing is left."""
    if end - start < 1:
        return False
    if not span.escaped and span.kind != NESTED:
        span.value = span.value[start - span.start : len(span.value) - (span.end - end)]
    elif span.kind == NESTED:
        span.kind, span.value, span.within = SECRET, b"cut", []
    span.start, span.end = start, end
    return True
