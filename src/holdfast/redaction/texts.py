"""Very many short texts as one array of bytes: no object for each, so that compiled loops can go over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holdfast.diagnostics.logs.memory import byte_at, put_8, put_64, word_at
from holdfast.redaction.kernels import kernel

Array = np.ndarray[Any, Any]


@kernel
def copied(source, target, size):  # type: ignore[no-untyped-def]
    """Copy bytes from an address to another, eight at a time; return where they end."""
    for k in range(0, size - 7, 8):
        put_64(target + k, word_at(source + k))
    if size >= 8:
        put_64(target + size - 8, word_at(source + size - 8))
    else:
        for k in range(size):
            put_8(target + k, byte_at(source + k))
    return target + size


@kernel
def is_same(one, two, size):  # type: ignore[no-untyped-def]
    """Tell whether so many bytes at two addresses are the same."""
    differs, k = np.uint64(0), 0
    for k in range(0, size - 7, 8):
        differs |= word_at(one + k) ^ word_at(two + k)
    if size >= 8:
        return (differs | word_at(one + size - 8) ^ word_at(two + size - 8)) == 0
    for k in range(size):
        differs |= np.uint64(byte_at(one + k) ^ byte_at(two + k))
    return differs == 0


@kernel
def _gathered(arena, offsets, numbers, out, to, places):  # type: ignore[no-untyped-def]
    """Write the texts of these numbers to the places of others, whose offsets in `out` are `to`."""
    source, target = arena.ctypes.data, out.ctypes.data
    for k in range(len(numbers)):
        first = offsets[numbers[k]]
        copied(source + first, target + to[places[k]], offsets[numbers[k] + 1] - first)


@dataclass(slots=True)
class Texts:
    """Text n is arena[offsets[n] : offsets[n + 1]]; offsets: int64, one more than texts. The arena is never empty."""

    arena: Array
    offsets: Array

    def __post_init__(self) -> None:
        self.arena = self.arena.view()
        self.arena.flags.writeable = False  # loops are compiled once, for arrays that are only read

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Texts:
        """Put texts into one array."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        return cls(np.frombuffer(b"".join(texts) or b"\0", np.uint8), offsets)

    @classmethod
    def rows(cls, letters: Array) -> Texts:
        """Take each row of letters, uint8[n, size], for a text."""
        count, size = letters.shape
        arena = np.ascontiguousarray(letters).reshape(-1)
        return cls(
            arena if len(arena) else np.zeros(1, np.uint8), np.arange(count + 1, dtype=np.int64) * size
        )

    @classmethod
    def joined(cls, count: int, parts: Iterable[tuple[Array, Texts]]) -> Texts:
        """Put `count` texts together from parts: the numbers of some, and these."""
        parts, sizes = list(parts), np.zeros(count + 1, np.int64)
        for numbers, texts in parts:
            sizes[numbers + 1] = np.diff(texts.offsets)
        offsets = np.cumsum(sizes)
        arena = np.zeros(max(int(offsets[-1]), 1), np.uint8)
        for numbers, texts in parts:
            _gathered(texts.arena, texts.offsets, np.arange(len(numbers)), arena, offsets, numbers)
        return cls(arena, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        return self.arena[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def chosen(self, numbers: Array) -> Texts:
        """Return the texts of these numbers."""
        offsets = np.zeros(len(numbers) + 1, np.int64)
        np.cumsum(self.offsets[numbers + 1] - self.offsets[numbers], out=offsets[1:])
        arena = np.zeros(max(int(offsets[-1]), 1), np.uint8)
        _gathered(self.arena, self.offsets, numbers, arena, offsets, np.arange(len(numbers)))
        return Texts(arena, offsets)


@dataclass(frozen=True, slots=True)
class Classed:
    """Values with their classes: int64 numbers of `classes`."""

    texts: Texts
    kinds: Array
    classes: Sequence[str]

    @classmethod
    def of(cls, pairs: Iterable[tuple[bytes, str]]) -> Classed:
        """Take values with the names of their classes."""
        pairs = list(pairs)
        classes = sorted({kind for _, kind in pairs})
        numbers = {kind: number for number, kind in enumerate(classes)}
        kinds = np.array([numbers[kind] for _, kind in pairs], np.int64)
        return cls(Texts.of([value for value, _ in pairs]), kinds, classes)

    def __len__(self) -> int:
        return len(self.texts)

    def kind(self, number: int) -> str:
        """Return the class of a value."""
        return self.classes[int(self.kinds[number])]

    def told(self, tell: Sequence[Any], dtype: Any) -> Array:
        """Return for each value what `tell` says of its class."""
        return np.array(tell or [0], dtype)[self.kinds]
