"""Texts met so far, each once, found by their hash; numbers in place of texts from then on."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.diagnostics.logs.memory import word_at
from holdfast.redaction.kernels import kernel
from holdfast.redaction.texts import Texts, is_same

Array = np.ndarray[Any, Any]
_PRIME, _HALF, _LOW = np.uint64(0x9FB21C651E98DF25), np.uint64(32), np.uint64(0xFFFFFFFF)


@kernel
def value_hash(data, start, end, salt):  # type: ignore[no-untyped-def]
    """Return a hash of a value and a number beside it."""
    code = np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(end - start)
    at, i = data.ctypes.data, start
    while i + 8 <= end:
        code = (code ^ word_at(at + i)) * _PRIME
        code ^= code >> np.uint64(32)
        i += 8
    last = np.uint64(0)
    while i < end:
        last = last << np.uint64(8) | np.uint64(data[i])
        i += 1
    code = (code ^ last) * _PRIME
    code ^= code >> np.uint64(29)
    code *= np.uint64(0xBF58476D1CE4E5B9)
    return code ^ (code >> np.uint64(32))


@kernel
def _slot_of(data, start, end, rule, code, slots, offsets, rules, arena):  # type: ignore[no-untyped-def]
    """Return the slot of a text, free where it is not there. A slot holds half a hash and, from 1, a number."""
    mask, size = np.uint64(len(slots) - 1), end - start
    slot, mark = code & mask, code >> _HALF
    while slots[slot]:
        if slots[slot] >> _HALF == mark:
            one = np.int64(slots[slot] & _LOW) - 1
            first = offsets[one]
            if (
                offsets[one + 1] - first == size
                and rules[one] == rule
                and is_same(data.ctypes.data + start, arena.ctypes.data + first, size)
            ):
                break
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _number(data, slots, offsets, rules, arena):  # type: ignore[no-untyped-def]
    """Return the number of a text with nothing beside it, -1 where it is not there."""
    code = value_hash(data, 0, len(data), 0)
    return np.int64(slots[_slot_of(data, 0, len(data), 0, code, slots, offsets, rules, arena)] & _LOW) - 1


@kernel
def _intern(data, events, begin, slots, hashes, offsets, rules, arena, used, ids):  # type: ignore[no-untyped-def]
    """Look events up, taking in the new; return how many were done: fewer than there are when room runs out."""
    for row in range(begin, events.shape[0]):
        start, end, rule = events[row, 0], events[row, 1], events[row, 2]
        code = value_hash(data, start, end, rule)
        slot = _slot_of(data, start, end, rule, code, slots, offsets, rules, arena)
        found = np.int64(slots[slot] & _LOW) - 1
        if found < 0:
            size = end - start
            count = used[0]
            if (count + 1) * 2 > len(slots) or count + 1 >= len(rules) or offsets[count] + size > len(arena):
                return row
            for k in range(size):
                arena[offsets[count] + k] = data[start + k]
            offsets[count + 1] = offsets[count] + size
            hashes[count], rules[count] = code, rule
            slots[slot] = (code >> _HALF) << _HALF | np.uint64(count + 1)
            used[0] = count + 1
            found = count
        ids[row] = found
    return events.shape[0]


@kernel
def _filled(slots, hashes, count):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(slots) - 1)
    for one in range(count):
        slot = hashes[one] & mask
        while slots[slot]:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = (hashes[one] >> _HALF) << _HALF | np.uint64(one + 1)


class Table:
    """A growing table of texts, each once with a number beside it: the rule that found it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._slots = np.zeros(1 << 12, np.uint64)
        self._hashes, self.rules = np.zeros(1 << 11, np.uint64), np.zeros(1 << 11, np.int32)
        self.offsets, self._arena = np.zeros((1 << 11) + 1, np.int64), np.zeros(1 << 16, np.uint8)
        self._used = np.zeros(1, np.int64)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._used[0])

    @property
    def texts(self) -> Texts:
        """All texts, by their numbers; valid until more are taken in."""
        return Texts(self._arena, self.offsets[: self.count + 1])

    def ids(self, data: Array, events: Array) -> Array:
        """Return the number of each text, int64; the new ones are taken in. Events: int64[n, 3 or more] of (start, end,
        number beside it)."""
        done, ids = 0, np.empty(len(events), np.int64)
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
                return ids
            self._grow(int(events[done, 1] - events[done, 0]))

    def number(self, text: bytes) -> int:
        """Return the number of a text with nothing beside it, -1 where it is not there."""
        data = np.frombuffer(text or b"\0", np.uint8)[: len(text)]
        return int(_number(data, self._slots, self.offsets, self.rules, self._arena))

    def taken(self, texts: Texts) -> Array:
        """Return the number of each text, with nothing beside it."""
        events = np.zeros((len(texts), 4), np.int64)
        events[:, 0], events[:, 1] = texts.offsets[:-1], texts.offsets[1:]
        return self.ids(texts.arena, events)

    def _grow(self, need: int) -> None:
        """Make room for one more text of so many bytes."""
        used = int(self.offsets[self.count])
        if used + need > len(self._arena):
            self._arena = longer(self._arena, 2 * len(self._arena) + need)
            return
        self._slots = np.zeros(len(self._slots) * 4, np.uint64)
        _filled(self._slots, self._hashes, self.count)
        size = len(self._slots) // 2
        self._hashes, self.rules = longer(self._hashes, size), longer(self.rules, size)
        self.offsets = longer(self.offsets, size + 1)


def longer(array: Array, size: int) -> Array:
    """Return an array of so many numbers that begins with those of another."""
    made = np.zeros(size, array.dtype)
    made[: len(array)] = array
    return made
