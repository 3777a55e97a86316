"""The Merkle tree of RFC 6962, section 2, and its proofs.

A node at `(level, index)` is the hash over the 2**level leaves from `index * 2**level`; it never changes once these
leaves exist. Proofs ask a `Nodes` for complete nodes only, wherever they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Nodes = Callable[[int, int], bytes]
"""Level and index to the 32 bytes of a complete node."""
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry; the first byte keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete nodes along the right edge: all that is needed to go on counting the root."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size = size
        self._edge = list(edge)
        if len(self._edge) != size.bit_count():
            raise ValueError("a frontier has one node for each bit of its size")

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append the hashes of leaves: level by level, each pair is one node of the next level."""
        row, size, left, sha256 = list(leaves), self.size, [], hashlib.sha256
        self.size += len(row)
        while row:
            if size & 1:
                row.insert(0, self._edge.pop())
            if len(row) & 1:
                left.append(row.pop())
            pairs = zip(row[::2], row[1::2], strict=True)
            row, size = [sha256(b"\x01" + one + other).digest() for one, other in pairs], size >> 1
        self._edge += reversed(left)

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._edge:
            return EMPTY
        whole = self._edge[-1]
        for node in reversed(self._edge[:-1]):
            whole = node_hash(node, whole)
        return whole


def _split(size: int) -> int:
    """Return the largest power of two below the size, as an exponent."""
    return (size - 1).bit_length() - 1


def range_root(start: int, end: int, nodes: Nodes) -> bytes:
    """Return the hash over the leaves from start up to end, as the tree has it."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + (1 << _split(count))
    return node_hash(range_root(start, middle, nodes), range_root(middle, end, nodes))


def root(size: int, nodes: Nodes) -> bytes:
    """Return the root over the first `size` leaves."""
    return range_root(0, size, nodes) if size else EMPTY


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return what proves that a leaf stands at `index` in a log of `size` entries (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no entry {index} among {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << _split(end - start))
        if index < middle:
            proof.append(range_root(middle, end, nodes))
            end = middle
        else:
            proof.append(range_root(start, middle, nodes))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return what proves that the first `old` of `new` entries are those of the older log (RFC 6962, 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError(f"a log of {new} entries has no past of {old}")
    if old in (0, new):
        return []
    proof, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + (1 << _split(end - start))
        if old <= middle:
            proof.append(range_root(middle, end, nodes))
            end = middle
        else:
            proof.append(range_root(start, middle, nodes))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(start, end, nodes))
    return proof[::-1]


def includes(entry_hash: bytes, index: int, size: int, proof: Sequence[bytes], wanted: bytes) -> bool:
    """Whether the proof leads from a leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, entry_hash
    for node in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, node)
        place, last = place >> 1, last >> 1
    return last == 0 and found == wanted


def consistent(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof leads from the older root to the newer one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, node)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
