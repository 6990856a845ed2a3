"""The signed seals of a workspace's log as the API shows them."""

from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.fields import NextCursor

Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]+$", description="Bytes in hex.")]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A seal: kept outside, it proves later that the log still says what it said."""

    workspace_id: UUID
    number: Annotated[int, msgspec.Meta(description="1, 2, 3 … without a hole.")]
    first_position: int
    last_position: int
    event_count: int
    leaf_count: Annotated[int, msgspec.Meta(description="Events and commits.")]
    root: Annotated[Hex, msgspec.Meta(description="Merkle root, RFC 9162, section 2.1.")]
    index_digest: Hex
    previous: Annotated[Hex, msgspec.Meta(description="`hash` of the seal before.")]
    sealed_at_us: Annotated[int, msgspec.Meta(description="Microseconds since 1970 (UTC).")]
    key_id: Hex
    hash: Annotated[Hex, msgspec.Meta(description="What is signed: SHA-256 of the fields above.")]
    signature: Annotated[Hex, msgspec.Meta(description="Ed25519, RFC 8032.")]


class CheckpointPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of checkpoints, newest first."""

    items: list[Checkpoint]
    next: NextCursor
