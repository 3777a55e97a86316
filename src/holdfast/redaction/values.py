"""Values met so far, each once: its bytes, the rule that found it, and whether it passed the rule's check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from holdfast.redaction.judging import ACCEPTED, REFUSED, UNSURE, judged
from holdfast.redaction.kernels import kernel

Array = np.ndarray[Any, Any]
_FULL = 3 << 20
"""Values after which a table starts afresh between two files."""


@kernel
def value_hash(data, start, end, salt):  # type: ignore[no-untyped-def]
    """Return a hash of a value and a number beside it."""
    code = np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(end - start)
    for i in range(start, end):
        code = (code ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
    code ^= code >> np.uint64(31)
    code *= np.uint64(0xBF58476D1CE4E5B9)
    return code ^ (code >> np.uint64(27))


@kernel
def _intern(data, events, begin, slots, hashes, offsets, rules, arena, used, ids):  # type: ignore[no-untyped-def]
    """Look events up, taking in the new; return how many were done: fewer than there are when room runs out."""
    mask = np.uint64(len(slots) - 1)
    for row in range(begin, events.shape[0]):
        start, end, rule = events[row, 0], events[row, 1], events[row, 2]
        code = value_hash(data, start, end, rule)
        slot = code & mask
        found = -1
        while slots[slot] >= 0:
            one = slots[slot]
            if hashes[one] == code and rules[one] == rule and offsets[one + 1] - offsets[one] == end - start:
                same = True
                for k in range(end - start):
                    if arena[offsets[one] + k] != data[start + k]:
                        same = False
                        break
                if same:
                    found = one
                    break
            slot = (slot + np.uint64(1)) & mask
        if found < 0:
            size = end - start
            count = used[0]
            if (count + 1) * 2 > len(slots) or count + 1 >= len(rules) or offsets[count] + size > len(arena):
                return row
            for k in range(size):
                arena[offsets[count] + k] = data[start + k]
            offsets[count + 1] = offsets[count] + size
            hashes[count], rules[count] = code, rule
            slots[slot] = count
            used[0] = count + 1
            found = count
        ids[row] = found
    return events.shape[0]


@kernel
def _filled(slots, hashes, count):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(slots) - 1)
    for one in range(count):
        slot = hashes[one] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = one


class Values:
    """A growing table of (rule, value). `judge` is asked once for each that is not plain.

    ways and listed: how plain values are judged (`judging.ways_of`, `judging.table_of`).
    """

    def __init__(self, judge: Callable[[int, bytes], bool], ways: Array, listed: Array) -> None:
        self._judge, self._ways, self._listed = judge, ways, listed
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._slots = np.full(1 << 12, -1, np.int32)
        self._hashes, self.rules = np.zeros(1 << 11, np.uint64), np.zeros(1 << 11, np.int32)
        self.offsets, self._arena = np.zeros((1 << 11) + 1, np.int64), np.zeros(1 << 16, np.uint8)
        self.verdicts = np.zeros(1 << 11, np.uint8)
        self._used = np.zeros(1, np.int64)

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(self._used[0])

    @property
    def is_full(self) -> bool:
        """Tell whether it is time to start afresh."""
        return self.count > _FULL

    def value(self, number: int) -> bytes:
        """Return the bytes of a value."""
        return self._arena[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def taken(self, numbers: Array) -> list[bytes]:
        """Return the bytes of many values."""
        raw = self._arena[: self.offsets[self.count]].tobytes()
        starts, ends = self.offsets[numbers].tolist(), self.offsets[numbers + 1].tolist()
        return [raw[start:end] for start, end in zip(starts, ends, strict=True)]

    def ids(self, data: Array, events: Array) -> Array:
        """Return the number of each event's value, int64; the new ones are judged."""
        before, done = self.count, 0
        ids = np.empty(len(events), np.int64)
        while True:
            done = _intern(
                data,
                events,
                done,
                self._slots,
                self._hashes,
                self.offsets,
                self.rules,
                self._arena,
                self._used,
                ids,
            )
            if done == len(events):
                break
            self._grow(int(events[done, 1] - events[done, 0]))
        self._judge_new(before)
        return ids

    def _judge_new(self, begin: int) -> None:
        end, verdicts = self.count, self.verdicts
        judged(self._arena, self.offsets, self.rules, self._ways, self._listed, begin, end, verdicts)
        for number in (begin + np.flatnonzero(verdicts[begin:end] == UNSURE)).tolist():
            fine = self._judge(int(self.rules[number]), self.value(number))
            verdicts[number] = ACCEPTED if fine else REFUSED

    def _grow(self, need: int) -> None:
        self._slots = np.full(len(self._slots) * 2, -1, np.int32)
        _filled(self._slots, self._hashes, self.count)
        size = len(self._slots) // 2
        self._hashes, self.rules = np.resize(self._hashes, size), np.resize(self.rules, size)
        self.verdicts = np.resize(self.verdicts, size)
        self.offsets = np.resize(self.offsets, size + 1)
        self._arena = np.resize(self._arena, len(self._arena) * 2 + need)
