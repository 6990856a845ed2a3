"""The manifest of an export: what was asked, what is there, and the installation's signature."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from domain.privacy.events import ExportCompleted
from domain.privacy.export_filter import ExportFilter
from infra.crypto.signing import SigningKey
from infra.exports.directory import FILES, MANIFEST
from infra.exports.job import Progress
from infra.files.digests import sha256_of

FORMAT = "email-engine export 1"
PURPOSE = "export"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is; `unsealed_events` have no seal yet, `opened` show personal fields."""

    events: int
    commits: int
    opened: int
    unsealed_events: int


class FileSum(msgspec.Struct, frozen=True):
    """One file of the export."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` says. Positions are those of exported events, 0 when there are none."""

    format: str
    export_id: UUID
    generation: int
    workspace_id: UUID
    filter: ExportFilter
    open_personal: bool
    requested_by: str
    requested_at: datetime
    upto: int
    counts: Counts
    first_position: int
    last_position: int
    last_seal: int
    files: dict[str, FileSum]
    public_key: str
    key_id: str
    signature: str = ""


def make_manifest(path: Path, progress: Progress, key: SigningKey) -> Manifest:
    """Return the signed manifest of the files that are there."""
    job = progress.job
    manifest = Manifest(
        format=FORMAT,
        export_id=job.export_id,
        generation=job.generation,
        workspace_id=job.workspace_id,
        filter=job.filter,
        open_personal=job.open_personal,
        requested_by=job.requested_by,
        requested_at=job.requested_at,
        upto=progress.upto,
        counts=Counts(
            events=progress.events,
            commits=progress.commits,
            opened=progress.opened,
            unsealed_events=progress.unsealed,
        ),
        first_position=progress.first_position,
        last_position=progress.last_position,
        last_seal=progress.seal,
        files={name: FileSum(progress.sizes[name], sha256_of(path / name).hex()) for name in FILES},
        public_key=key.public_key.hex(),
        key_id=key.key_id,
    )
    signature = key.sign(PURPOSE, signed_bytes(manifest))
    return msgspec.structs.replace(manifest, signature=signature.hex())


def completed(manifest: Manifest, path: Path) -> ExportCompleted:
    """Return the fact that an export is whole; it holds the digest of its manifest."""
    return ExportCompleted(
        export_id=manifest.export_id,
        events=manifest.counts.events,
        commits=manifest.counts.commits,
        opened=manifest.counts.opened,
        first_position=manifest.first_position,
        last_position=manifest.last_position,
        sha256=sha256_of(path / MANIFEST).hex(),
    )


def signed_bytes(manifest: Manifest) -> bytes:
    """Return what is signed: all but the signature, as compact JSON with sorted keys."""
    said = msgspec.to_builtins(manifest)
    del said["signature"]
    return msgspec.json.encode(said, order="sorted")


def as_json(manifest: Manifest) -> bytes:
    """Return the manifest as it is written."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest of a directory; None when its export is not finished."""
    try:
        return msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
