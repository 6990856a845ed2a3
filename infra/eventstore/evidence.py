"""The log as evidence: rows and seals as JSON lines that `tools/verify_log.py` reads.

Bytes are hex, payloads base64, instants whole microseconds since 1970 (UTC): each field goes back
into the leaf it was hashed in without loss. Lines may carry more fields than these (what was
opened for a reader); a verifier looks at these alone.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from infra.eventstore.commit_rows import CommitRow
from infra.eventstore.leaves import Leaf, microseconds
from infra.eventstore.merkle import Ranges
from infra.eventstore.reader import LogRow
from infra.eventstore.seals import Seal, index_of

Line = dict[str, Any]


def event_line(row: LogRow) -> Line:
    """Return an event with every stored column."""
    return {
        "position": row.position,
        "kind": row.kind,
        "workspace_id": str(row.workspace_id),
        "stream_id": str(row.stream_id),
        "version": row.version,
        "command_id": str(row.command_id),
        "recorded_at_us": microseconds(row.recorded_at),
        "tag": row.tag,
        "data": base64.b64encode(row.data).decode(),
    }


def commit_line(commit: CommitRow) -> Line:
    """Return a commit with every stored column."""
    causation = commit.causation_id
    return {
        "workspace_id": str(commit.workspace_id),
        "command_id": str(commit.command_id),
        "recorded_at_us": microseconds(commit.recorded_at),
        "event_count": commit.event_count,
        "first_position": commit.first_position,
        "last_position": commit.last_position,
        "correlation_id": str(commit.correlation_id),
        "causation_id": None if causation is None else str(causation),
        "ip": commit.ip,
        "actor": commit.actor,
        "command": commit.command,
        "digest": commit.digest.hex(),
    }


def seal_line(
    seal: Seal,
    known: Ranges = (),
    pruned: Sequence[bytes] = (),
    leaves: Sequence[Leaf] = (),
) -> Line:
    """Return a seal with the proof that the known leaves are under its root.

    `known` and `pruned` as in `merkle.prune`; a seal of which nothing is exported needs neither.
    With `leaves`, all that the seal covers, the line also has the index of the known ones: it
    proves nothing, but lets a verifier name the first bad position.
    """
    inside = [leaf for start, end in known for leaf in leaves[start:end]]
    return {
        **head_line(seal),
        "known": [list(span) for span in known],
        "pruned": [node.hex() for node in pruned],
        "index": base64.b64encode(index_of(inside).packed()).decode() if inside else "",
    }


def head_line(seal: Seal) -> Line:
    """Return a seal by itself: what is kept outside, to be compared with later."""
    return {
        "workspace_id": str(seal.workspace_id),
        "number": seal.number,
        "first_position": seal.first_position,
        "last_position": seal.last_position,
        "event_count": seal.event_count,
        "leaf_count": seal.leaf_count,
        "root": seal.root.hex(),
        "index_digest": seal.index_digest.hex(),
        "previous": seal.previous.hex(),
        "sealed_at_us": microseconds(seal.sealed_at),
        "key_id": seal.key_id,
        "hash": seal.hash.hex(),
        "signature": seal.signature.hex(),
    }


def heads_file(seals: Iterable[Seal], public_key: bytes) -> Line:
    """Return signed heads with the key that they are signed with."""
    return {
        "format": "email-engine heads 1",
        "public_key": public_key.hex(),
        "heads": [head_line(seal) for seal in seals],
    }
