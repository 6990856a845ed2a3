"""Sign in at an OpenID provider: code flow with PKCE (RFC 7636), state, nonce, and `iss`.

`begin` sends the browser there with secrets that only this browser keeps; `finish` takes what it
brings back, if it is the same browser, and the provider that was begun with (RFC 9207: a mix-up).
"""

import hmac
import warnings
from threading import BoundedSemaphore
from typing import Any

import msgspec

from infra.egress.client import Egress, EgressFailedError, EgressRefusedError
from infra.oidc.discovery import Discovery, ProviderDocument
from infra.oidc.identity import ForeignIdentity
from infra.oidc.jwks import JwksCache, KeysUnavailableError
from infra.oidc.round_trip import RoundTrip, RoundTrips
from infra.oidc.tokens import Claims, ForeignTokenError, verified_claims
from infra.settings import SignInSettings

with warnings.catch_warnings():  # Authlib 1.9 wishes for a successor of httpx
    from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    # mypy: the stubs are a package of their own, and lag behind
    from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

SCOPE = "openid email"
AT_ONCE = 4  # sign-ins that may wait for the provider, so that it cannot take every thread


class Begun(msgspec.Struct, frozen=True):
    """Where the browser goes, and the cookie that it takes along."""

    url: str
    cookie: str


class BroughtBack(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brings: the cookie, and the provider's answer in the query."""

    cookie: str
    state: str
    code: str
    iss: str | None = None

    def __repr__(self) -> str:
        """Show no secret."""
        return "BroughtBack(***)"


class OidcProvider:
    """The one configured provider."""

    def __init__(
        self, settings: SignInSettings, egress: Egress, trips: RoundTrips, *, redirect_uri: str
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._trips = trips
        self._redirect_uri = redirect_uri
        issuer = settings.oidc_issuer
        where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        self._discovery = Discovery(lambda: egress.get(where), issuer=issuer)
        self._keys = JwksCache(lambda: egress.get(self._discovery.document().jwks_uri))
        self._places = BoundedSemaphore(AT_ONCE)

    def begin(self) -> Begun:
        """Return where to sign in. Raises KeysUnavailableError."""
        trip = self._trips.begin()
        url, _ = self._client().create_authorization_url(
            self._discovery.document().authorization_endpoint,
            state=trip.state,
            nonce=trip.nonce,
            code_verifier=trip.code_verifier,
        )
        return Begun(str(url), self._trips.seal(trip))

    def finish(self, brought: BroughtBack) -> ForeignIdentity:
        """Return who signed in. Raises ForeignTokenError and KeysUnavailableError."""
        trip = self._trips.open(brought.cookie)
        if trip is None or not _same(trip.state, brought.state):
            raise ForeignTokenError("this browser did not begin this sign-in, or too long ago")
        provider = self._discovery.document()
        self._require_issuer(brought.iss, provider)
        return self._identity(self._redeem(brought.code, trip, provider), trip)

    def _require_issuer(self, given: str | None, provider: ProviderDocument) -> None:
        missing = given is None and provider.authorization_response_iss_parameter_supported
        if missing or given not in {None, self._settings.oidc_issuer}:
            raise ForeignTokenError("the answer is of another provider")

    def _redeem(self, code: str, trip: RoundTrip, provider: ProviderDocument) -> str:
        """Exchange the code for an ID token."""
        if not self._places.acquire(blocking=False):
            raise KeysUnavailableError("too many wait for the provider")
        try:
            token = self._egress.within_deadline(
                lambda: self._ask(provider.token_endpoint, code, trip.code_verifier)
            )
        except OAuthError:
            raise ForeignTokenError("the provider does not know this code") from None
        except (EgressFailedError, EgressRefusedError):
            raise KeysUnavailableError("the provider cannot be reached") from None
        finally:
            self._places.release()
        return str(token.get("id_token", ""))

    async def _ask(self, endpoint: str, code: str, code_verifier: str) -> dict[str, Any]:
        async with self._client() as client:
            found: dict[str, Any] = await client.fetch_token(
                endpoint,
                code=code,
                code_verifier=code_verifier,
                grant_type="authorization_code",
            )
            return found

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret.reveal(),
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 the name of a method
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            transport=self._egress.transport(),
            trust_env=False,
            follow_redirects=False,
        )

    def _identity(self, id_token: str, trip: RoundTrip) -> ForeignIdentity:
        """Verify the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        client_id = self._settings.oidc_client_id
        claims = verified_claims(
            id_token,
            self._keys,
            issuer=self._settings.oidc_issuer,
            audience=client_id,
            require=["nonce"],
        )
        if not _same(trip.nonce, str(claims["nonce"])):
            raise ForeignTokenError("the token is of another sign-in")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1:
            raise ForeignTokenError("the token is for others too")
        if claims.get("azp", client_id) != client_id:
            raise ForeignTokenError("the token was issued to another")
        return ForeignIdentity(
            issuer=self._settings.oidc_issuer,
            subject=claims["sub"],
            verified_address=_verified_address(claims),
            second_factor=_second_factor(claims),
        )


def _verified_address(claims: Claims) -> str | None:
    address = claims.get("email")
    if isinstance(address, str) and address and claims.get("email_verified") is True:
        return address
    return None


def _second_factor(claims: Claims) -> bool:
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode(errors="replace"))
