"""The tree is RFC 6962's, its proofs prove, and nothing else passes for one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)
from holdfast.ledger.tiles import Tiles

# The published test vectors of the certificate-transparency reference implementation: eight leaves and their roots.
LEAVES = [bytes.fromhex(one) for one in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]]  # fmt: skip
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def tree(leaves: list[bytes]) -> Tiles:
    tiles = Tiles({})
    tiles.extend(0, leaves)
    return tiles


def defined(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(defined(leaves[:half]), defined(leaves[half:]))


@pytest.mark.parametrize("size", ROOTS)
def test_the_published_roots_are_met(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]

    assert root(size, tree(hashes)).hex() == ROOTS[size]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 700, 65_537])
def test_tiles_and_the_frontier_count_the_same_root(size: int) -> None:
    hashes = [leaf_hash(str(n).encode()) for n in range(size)]
    frontier = Frontier()
    for one in hashes:
        frontier.extend([one])

    assert frontier.root() == root(size, tree(hashes)) == defined(hashes)


def test_every_proof_of_every_small_log_proves_and_no_other_does() -> None:
    for size in range(1, 40):
        hashes = [leaf_hash(bytes([n])) for n in range(size)]
        tiles, whole = tree(hashes), defined(hashes)
        for index in range(size):
            proof = inclusion_proof(index, size, tiles)
            assert includes(hashes[index], index, size, proof, whole)
            assert not any(
                includes(hashes[index], other, size, proof, whole) for other in range(size) if other != index
            )
            assert not includes(leaf_hash(b"other"), index, size, proof, whole)
            assert not includes(hashes[index], index, size, [*proof, EMPTY], whole)
            assert not proof or not includes(hashes[index], index, size, proof[:-1], whole)
        for old in range(size + 1):
            proof = consistency_proof(old, size, tiles)
            assert consistent(old, size, proof, defined(hashes[:old]), whole)
            if 0 < old < size:
                assert not consistent(old, size, proof, leaf_hash(b"other"), whole)
                assert not consistent(old, size, proof[:-1], defined(hashes[:old]), whole)


@given(st.lists(st.integers(1, 600), min_size=1, max_size=5))
def test_a_log_grown_in_steps_is_the_log_grown_at_once(steps: list[int]) -> None:
    hashes = [leaf_hash(str(n).encode()) for n in range(sum(steps))]
    grown, size = Tiles({}), 0
    for step in steps:
        size = grown.extend(size, hashes[size : size + step])

    assert root(size, grown) == root(size, tree(hashes))


def test_a_writer_that_died_before_it_kept_the_size_does_no_harm() -> None:
    hashes = [leaf_hash(str(n).encode()) for n in range(900)]
    tiles = tree(hashes[:300])
    tiles.extend(300, [leaf_hash(b"lost")] * 250)  # written, but the size stayed 300

    tiles.extend(300, hashes[300:])

    assert root(900, tiles) == defined(hashes)


def test_a_frontier_has_a_node_for_each_bit() -> None:
    with pytest.raises(ValueError, match="each bit"):
        Frontier(3, [EMPTY])
