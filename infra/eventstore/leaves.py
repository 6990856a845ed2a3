"""What a seal covers: every stored column of every event, and of every commit (ADR 0013).

A commit's leaf follows the leaf of its last event. Numbers are big-endian; texts and payloads
carry their length, so no two rows have the same bytes.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from infra.eventstore.commit_rows import CommitRow
from infra.eventstore.merkle import leaf_hash
from infra.eventstore.reader import LogRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_EVENT = struct.Struct(">scq16s16si16sqI")
_COMMIT = struct.Struct(">s16s16sqiqq16s")
_LENGTH = struct.Struct(">I")


class Leaf(NamedTuple):
    """One leaf of a workspace's tree; a commit's position is that of its last event."""

    position: int
    hash: bytes
    is_event: bool


def event_leaf(row: LogRow) -> bytes:
    """Return the bytes that are hashed for an event."""
    tag = row.tag.encode()
    return b"".join(
        (
            _EVENT.pack(
                b"e",
                row.kind.encode(),
                row.position,
                row.workspace_id.bytes,
                row.stream_id.bytes,
                row.version,
                row.command_id.bytes,
                microseconds(row.recorded_at),
                len(tag),
            ),
            tag,
            _LENGTH.pack(len(row.data)),
            row.data,
        )
    )


def commit_leaf(commit: CommitRow) -> bytes:
    """Return the bytes that are hashed for a commit."""
    fixed = _COMMIT.pack(
        b"c",
        commit.workspace_id.bytes,
        commit.command_id.bytes,
        microseconds(commit.recorded_at),
        commit.event_count,
        commit.first_position,
        commit.last_position,
        commit.correlation_id.bytes,
    )
    causation = None if commit.causation_id is None else commit.causation_id.bytes
    ip = None if commit.ip is None else commit.ip.encode()
    return fixed + b"".join(
        map(
            _optional,
            (causation, ip, commit.actor.encode(), commit.command.encode(), commit.digest),
        )
    )


def leaves_of(
    page: Sequence[LogRow], commits: dict[tuple[UUID, UUID], CommitRow]
) -> Iterator[tuple[Leaf, LogRow | CommitRow]]:
    """Yield the leaves of a page in order, each with its row; `commits` comes from `commits_of`."""
    commit, key = None, (-1, -1)
    for row in page:
        yield Leaf(row.position, leaf_hash(event_leaf(row)), is_event=True), row
        # Integers: UUIDs are hashed and compared in Python, which is half the time of this loop.
        before, key = key, (row.workspace_id.int, row.command_id.int)
        if key != before:
            commit = commits.get((row.workspace_id, row.command_id))
        if commit is not None and commit.last_position == row.position:
            yield Leaf(row.position, leaf_hash(commit_leaf(commit)), is_event=False), commit


def microseconds(at: datetime) -> int:
    """Return the instant as whole microseconds since 1970 (UTC), as PostgreSQL keeps it."""
    return (at - EPOCH) // MICROSECOND


def _optional(value: bytes | None) -> bytes:
    """Encode what may be absent: 0, or 1 with length and bytes."""
    return b"\x00" if value is None else b"\x01" + _LENGTH.pack(len(value)) + value
