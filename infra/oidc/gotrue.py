"""Access tokens of Supabase Auth (GoTrue): who somebody is in the configured project.

The address counts as verified by `email_verified` at the top level or in `app_metadata`, which
only the project's server writes. `user_metadata` has a field of that name too, and is written by
the person: it is never believed (ADR 0019).
"""

from infra.oidc.identity import ForeignIdentity
from infra.oidc.jwks import JwksCache
from infra.oidc.tokens import Claims, ForeignTokenError, verified_claims

SIGNED_IN = "authenticated"
SECOND_LEVEL = "aal2"


class GoTrueTokens:
    """Reads the tokens of one project."""

    def __init__(self, keys: JwksCache, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def identity(self, token: str) -> ForeignIdentity:
        """Return who it is. Raises ForeignTokenError and KeysUnavailableError."""
        claims = verified_claims(token, self._keys, issuer=self._issuer, audience=self._audience)
        if claims.get("role") != SIGNED_IN or claims.get("is_anonymous") is True:
            raise ForeignTokenError("nobody has signed in with this token")
        return ForeignIdentity(
            issuer=self._issuer,
            subject=claims["sub"],
            verified_address=_verified_address(claims),
            second_factor=claims.get("aal") == SECOND_LEVEL,
        )


def _verified_address(claims: Claims) -> str | None:
    app = claims.get("app_metadata")
    says = [claims.get("email_verified"), app.get("email_verified") if isinstance(app, dict) else 0]
    address = claims.get("email")
    return address if isinstance(address, str) and address and True in says else None
