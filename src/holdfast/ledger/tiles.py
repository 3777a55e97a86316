"""Where complete nodes are kept: tiles of 256 hashes, as C2SP's tlog-tiles has them.

A tile at `(level, index)` holds the nodes of tree level `8 * level` from `256 * index`. What lies between is counted
from the tile when asked for, so that a million entries are some four thousand rows and not two million.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

from holdfast.ledger.merkle import node_hash

HEIGHT, WIDTH, HASH = 8, 256, 32
Place = tuple[int, int]


class Tiles:
    """A tree kept in a mapping from `(level, index)` to up to 256 hashes, one after the other."""

    def __init__(self, kept: MutableMapping[Place, bytes]) -> None:
        self._kept = kept

    def extend(self, size: int, leaves: Iterable[bytes]) -> int:
        """Append leaf hashes to a tree of `size` leaves and return the new size."""
        grown: dict[Place, bytearray] = {}
        for leaf in leaves:
            self._add(grown, 0, size, leaf)
            size += 1
        for place, hashes in grown.items():
            self._kept[place] = bytes(hashes)
        return size

    def _add(self, grown: dict[Place, bytearray], level: int, position: int, node: bytes) -> None:
        place = (level, position // WIDTH)
        if place not in grown:
            # A tile may hold more than the size says: the writer died before the size was kept. What is
            # beyond is cut off here and written anew.
            known = self._kept.get(place, b"")[: position % WIDTH * HASH]
            grown[place] = bytearray(known)
        hashes = grown[place]
        if len(hashes) != position % WIDTH * HASH:
            raise ValueError(f"tile {place} holds {len(hashes) // HASH} hashes before position {position}")
        hashes += node
        if len(hashes) == WIDTH * HASH:
            self._add(grown, level + 1, position // WIDTH, _fold(bytes(hashes)))

    def __call__(self, level: int, index: int) -> bytes:
        """Return a complete node; KeyError when it is not complete yet."""
        height = level % HEIGHT
        first = index << height
        hashes = self._kept[level // HEIGHT, first // WIDTH]
        start = first % WIDTH * HASH
        part = hashes[start : start + (HASH << height)]
        if len(part) != HASH << height:
            raise KeyError((level, index))
        return _fold(part)


def _fold(hashes: bytes) -> bytes:
    row = [hashes[start : start + HASH] for start in range(0, len(hashes), HASH)]
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]
