"""Trees and pruned trees, against fixed answers and the RFC's own recursive definition."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.eventstore.merkle import (
    as_ranges,
    leaf_hash,
    merkle_root,
    prune,
)
from tests.support.pruned_trees import PrunedTreeError, pruned_root

VECTORS = json.loads((Path(__file__).parents[2] / "fixtures/merkle/roots.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]


def defined_root(hashes: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word: split at the largest power of two smaller than n."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    both = defined_root(hashes[:k]) + defined_root(hashes[k:])
    return hashlib.sha256(b"\x01" + both).digest()


def many(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


@pytest.mark.parametrize("size", range(len(VECTORS["roots"])))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle_root(LEAVES[:size]).hex() == VECTORS["roots"][size]


@pytest.mark.parametrize("size", [*range(1, 34), 100, 1_000, 10_001])
def test_the_tree_is_the_defined_one(size: int) -> None:
    assert merkle_root(many(size)) == defined_root(many(size))


@given(st.integers(1, 70), st.data())
def test_a_pruned_tree_has_the_root_of_the_whole(size: int, data: st.DataObject) -> None:
    hashes = many(size)
    known = sorted(data.draw(st.sets(st.integers(0, size - 1))))
    ranges, leaves = as_ranges(known), [hashes[index] for index in known]
    pruned = prune(hashes, ranges)

    assert pruned_root(size, ranges, leaves, pruned) == merkle_root(hashes)
    if known:
        other = [leaf_hash(b"another"), *leaves[1:]]
        assert pruned_root(size, ranges, other, pruned) != merkle_root(hashes)


def test_few_leaves_of_many_need_few_hashes() -> None:
    assert len(prune(many(10_000), [(17, 18), (5_000, 5_003)])) <= 2 * 14 + 14


def test_hashes_that_make_no_tree_are_refused() -> None:
    hashes = many(9)
    pruned = prune(hashes, [(3, 4)])

    with pytest.raises(PrunedTreeError, match="fewer"):
        pruned_root(9, [(3, 4)], [hashes[3]], pruned[:-1])
    with pytest.raises(PrunedTreeError, match="more"):
        pruned_root(9, [(3, 4)], [hashes[3]], [*pruned, hashes[0]])
    with pytest.raises(PrunedTreeError, match="fewer"):
        pruned_root(9, [(3, 4)], [], pruned)
