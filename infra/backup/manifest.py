"""What a backup says of itself: sealed with a key of the installation, checked before all else."""

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from infra.backup.errors import BackupError
from infra.crypto.derive import derive_key, mac
from infra.files.digests import sha256_of
from infra.files.durable import write_private
from infra.settings import Secret

NAME = "manifest.json"
FORMAT = 1
MAC_BYTES = 32


class DumpedDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """One database: its file, and how many rows of which table were in the dumped snapshot."""

    file: str
    size_bytes: int
    sha256: str
    migrations: list[str]
    rows: dict[str, int]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole backup."""

    format: int = FORMAT
    engine: str
    postgres: int
    made_at: datetime
    horizon: int  # the last position of the log in it
    events: int
    epoch: int  # the vault's, when its database was dumped
    erasures: int  # persons in the ledger then: a restore wants at least as many
    log: DumpedDatabase
    vault: DumpedDatabase


class _Sealed(msgspec.Struct, frozen=True):
    manifest: msgspec.Raw
    mac: str


def write_manifest(folder: Path, manifest: Manifest, secret_key: Secret) -> None:
    """Write the manifest into the backup's directory."""
    body = msgspec.json.encode(manifest)
    sealed = _Sealed(msgspec.Raw(body), _mac(secret_key, body).hex())
    write_private(folder / NAME, msgspec.json.encode(sealed) + b"\n")


def read_manifest(folder: Path, secret_key: Secret) -> Manifest:
    """Return the manifest. Raises BackupError when it is not there, changed, or of another key."""
    file = folder / NAME
    try:
        sealed = msgspec.json.decode(file.read_bytes(), type=_Sealed)
        body = bytes(sealed.manifest)
        genuine = hmac.compare_digest(bytes.fromhex(sealed.mac), _mac(secret_key, body))
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {NAME}") from None
    except (msgspec.DecodeError, ValueError):
        genuine = False
    if not genuine:
        raise BackupError(
            f"{file} is damaged, or of an installation with another ENGINE_SECRET_KEY"
        )
    manifest = msgspec.json.decode(body, type=Manifest)
    if manifest.format != FORMAT:
        raise BackupError(f"{file} has format {manifest.format}: use the release that wrote it")
    return manifest


def check_files(
    folder: Path, manifest: Manifest, *, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Compare each file with its digest. Raises BackupError that names the first bad one."""
    before = 0
    for dumped in (manifest.log, manifest.vault):
        file = folder / dumped.file
        if not file.exists():
            raise BackupError(f"{file} is missing")
        found = sha256_of(file, progress=partial(_shifted, progress, before))
        if found.hex() != dumped.sha256:
            raise BackupError(f"{file} is damaged: its content is not what was backed up")
        before += dumped.size_bytes


def _shifted(progress: Callable[[int], None], before: int, read: int) -> None:
    progress(before + read)


def _mac(secret_key: Secret, body: bytes) -> bytes:
    return mac(derive_key(secret_key, "backup-manifest"), body, length=MAC_BYTES)
