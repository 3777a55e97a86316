"""Every value of a bundle with its pseudonym, and the two searches made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.engine import Engine
from holdfast.redaction.learning import Traits
from holdfast.redaction.learnt import JSON, PLAIN, SAME_LENGTH, URL, Learnt, passing
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.rows import END, RANK, RULE, START, WHAT
from holdfast.redaction.rules import SECRET
from holdfast.redaction.spans import NESTED, Span
from holdfast.redaction.values import Gathered
from holdfast.redaction.views import unescaped

Array = np.ndarray[Any, Any]
LEARNT, SPECIAL = -1, -2
"""Numbers in RULE of what is known from elsewhere, and of what is written otherwise."""
_UNDONE = 4
"""How often escapes are undone when what was written is searched."""


class Known:
    """Made once after the first pass; the processes of the second inherit it."""

    def __init__(self, gathered: Gathered, names: Pseudonyms) -> None:
        self.number, self.values = gathered.number, gathered.values
        self.pseudonyms = names.many(self.values)
        traits = Traits(self.values)
        self._hard = traits.has_lines, traits.has_lines | traits.ends_as_number
        self._chosen = traits.looked_for
        self.learnt = Learnt(self.values.texts.chosen(self._chosen), traits.bounded)
        secret = [8 * (kind in (SECRET, "jwt")) + 4 for kind in self.values.classes]
        self._ranks = self.values.told(secret, np.int64)
        self._ends = np.full(len(self.values), -1, np.int32)
        self._ends[self._chosen] = self.learnt.alone()

    def find(self, data: Array, rows: Array) -> Array:
        """Return what `learnt` finds in a text besides the values of rows that are found by bytes of their own."""
        passed = np.zeros((len(data) >> 6) + 1, np.uint64)
        passing(rows, self._ends, self._ranks, passed)
        return self.learnt.find(data, passed)

    def remains(self, data: Array) -> tuple[int, int] | None:
        """Return (size, writing) of the first value that stands in a text in any writing; None when none does."""
        for _ in range(_UNDONE):
            hits = self.learnt.find(data)
            for _, _, value, writing in hits[:1].tolist():
                return len(self.learnt.values[value]), writing
            view = unescaped(data)
            if view is None:
                break
            data = view.data
        return None

    def kind(self, span: Span) -> str:
        """Return the class of a span's value, as the whole bundle has it."""
        number = self.number(span.value)
        return self.values.kind(number) if number >= 0 else SECRET if span.kind == "learnt" else span.kind

    def found(self, hits: Array) -> tuple[Array, list[Span]]:
        """Return hits of `learnt` as rows, the plain ones, and as spans, those in other writings."""
        plain = hits[:, 3] == PLAIN
        rows = np.empty((int(plain.sum()), 5), np.int64)
        rows[:, :2] = hits[plain, :2]
        rows[:, WHAT] = self._chosen[hits[plain, 2]]
        rows[:, RANK], rows[:, RULE] = self._ranks[rows[:, WHAT]], LEARNT
        others = []
        for start, end, value, writing in hits[~plain].tolist():
            span = Span(
                start, end, "learnt", self.learnt.values[value], "learnt", escaped=writing in (URL, JSON)
            )
            span.fixed = writing in SAME_LENGTH
            others.append(span)
        return rows, others

    def parted(self, rows: Array, engine: Engine, json: bool) -> tuple[Array, list[Span]]:
        """Part rows that a plain replacement would harm (lines; numbers in JSON) from the others."""
        hard = self._hard[json][rows[:, WHAT]]
        if not hard.any():
            return rows, []
        return rows[~hard], self.as_spans(rows[hard], engine)

    def as_spans(self, rows: Array, engine: Engine) -> list[Span]:
        """Return rows of values as spans."""
        made = []
        for start, end, _, what, rule in rows.tolist():
            one = engine.rules[rule] if rule >= 0 else None
            made.append(
                Span(
                    start,
                    end,
                    one.kind if one else "learnt",
                    self.values.texts[what],
                    one.id if one else "learnt",
                    one.tier if one else "certain",
                )
            )
        return made


def rows_of(spans: list[Span]) -> Array:
    """Return rows for spans, WHAT -1 for the first, -2 for the next."""
    rows = np.empty((len(spans), 5), np.int64)
    for number, span in enumerate(spans):
        sure = 2 * (span.tier == "certain") + (span.rule != "learnt")
        rank = 8 * (span.kind == SECRET) + 4 + (3 if span.kind == NESTED else 0 if span.fixed else sure)
        rows[number] = span.start, span.end, rank, -number - 1, SPECIAL
    return rows


__all__ = ["END", "LEARNT", "SPECIAL", "START", "Known", "rows_of"]
