"""Merkle trees as Certificate Transparency has them (RFC 9162, section 2.1), and pruned ones.

A pruned tree stands for a list of which only some leaves are known: each largest subtree without
a known leaf is given by its hash alone, so that k known of n leaves need O(k log n) hashes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
HASH_BYTES = 32

Ranges = Sequence[tuple[int, int]]
"""Which leaves are known: half-open, ascending, not touching."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(LEAF_PREFIX + data).digest()


def merkle_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes in order; of none, the hash of nothing.

    Level by level, an odd last node moving up as it is: the same tree as the RFC's split at the
    largest power of two below n.
    """
    if not leaf_hashes:
        return hashlib.sha256().digest()
    sha256, level = hashlib.sha256, list(leaf_hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs] + odd
    return level[0]


def prune(leaf_hashes: Sequence[bytes], known: Ranges) -> list[bytes]:
    """Return the hashes of the subtrees without a known leaf, from left to right."""
    return list(_prune(leaf_hashes, 0, len(leaf_hashes), known))


def as_ranges(indexes: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending indexes as ranges."""
    ranges: list[tuple[int, int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            ranges.append((index, index + 1))
    return ranges


def _prune(leaf_hashes: Sequence[bytes], start: int, end: int, known: Ranges) -> Iterator[bytes]:
    inside = _within(known, start, end)
    if not inside:
        if start < end:
            yield merkle_root(leaf_hashes[start:end])
    elif inside[0][0] > start or inside[0][1] < end:
        middle = start + _split(end - start)
        yield from _prune(leaf_hashes, start, middle, inside)
        yield from _prune(leaf_hashes, middle, end, inside)


def _within(known: Ranges, start: int, end: int) -> Ranges:
    return [(low, high) for low, high in known if low < end and high > start]


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)
