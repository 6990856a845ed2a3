"""The other half of pruned Merkle trees: the root from what `prune` left, as a verifier does it."""

import hashlib
from collections.abc import Iterable, Iterator

from infra.eventstore.merkle import NODE_PREFIX, Ranges, _split, _within, merkle_root


class PrunedTreeError(Exception):
    """The hashes and known leaves do not make a tree of that size."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def pruned_root(
    size: int, known: Ranges, known_hashes: Iterable[bytes], pruned: Iterable[bytes]
) -> bytes:
    """Return the root of a tree of `size` leaves from what `prune` left and the known leaves.

    Raises PrunedTreeError when there are too few or too many hashes.
    """
    leaves, subtrees = iter(known_hashes), iter(pruned)
    root = _rebuild(0, size, known, leaves, subtrees) if size else merkle_root(())
    if next(leaves, None) is not None or next(subtrees, None) is not None:
        raise PrunedTreeError("there are more hashes than the tree has places")
    return root


def _rebuild(
    start: int, end: int, known: Ranges, leaves: Iterator[bytes], subtrees: Iterator[bytes]
) -> bytes:
    inside = _within(known, start, end)
    if not inside:
        return _next(subtrees)
    if inside[0][0] <= start and inside[0][1] >= end:
        return merkle_root([_next(leaves) for _ in range(end - start)])
    middle = start + _split(end - start)
    left = _rebuild(start, middle, inside, leaves, subtrees)
    return node_hash(left, _rebuild(middle, end, inside, leaves, subtrees))


def _next(hashes: Iterator[bytes]) -> bytes:
    found = next(hashes, None)
    if found is None:
        raise PrunedTreeError("there are fewer hashes than the tree has places")
    return found
