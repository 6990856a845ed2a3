"""Signed links to finished exports: good for whoever has one, until their time is over.

A token is base64url of: key number (1), workspace (16), export (16), last second (8), MAC (16),
76 characters.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from struct import Struct
from uuid import UUID

import msgspec

from infra.crypto.derive import derive_key, mac
from infra.crypto.url_tokens import decode_token
from infra.settings import Secret

KEY_NUMBER = 1
TOKEN_CHARACTERS = 76
_BODY = Struct(">B16s16sq")


class ExportLink(msgspec.Struct, frozen=True):
    """Which export a link is for, and until when it is good."""

    workspace_id: UUID
    export_id: UUID
    expires_at: datetime


class ExportLinks:
    """Makes and reads the links of an installation."""

    def __init__(self, secret_key: Secret, *, public_url: str) -> None:
        self._key = derive_key(secret_key, "link-export")
        self._base = f"{public_url.rstrip('/')}/v1/audit/downloads/"

    def url(self, link: ExportLink) -> str:
        """Return the address to download from."""
        body = _BODY.pack(
            KEY_NUMBER,
            link.workspace_id.bytes,
            link.export_id.bytes,
            int(link.expires_at.timestamp()),
        )
        return self._base + urlsafe_b64encode(body + mac(self._key, body)).decode().rstrip("=")

    def read(self, token: str) -> ExportLink | None:
        """Return what a token names, whatever the time; None when it is not one of ours."""
        raw = decode_token(token, characters=TOKEN_CHARACTERS)
        if raw is None:
            return None
        body, seal = raw[: _BODY.size], raw[_BODY.size :]
        if not hmac.compare_digest(mac(self._key, body), seal):
            return None
        number, workspace, export, last_second = _BODY.unpack(body)
        if number != KEY_NUMBER:
            return None
        expires_at = datetime.fromtimestamp(last_second, UTC)
        return ExportLink(UUID(bytes=workspace), UUID(bytes=export), expires_at)
