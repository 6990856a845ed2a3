"""Seals: signed, chained Merkle roots over a workspace's part of the log (ADR 0013)."""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from infra.crypto.signing import SigningKey, is_signed
from infra.eventstore.leaves import Leaf, microseconds
from infra.eventstore.merkle import HASH_BYTES, merkle_root

PURPOSE = "seal"
FINGERPRINT_BYTES = 4
FIRST_PREVIOUS = bytes(HASH_BYTES)
_HEADER = struct.Struct(">16sqqqii32s32s32sq8s")


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `log_seals`, without its index.

    `event_count` counts events, `leaf_count` events and the commits that end among them.
    """

    workspace_id: UUID
    number: int  # 1, 2, 3 … in each workspace
    first_position: int
    last_position: int
    event_count: int
    leaf_count: int
    root: bytes
    index_digest: bytes
    previous: bytes  # the hash of the seal before; 32 zero bytes for the first
    sealed_at: datetime
    key_id: str
    signature: bytes

    @property
    def hash(self) -> bytes:
        """Return the SHA-256 of all of the above but the signature: what is signed and chained."""
        return hashlib.sha256(
            _HEADER.pack(
                self.workspace_id.bytes,
                self.number,
                self.first_position,
                self.last_position,
                self.event_count,
                self.leaf_count,
                self.root,
                self.index_digest,
                self.previous,
                microseconds(self.sealed_at),
                bytes.fromhex(self.key_id),
            )
        ).digest()

    def is_signed_by(self, public_key: bytes) -> bool:
        """Tell whether the signature is this key's, over this seal as it stands."""
        return is_signed(public_key, PURPOSE, self.hash, self.signature)


class SealHead(msgspec.Struct, frozen=True):
    """The end of a workspace's chain."""

    number: int = 0
    last_position: int = 0
    hash: bytes = FIRST_PREVIOUS


class SealIndex(msgspec.Struct, frozen=True):
    """Position and fingerprint of each leaf: what names a bad row when a root differs.

    A fingerprint is the start of the leaf's hash. It only locates: the root proves.
    """

    positions: list[int]
    fingerprints: list[bytes]

    def digest(self) -> bytes:
        """Return what the signed seal says of its index."""
        return hashlib.sha256(self._numbers() + b"".join(self.fingerprints)).digest()

    def packed(self) -> bytes:
        """Return the stored form; ascending runs of positions shrink to almost nothing."""
        return b"".join(self.fingerprints) + zlib.compress(self._numbers())

    def _numbers(self) -> bytes:
        """Return the positions as distances, each from the one before."""
        before = [0, *self.positions[:-1]]
        steps = [here - there for here, there in zip(self.positions, before, strict=True)]
        return struct.pack(f">{len(steps)}Q", *steps)


def index_of(leaves: Sequence[Leaf]) -> SealIndex:
    """Return the index of leaves in order."""
    return SealIndex(
        [leaf.position for leaf in leaves], [leaf.hash[:FINGERPRINT_BYTES] for leaf in leaves]
    )


def unpack_index(packed: bytes, leaf_count: int) -> SealIndex | None:
    """Return what was packed; None when it is damaged."""
    cut = leaf_count * FINGERPRINT_BYTES
    try:
        steps = struct.unpack(f">{leaf_count}Q", zlib.decompress(packed[cut:]))
    except (zlib.error, struct.error):
        return None
    positions, at = [], 0
    for step in steps:
        at += step
        positions.append(at)
    return SealIndex(
        positions,
        [packed[start : start + FINGERPRINT_BYTES] for start in range(0, cut, FINGERPRINT_BYTES)],
    )


def make_seal(
    workspace_id: UUID,
    leaves: Sequence[Leaf],
    *,
    after: SealHead,
    key: SigningKey,
    sealed_at: datetime,
) -> tuple[Seal, SealIndex]:
    """Return the next seal of the chain, signed, and its index; `leaves` are at least one."""
    index = index_of(leaves)
    seal = Seal(
        workspace_id=workspace_id,
        number=after.number + 1,
        first_position=leaves[0].position,
        last_position=leaves[-1].position,
        event_count=sum(leaf.is_event for leaf in leaves),
        leaf_count=len(leaves),
        root=merkle_root([leaf.hash for leaf in leaves]),
        index_digest=index.digest(),
        previous=after.hash,
        sealed_at=sealed_at,
        key_id=key.key_id,
        signature=b"",
    )
    return msgspec.structs.replace(seal, signature=key.sign(PURPOSE, seal.hash)), index


def head_after(seal: Seal) -> SealHead:
    """Return the end of a chain whose last seal this is."""
    return SealHead(seal.number, seal.last_position, seal.hash)
