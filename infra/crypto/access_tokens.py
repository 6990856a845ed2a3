"""Access tokens: short JWTs signed with Ed25519 (RFC 7519, RFC 8037, RFC 9068).

The key is derived from the installation's secret. Whoever verifies asks for exactly our algorithm,
type, issuer and audience, and never for a key that the token brings along.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.clock import new_id
from infra.crypto.derive import derive_key
from infra.crypto.signing import key_id
from infra.crypto.url_tokens import encode_token
from infra.settings import Secret

VALID_S = 600
LEEWAY_S = 30
ALGORITHM = "EdDSA"
TYPE = "at+jwt"
AUDIENCE = "engine-api"
REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "sid", "jti"]
HEADER = frozenset({"alg", "typ", "kid"})
"""All that a header of ours has: jwk, jku, x5u and crit are refused unread."""


class AccessTokenError(Exception):
    """The token is not one of ours, or over."""


class Claims(msgspec.Struct, frozen=True):
    """Whom a token is for."""

    user_id: UUID
    session_id: UUID
    workspace_id: UUID | None


class Ed25519AccessTokens:
    """Issues and reads them; `previous` secrets are good until their tokens are over."""

    def __init__(self, secret: Secret, *, issuer: str, previous: tuple[Secret, ...] = ()) -> None:
        self._issuer = issuer
        self._private = _private_key(secret)
        keys = [self._private.public_key(), *(_private_key(old).public_key() for old in previous)]
        self._keys: dict[str, Ed25519PublicKey] = {_name(key): key for key in keys}
        self._key_id = _name(keys[0])

    def issue(
        self, user_id: UUID, session_id: UUID, workspace_id: UUID | None, *, now: datetime
    ) -> tuple[str, int]:
        """Return the token, and for how many seconds it is good."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(new_id()),
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(seconds=VALID_S),
        }
        if workspace_id is not None:
            claims["ws"] = str(workspace_id)
        headers = {"typ": TYPE, "kid": self._key_id}
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers=headers), VALID_S

    def claims(self, token: str) -> Claims:
        """Return whom the token is for. Raises AccessTokenError."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid")))
            if key is None or set(header) != HEADER or header["typ"] != TYPE:
                raise AccessTokenError("the token was not signed here")
            found = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": REQUIRED, "strict_aud": True},
            )
            workspace = found.get("ws")
            return Claims(
                UUID(found["sub"]), UUID(found["sid"]), UUID(workspace) if workspace else None
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise AccessTokenError("the token is wrong or over") from error

    def issued_here(self, token: str) -> bool:
        """Tell whether the token names a key of ours; says nothing about whether it is good."""
        try:
            return jwt.get_unverified_header(token).get("kid") in self._keys
        except jwt.InvalidTokenError:
            return False

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": ALGORITHM,
                    "use": "sig",
                    "kid": name,
                    "x": encode_token(key.public_bytes_raw()),
                }
                for name, key in self._keys.items()
            ]
        }


def _private_key(secret: Secret) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive_key(secret, "access-token-ed25519"))


def _name(key: Ed25519PublicKey) -> str:
    return key_id(key.public_bytes_raw())
