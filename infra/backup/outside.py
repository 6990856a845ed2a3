"""Can a backup still be read with the keys that are here, and are all its erasures known here?"""

from infra.backup.errors import BackupError
from infra.backup.manifest import Manifest
from infra.crypto.vault import OutsideVault


def require_outside(manifest: Manifest, outside: OutsideVault) -> None:
    """Raise BackupError when the directory of the vault's keys is not the newest of its vault."""
    known, live = outside.keys.known(), outside.live_keys.epoch
    opens = manifest.epoch in known or (live > manifest.epoch and live in known)
    if manifest.epoch and not opens:
        raise BackupError(
            f"no key here opens the backup, which is of epoch {manifest.epoch}: bring the newest "
            "copy of the vault's keys to ENGINE_VAULT_KEYS_DIR, or take a newer backup"
        )
    erased = len(outside.ledger.people())
    if erased < manifest.erasures:
        raise BackupError(
            f"erasures.log in ENGINE_VAULT_KEYS_DIR names {erased} persons, the backup already "
            f"knew {manifest.erasures}: bring back its newest copy, or erased persons would return"
        )
