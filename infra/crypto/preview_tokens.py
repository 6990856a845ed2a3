"""Links to previews: whoever has one may look, and what is looked at is sealed with it.

A token is base64url of: workspace (16), random (32), 64 characters. It is stored nowhere.
"""

import hashlib
import os
import secrets
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.crypto.derive import derive_key
from infra.crypto.url_tokens import decode_token, encode_token
from infra.settings import Secret

TOKEN_CHARACTERS = 64
RANDOM_BYTES = 32
NONCE_BYTES = 12


class PreviewToken(msgspec.Struct, frozen=True):
    """One link."""

    workspace_id: UUID
    random: bytes

    def __repr__(self) -> str:
        """Show no token."""
        return f"PreviewToken({self.workspace_id})"

    @property
    def sha256(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(self.workspace_id.bytes + self.random).digest()

    def text(self) -> str:
        """Return it as it stands in a link."""
        return encode_token(self.workspace_id.bytes + self.random)


def new_preview_token(workspace_id: UUID) -> PreviewToken:
    """Draw 256 random bits."""
    return PreviewToken(workspace_id, secrets.token_bytes(RANDOM_BYTES))


def read_preview_token(text: str) -> PreviewToken | None:
    """Return what a link names; None when it is no token."""
    raw = decode_token(text, characters=TOKEN_CHARACTERS)
    return None if raw is None else PreviewToken(UUID(bytes=raw[:16]), raw[16:])


def seal_preview(secret_key: Secret, token: PreviewToken, html: str) -> bytes:
    """Return nonce and box, which the token and the installation's secret open together."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(secret_key, token).encrypt(nonce, html.encode(), token.sha256)


def open_preview(secret_key: Secret, token: PreviewToken, sealed: bytes) -> str | None:
    """Return the HTML; None for a box that is of something else."""
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return _cipher(secret_key, token).decrypt(nonce, box, token.sha256).decode()
    except InvalidTag:
        return None


def _cipher(secret_key: Secret, token: PreviewToken) -> AESGCM:
    return AESGCM(derive_key(secret_key, "template-preview", context=token.random))
