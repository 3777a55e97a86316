"""Values met so far, each once: those of a process by the rule that found them, those of a bundle by their class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from holdfast.redaction.judging import ACCEPTED, REFUSED, UNSURE, judged
from holdfast.redaction.rules import SECRET
from holdfast.redaction.tables import Table, longer
from holdfast.redaction.texts import Classed

Array = np.ndarray[Any, Any]
_FULL = 3 << 20
"""Values after which a table starts afresh between two files."""


class Values(Table):
    """Values met so far and whether they passed. `judge` is asked once for each that is not plain.

    ways and listed: how plain values are judged (`judging.ways_of`, `judging.table_of`).
    """

    def __init__(self, judge: Callable[[int, bytes], bool], ways: Array, listed: Array) -> None:
        self._judge, self._ways, self._listed = judge, ways, listed
        super().__init__()

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.verdicts = np.zeros(len(self.rules), np.uint8)

    @property
    def is_full(self) -> bool:
        """Tell whether it is time to start afresh."""
        return self.count > _FULL

    def ids(self, data: Array, events: Array) -> Array:
        """Return the number of each event's value, int64; the new ones are judged."""
        begin = self.count
        ids = super().ids(data, events)
        if len(self.verdicts) < self.count:
            self.verdicts = longer(self.verdicts, len(self.rules))
        end, verdicts, texts = self.count, self.verdicts, self.texts
        judged(self._arena, self.offsets, self.rules, self._ways, self._listed, begin, end, verdicts)
        for number in (begin + np.flatnonzero(verdicts[begin:end] == UNSURE)).tolist():
            fine = self._judge(int(self.rules[number]), texts[number])
            verdicts[number] = ACCEPTED if fine else REFUSED
        return ids


class Gathered:
    """The values of a whole bundle, each once: a secret wherever it is one anywhere, else what it was met as first."""

    def __init__(self) -> None:
        self._table, self._numbers = Table(), dict[str, int]()
        self._kinds = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self._table.count

    @property
    def values(self) -> Classed:
        """All values by their numbers; valid until more are taken in."""
        return Classed(self._table.texts, self._kinds, list(self._numbers))

    def take(self, values: Classed) -> Array:
        """Take values in; return the number of each, int64."""
        before, classes = self._table.count, [self._number(name) for name in values.classes]
        ids, kinds = self._table.taken(values.texts), values.told(classes, np.int64)
        more = np.full(self._table.count - before, -1, np.int64)
        self._kinds = np.concatenate((self._kinds, more))
        first, places = np.unique(ids, return_index=True)
        new = first >= before
        self._kinds[first[new]] = kinds[places[new]]
        secrets = ids[kinds == self._number(SECRET)]
        self._kinds[secrets[self._kinds[secrets] != self._number("jwt")]] = self._number(SECRET)
        return ids

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def number(self, value: bytes) -> int:
        """Return the number of a value, -1 of one that was never taken in."""
        return self._table.number(value)
