"""Write routes of signing in elsewhere: a token is exchanged, or the browser goes to a provider."""

from typing import Annotated, Protocol
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import CookieParameter, JSONBody, QueryParameter, SkipValidation

from commands.http.sessions import TAGS, answered, own_cookie, signed_in
from commands.identity.link_account import AccountAddresses, LinkedIdentities
from commands.identity.sign_in import Challenge, Door
from commands.identity.sign_in_elsewhere import SignInElsewhere, VouchedFor, sign_in_elsewhere
from commands.ports import EventLog
from domain.shared.context import Context
from schemas.http.identity import ForeignToken, SignedIn

COOKIE = "__Host-oidc"
"""Lax, not Strict: the provider's page sends the browser back with it."""
COOKIE_S = 600
OidcCookie = Annotated[str | None, CookieParameter(name=COOKIE)]
Brought = Annotated[str, QueryParameter(min_length=1, max_length=2048)]


class ForeignTokens(Protocol):
    """Reads the tokens of the configured project."""

    def identity(self, token: str) -> VouchedFor:
        """Return who it is; the edge refuses what is no such token."""


class Begun(Protocol):
    """Where the browser goes, and the cookie that it takes along."""

    @property
    def url(self) -> str:
        """The provider's page."""

    @property
    def cookie(self) -> str:
        """The secrets of this sign-in, sealed."""


class Provider(Protocol):
    """The configured OpenID provider."""

    @property
    def sign_in_page(self) -> str:
        """Our own page, where the browser ends up."""

    def begin(self) -> Begun:
        """Begin a sign-in."""

    def finish(self, *, cookie: str, state: str, code: str, iss: str | None) -> VouchedFor:
        """Return who signed in; the edge refuses another browser's or provider's answer."""


@post(
    "/v1/sessions/exchange",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Exchange a token of Supabase Auth",
    tags=TAGS,
)
def post_session_exchange(
    data: JSONBody[ForeignToken],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    client_label: NamedDependency[str],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    foreign_tokens: NamedDependency[SkipValidation[ForeignTokens]],
    identities: NamedDependency[SkipValidation[LinkedIdentities]],
    accounts: NamedDependency[SkipValidation[AccountAddresses]],
) -> Response[SignedIn]:
    """Answer as a sign-in does; `aal2` counts as the second factor. 404 where it is not set up."""
    command = SignInElsewhere(
        session_id=new_id,
        identity=foreign_tokens.identity(data.token),
        workspace_id=data.workspace_id,
        client=client_label,
    )
    outcome = sign_in_elsewhere(command, account_context, log, door, identities, accounts)
    return answered(outcome, cookie=data.cookie)


@get(
    "/v1/sessions/oidc",
    status_code=303,
    sync_to_thread=True,
    opt={"public": True},
    summary="Sign in at the OpenID provider",
    tags=TAGS,
)
def get_session_oidc(provider: NamedDependency[SkipValidation[Provider]]) -> Response[None]:
    """Send the browser to the provider. 404 where none is set up."""
    begun = provider.begin()
    return _redirect(begun.url, [_cookie(begun.cookie, COOKIE_S)])


@get(
    "/v1/sessions/oidc/callback",
    status_code=303,
    sync_to_thread=True,
    opt={"public": True},
    summary="Come back from the OpenID provider",
    tags=TAGS,
)
def get_session_oidc_callback(
    code: Brought,
    oidc_state: Annotated[str, QueryParameter(name="state", min_length=1, max_length=2048)],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    client_label: NamedDependency[str],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    provider: NamedDependency[SkipValidation[Provider]],
    identities: NamedDependency[SkipValidation[LinkedIdentities]],
    accounts: NamedDependency[SkipValidation[AccountAddresses]],
    iss: Annotated[str | None, QueryParameter(max_length=2048)] = None,
    oidc_cookie: OidcCookie = None,
) -> Response[None]:
    """Send the browser to our sign-in page, with the refresh cookie of its session.

    Where our second factor is asked for, with `#challenge=` instead.
    """
    identity = provider.finish(cookie=oidc_cookie or "", state=oidc_state, code=code, iss=iss)
    command = SignInElsewhere(session_id=new_id, identity=identity, client=client_label)
    outcome = sign_in_elsewhere(command, account_context, log, door, identities, accounts)
    gone = _cookie("", 0)
    if isinstance(outcome, Challenge):
        return _redirect(f"{provider.sign_in_page}#challenge={outcome.token}", [gone])
    kept = signed_in(outcome, cookie=True).cookies
    return _redirect(provider.sign_in_page, [gone, *kept])


def _redirect(url: str, cookies: list[Cookie]) -> Response[None]:
    return Response(None, headers={"Location": url}, cookies=cookies)


def _cookie(value: str, max_age_s: int) -> Cookie:
    return own_cookie(COOKIE, value, max_age_s, samesite="lax")
