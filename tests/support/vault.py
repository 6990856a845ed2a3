"""Looking at a vault as its owner, or as a thief, would."""

from collections.abc import Iterable
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.bootstrap import Adapters
from infra.crypto.epoch_keys import EpochKeyError
from infra.crypto.key_wrap import unwrap
from infra.crypto.vault import KeyVault
from infra.settings import Settings

NONCE = bytes(12)
Row = tuple[UUID, UUID, int, bytes, bytes]


def seal(ciphers: dict[UUID, AESGCM]) -> dict[UUID, bytes]:
    """A box of each person, to be opened later."""
    return {person: cipher.encrypt(NONCE, person.bytes, b"") for person, cipher in ciphers.items()}


def opened(vault: KeyVault, workspace: UUID, boxes: dict[UUID, bytes]) -> set[UUID]:
    """Whose box still opens, asked without any key from memory."""
    vault.forget()
    ciphers = vault.ciphers(workspace, boxes, mint=False)
    return {
        person
        for person, cipher in ciphers.items()
        if cipher.decrypt(NONCE, boxes[person], b"") == person.bytes
    }


def stolen_rows(vault_url: str) -> list[Row]:
    """Every key with its workspace's key, as a copy of the database has them."""
    with psycopg.connect(vault_url) as admin:
        return admin.execute(
            "SELECT workspace_id, subject_id, epoch, s.wrapped, w.wrapped"
            " FROM subject_keys s JOIN workspace_keys w USING (workspace_id, epoch)"
        ).fetchall()


def crack(adapters: Adapters, rows: Iterable[Row]) -> dict[UUID, AESGCM]:
    """What a thief opens who has the rows, the secret and every key file that exists now."""
    keys, found = adapters.outside_vault.keys, {}
    for workspace, person, _, wrapped, house in rows:
        for epoch in keys.known():
            try:
                cipher = AESGCM(keys.unwrap(epoch, house, workspace.bytes))
                found[person] = AESGCM(unwrap(cipher, wrapped, person.bytes))
            except (InvalidTag, EpochKeyError):
                continue
    return found


def epochs_of_keys(settings: Settings) -> dict[int, int]:
    """How many persons' keys stand under which epoch."""
    with psycopg.connect(settings.vault_url) as admin:
        rows = admin.execute("SELECT epoch, count(*) FROM subject_keys GROUP BY 1").fetchall()
    return dict(rows)
