"""The lines of an export: what a verifier reads, and beside it what people read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from infra.eventstore.commit_rows import CommitRow
from infra.eventstore.evidence import commit_line, event_line
from infra.eventstore.reader import LogRow

SEALED = "~"  # where the box stands in a stored payload


def export_event(row: LogRow, *, actor: str | None, opened: Mapping[str, Any] | None) -> bytes:
    """Return the line of an event: every stored column, then the payload in clear, then who.

    `decoded` is the stored payload without the sealed box; `opened` stands there only when it was
    asked for and the person is not erased.
    """
    decoded = msgspec.json.decode(row.data, type=dict[str, Any])
    decoded.pop(SEALED, None)
    line = event_line(row) | {
        "recorded_at": row.recorded_at.isoformat(),
        "actor": actor,
        "decoded": decoded,
    }
    return _line(line if opened is None else line | {"opened": opened})


def export_commit(commit: CommitRow) -> bytes:
    """Return the line of a commit."""
    return _line(commit_line(commit) | {"recorded_at": commit.recorded_at.isoformat()})


def _line(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(value) + b"\n"
