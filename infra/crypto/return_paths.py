"""Return paths that say whose mail it was, without asking a database first (VERP, ADR 0027).

A local part is `b+` for campaign mail or `s+` for system mail, then 62 digits of base32hex
(RFC 4648, section 7): key number (6 bits), workspace (128), message (128), MAC (48). That is the
whole room of a local part, 64 octets (RFC 5321, 4.5.3.1.1). Hosts that fold case leave it intact.
A MAC of 48 bits is short, but a guess costs a delivered mail: 2^47 of them for one forged bounce.
"""

import functools
import hashlib
import hmac
from base64 import b32hexdecode, b32hexencode
from enum import StrEnum
from struct import Struct
from uuid import UUID

import msgspec

from infra.crypto.derive import derive_key
from infra.settings import Secret

KEY_NUMBER = 1  # raised when the way keys are derived changes; old numbers stay readable
MAC_BYTES = 6
LOCAL_CHARACTERS = 64
_BODY = Struct(">xB16s16s")
_HEAD = 20  # bytes: up to the weeks in the message's own time
_UNUSED = 2  # characters: the ten bits before the key number


class ReturnKind(StrEnum):
    """Which mail came back; also the first letter of the local part."""

    CAMPAIGN = "b"
    SYSTEM = "s"


class ReturnTarget(msgspec.Struct, frozen=True):
    """Whose mail it was; `message_id` is the `mail_id` of a system mail."""

    kind: ReturnKind
    workspace_id: UUID
    message_id: UUID


class ReturnPaths:
    """Makes and reads return paths below a domain; safe to share between threads.

    `domain` is where bounces arrive: its MX leads to us. Paths are read whatever domain they bear.
    """

    def __init__(self, secret_key: Secret, domain: str) -> None:
        self._keys = {kind: derive_key(secret_key, f"return-path-{kind}") for kind in ReturnKind}
        self.domain = domain

    def of(
        self,
        workspace_id: UUID,
        message_id: UUID,
        *,
        kind: ReturnKind = ReturnKind.CAMPAIGN,
        domain: str = "",
    ) -> str:
        """Return the envelope sender of one message, below `domain` if one is given."""
        body = _BODY.pack(KEY_NUMBER, workspace_id.bytes, message_id.bytes)
        raw = body + _mac(self._keys[kind], body)
        return f"{kind}+{_head(raw[:_HEAD])}{_digits(raw[_HEAD:])}@{domain or self.domain}"

    def verify(self, address: str) -> ReturnTarget | None:
        """Return what an address, or its local part, names; None when we did not make it."""
        local = address.partition("@")[0].lower()
        raw = _decoded(local)
        if raw is None:
            return None
        kind = ReturnKind(local[0])
        body, seal = raw[: _BODY.size], raw[_BODY.size :]
        number, workspace, message = _BODY.unpack(body)
        if number != KEY_NUMBER or not hmac.compare_digest(_mac(self._keys[kind], body), seal):
            return None
        return ReturnTarget(kind, UUID(bytes=workspace), UUID(bytes=message))


def _digits(raw: bytes) -> str:
    return b32hexencode(raw).decode("ascii").lower()


@functools.lru_cache(maxsize=64)
def _head(raw: bytes) -> str:
    """Return the first digits, which the messages of one campaign share."""
    return _digits(raw)[_UNUSED:]


def _decoded(local: str) -> bytes | None:
    well_formed = len(local) == LOCAL_CHARACTERS and local[0] in set(ReturnKind)
    if not (well_formed and local[1] == "+" and local.isascii()):
        return None
    try:
        return b32hexdecode("0" * _UNUSED + local[2:], casefold=True)
    except ValueError:
        return None


def _mac(key: bytes, body: bytes) -> bytes:
    """Return the keyed BLAKE2b of the body (RFC 7693, 2.5)."""
    return hashlib.blake2b(body, digest_size=MAC_BYTES, key=key).digest()
