"""An export of a sealed workspace, whole or filtered, written with what the product writes."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.signing import SigningKey
from infra.eventstore.commit_rows import CommitRow, commits_of
from infra.eventstore.evidence import commit_line, event_line, seal_line
from infra.eventstore.leaves import leaves_of
from infra.eventstore.merkle import as_ranges, prune
from infra.eventstore.reader import LogRow, read_page
from infra.eventstore.seal_rows import seals_after

Row = LogRow | CommitRow
Lines = list[dict[str, Any]]


def export(
    connection: Connection[TupleRow],
    workspace_id: UUID,
    folder: Path,
    *,
    key: SigningKey,
    wanted: Callable[[Row], bool] = lambda _: True,
) -> None:
    """Write the rows that are wanted, with the proof of their place."""
    rows = [row for row in read_page(connection, 0) if row.workspace_id == workspace_id]
    everything = list(leaves_of(rows, commits_of(connection, rows)))
    files: dict[str, Lines] = {"events.jsonl": [], "commits.jsonl": [], "seals.jsonl": []}
    for seal in seals_after(connection, workspace_id, 0, limit=100):
        span = range(seal.first_position, seal.last_position + 1)
        inside = [(leaf, row) for leaf, row in everything if leaf.position in span]
        known = as_ranges(at for at, (_, row) in enumerate(inside) if wanted(row))
        leaves = [leaf for leaf, _ in inside]
        pruned = prune([leaf.hash for leaf in leaves], known)
        files["seals.jsonl"].append(seal_line(seal, known, pruned, leaves))
        for _, row in inside:
            if wanted(row) and isinstance(row, LogRow):
                files["events.jsonl"].append(event_line(row))
            elif wanted(row) and isinstance(row, CommitRow):
                files["commits.jsonl"].append(commit_line(row))
    for name, lines in files.items():
        write_lines(folder / name, lines)
    sign(folder, workspace_id, key)


def sign(folder: Path, workspace_id: UUID, key: SigningKey) -> None:
    """Write the manifest over the files as they are."""
    manifest = {
        "workspace_id": str(workspace_id),
        "counts": {"unsealed_events": 0},
        "last_seal": len(read_lines(folder / "seals.jsonl")),
        "public_key": key.public_key.hex(),
        "files": {
            file.name: {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
            for file in folder.glob("*.jsonl")
        },
    }
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    manifest["signature"] = key.sign("export", canonical.encode()).hex()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def read_lines(file: Path) -> Lines:
    return [json.loads(line) for line in file.read_text().splitlines()]


def write_lines(file: Path, lines: Lines) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
