"""Verify a token of another issuer: by the issuer's own keys, for us, and now."""

from collections.abc import Sequence
from typing import Any

import jwt

from infra.oidc.jwks import JwksCache

LEEWAY_S = 30
MAX_TOKEN_CHARACTERS = 16_384
ALGORITHMS = frozenset({"ES256", "RS256", "EdDSA"})
_HEADER = {"alg", "kid", "typ"}
"""No `jwk`, `jku`, `x5u` (a key of the sender's choice) and no `crit` (what we do not know)."""

Claims = dict[str, Any]  # as issued; every use checks the type


class ForeignTokenError(Exception):
    """The token is not one of the issuer's, not for us, or over. No more is said to anybody."""


def unverified_issuer(token: str) -> str | None:
    """Return who the token says issued it, to choose who verifies it; None for what is no JWT."""
    if len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:  # noqa: PLR2004 three parts
        return None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


def verified_claims(
    token: str, keys: JwksCache, *, issuer: str, audience: str, require: Sequence[str] = ()
) -> Claims:
    """Return the claims. Raises ForeignTokenError, and KeysUnavailableError of the cache.

    `exp`, `iat`, `sub`, `iss` and `aud` must be there (RFC 8725, 3.8-3.12).
    """
    try:
        header = jwt.get_unverified_header(token)
        if set(header) - _HEADER or header.get("alg") not in ALGORITHMS:
            raise ForeignTokenError("the header says what it must not")
        key = keys.key(str(header.get("kid", "")))
        if key is None:
            raise ForeignTokenError("the issuer has no such key")
        claims: Claims = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "sub", "iss", "aud", *require]},
        )
    except (jwt.PyJWTError, UnicodeError) as error:
        raise ForeignTokenError(type(error).__name__) from None
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise ForeignTokenError("the subject is nobody")
    return claims
