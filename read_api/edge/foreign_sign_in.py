"""Those who vouch for people, where the settings name them; what they refuse is a 401 here."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from infra.egress.client import Egress
from infra.oidc.gotrue import GoTrueTokens
from infra.oidc.identity import ForeignIdentity
from infra.oidc.jwks import JwksCache, KeysUnavailableError
from infra.oidc.provider import Begun, BroughtBack, OidcProvider
from infra.oidc.round_trip import RoundTrips
from infra.oidc.tokens import ForeignTokenError
from infra.settings import Settings
from read_api.edge.refusals import RefusalError, not_found, unauthorized

CALLBACK = "/v1/sessions/oidc/callback"
RETRY_AFTER_S = "30"


class ForeignTokens:
    """The tokens of a Supabase project."""

    def __init__(self, tokens: GoTrueTokens | None) -> None:
        self._tokens = tokens

    @classmethod
    def of(cls, settings: Settings) -> "ForeignTokens":
        """Return what the settings name."""
        named = settings.sign_in
        if not named.gotrue_issuer:
            return cls(None)
        egress = Egress(allow=settings.egress_allow)
        keys = JwksCache(lambda: egress.get(named.gotrue_jwks_url))
        issuer, audience = named.gotrue_issuer, named.gotrue_audience
        return cls(GoTrueTokens(keys, issuer=issuer, audience=audience))

    def identity(self, token: str) -> ForeignIdentity:
        """Return who it is. Raises RefusalError."""
        if self._tokens is None:
            raise not_found()
        with _refusing():
            return self._tokens.identity(token)


class ProviderSignIn:
    """The OpenID provider."""

    def __init__(self, provider: OidcProvider | None, *, sign_in_page: str) -> None:
        self._provider = provider
        self.sign_in_page = sign_in_page

    @classmethod
    def of(cls, settings: Settings, *, now: Callable[[], datetime]) -> "ProviderSignIn":
        """Return what the settings name."""
        page = f"{settings.public_url}/sign-in"
        if not settings.sign_in.oidc_issuer:
            return cls(None, sign_in_page=page)
        provider = OidcProvider(
            settings.sign_in,
            Egress(allow=settings.egress_allow),
            RoundTrips(settings.secret_key, now=now),
            redirect_uri=settings.public_url + CALLBACK,
        )
        return cls(provider, sign_in_page=page)

    def begin(self) -> Begun:
        """Begin a sign-in. Raises RefusalError."""
        with _refusing():
            return self._named().begin()

    def finish(self, *, cookie: str, state: str, code: str, iss: str | None) -> ForeignIdentity:
        """Return who signed in. Raises RefusalError."""
        brought = BroughtBack(cookie=cookie, state=state, code=code, iss=iss)
        with _refusing():
            return self._named().finish(brought)

    def _named(self) -> OidcProvider:
        if self._provider is None:
            raise not_found()
        return self._provider


@contextmanager
def _refusing() -> Generator[None]:
    try:
        yield
    except ForeignTokenError:
        raise unauthorized("the other side's word is wrong, over or not for us") from None
    except KeysUnavailableError:
        raise RefusalError(
            "unavailable",
            "the issuer cannot be reached; try again",
            headers={"retry-after": RETRY_AFTER_S},
        ) from None
