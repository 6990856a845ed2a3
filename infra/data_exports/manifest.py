"""The manifest of an export of data: what was asked, what is there, signed by the installation."""

from pathlib import Path

import msgspec

from infra.crypto.signing import SigningKey
from infra.data_exports.job import DataJob, DataProgress
from infra.files.digests import sha256_of

FORMAT = "email-engine data export 1"
PURPOSE = "data-export"


def make_manifest(job: DataJob, progress: DataProgress, path: Path, key: SigningKey) -> bytes:
    """Return the JSON. `signature` is Ed25519 over the rest as compact JSON with sorted keys."""
    said = {
        "format": FORMAT,
        "export_id": job.export_id,
        "workspace_id": job.workspace_id,
        "scope": job.scope,
        "contact_id": job.contact_id,
        "requested_by": job.requested_by,
        "requested_at": job.requested_at,
        "records": progress.counts,
        "files": {
            name: {"bytes": size, "sha256": sha256_of(path / name).hex()}
            for name, size in sorted(progress.sizes.items())
        },
        "public_key": key.public_key.hex(),
        "key_id": key.key_id,
    }
    signature = key.sign(PURPOSE, msgspec.json.encode(said, order="sorted"))
    whole = said | {"signature": signature.hex()}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
