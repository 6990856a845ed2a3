"""Signed links: whose message it is, and which link, without asking a database first.

A token is base64url of: key number (1), workspace (16), campaign (16), contact (16), link (2),
MAC (16), 90 characters. Opening, clicking and unsubscribing are MACed with different keys, so a
token of one kind is worthless as another. The workspace stands under the MAC.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from enum import StrEnum
from struct import Struct
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from infra.crypto.derive import derive_key
from infra.crypto.url_tokens import decode_token
from infra.settings import Secret

KEY_NUMBER = 1  # raised when the way keys are derived changes; old numbers stay readable
MAC_BYTES = 16
TOKEN_CHARACTERS = 90
_BODY = Struct(">B16s16s16sH")
_LINK = Struct(">H")


class LinkKind(StrEnum):
    """What following the link means."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"


class LinkTarget(msgspec.Struct, frozen=True):
    """Whose message it is; `link` counts the snapshot's links, 0 for the other kinds."""

    workspace_id: UUID
    campaign_id: UUID
    contact_id: UUID
    link: int = 0


class MessageUrls(msgspec.Struct, frozen=True):
    """The URLs of one message."""

    open_url: str
    unsubscribe_url: str
    link_urls: Sequence[str]


class SignedLinks:
    """Makes and reads tokens; safe to share between threads."""

    def __init__(self, secret_key: Secret, *, public_url: str) -> None:
        self._keys = {kind: derive_key(secret_key, f"link-{kind}") for kind in LinkKind}
        self._secret_key = secret_key
        self._base = public_url.rstrip("/")
        self._open = f"{self._base}/t/o/"
        self._click = f"{self._base}/t/c/"
        self._unsubscribe = f"{self._base}/u/"

    def at_host(self, host: str) -> "SignedLinks":
        """Return the same with links that lead to another host, scheme and port as they were."""
        parts = urlsplit(self._base)
        port = f":{parts.port}" if parts.port else ""
        base = parts._replace(netloc=f"{host}{port}").geturl()
        return SignedLinks(self._secret_key, public_url=base)

    def sign(self, kind: LinkKind, target: LinkTarget) -> str:
        """Return the token for a target."""
        body = _BODY.pack(
            KEY_NUMBER,
            target.workspace_id.bytes,
            target.campaign_id.bytes,
            target.contact_id.bytes,
            target.link,
        )
        return _token(self._keys[kind], body)

    def verify(self, kind: LinkKind, token: str) -> LinkTarget | None:
        """Return what a token names; None when it is not one of ours, or of another kind."""
        raw = decode_token(token, characters=TOKEN_CHARACTERS)
        if raw is None or raw[:1] != bytes([KEY_NUMBER]):
            return None
        body, seal = raw[: _BODY.size], raw[_BODY.size :]
        if not hmac.compare_digest(_mac(self._keys[kind], body), seal):
            return None
        _, workspace, campaign, contact, link = _BODY.unpack(body)
        return LinkTarget(UUID(bytes=workspace), UUID(bytes=campaign), UUID(bytes=contact), link)

    def of_message(
        self, *, workspace_id: UUID, campaign_id: UUID, contact_id: UUID, links: int
    ) -> MessageUrls:
        """Return all URLs of one message, which has `links` tracked links."""
        person = bytes([KEY_NUMBER]) + workspace_id.bytes + campaign_id.bytes + contact_id.bytes
        none = person + b"\0\0"
        click = self._keys[LinkKind.CLICK]
        return MessageUrls(
            self._open + _token(self._keys[LinkKind.OPEN], none) + ".gif",
            self._unsubscribe + _token(self._keys[LinkKind.UNSUBSCRIBE], none),
            [self._click + _token(click, person + _LINK.pack(n)) for n in range(links)],
        )


def _mac(key: bytes, body: bytes) -> bytes:
    """Return the keyed BLAKE2b of the body (RFC 7693, 2.5): a MAC, at half the time of HMAC."""
    return hashlib.blake2b(body, digest_size=MAC_BYTES, key=key).digest()


def _token(key: bytes, body: bytes) -> str:
    return urlsafe_b64encode(body + _mac(key, body))[:TOKEN_CHARACTERS].decode("ascii")
