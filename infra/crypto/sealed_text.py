"""A short text sealed under one person's key, for working state: an account's address."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag

from infra.crypto.vault import NONCE_BYTES, KeyVault
from infra.eventstore.mapper import PersonErasedError


def seal_text(
    vault: KeyVault, workspace_id: UUID, subject: UUID, text: str, *, purpose: bytes
) -> bytes:
    """Return nonce and box, good for this purpose and person. Raises PersonErasedError."""
    cipher = vault.ciphers(workspace_id, [subject], mint=True).get(subject)
    if cipher is None:
        raise PersonErasedError("the person was erased: nothing can be sealed for them")
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(
        nonce, text.encode(), purpose + workspace_id.bytes + subject.bytes
    )


def open_text(
    vault: KeyVault, workspace_id: UUID, subject: UUID, sealed: bytes, *, purpose: bytes
) -> str | None:
    """Return the text; None when the key is gone, or the box is of something else."""
    cipher = vault.ciphers(workspace_id, [subject], mint=False).get(subject)
    if cipher is None:
        return None
    bound = purpose + workspace_id.bytes + subject.bytes
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound).decode()
    except InvalidTag:
        return None
