"""Sessions of people: the access token says who, the database whether that still holds."""

from litestar.concurrency import sync_to_thread

from domain.tenancy.roles import ROLE_PERMISSIONS, Role
from infra.crypto.access_tokens import AccessTokenError, Claims, Ed25519AccessTokens
from infra.postgres.session_lookup import SessionLookup
from read_api.edge.refusals import unauthorized
from read_api.edge.request_marks import AnyConnection, Caller, Person

OVER = "the access token is wrong or over: refresh it, or sign in again"


class SessionAuthenticator:
    """See `read_api.edge.authentication.Authenticator`."""

    def __init__(self, tokens: Ed25519AccessTokens, sessions: SessionLookup) -> None:
        self._tokens = tokens
        self._sessions = sessions

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:  # noqa: ARG002 the protocol's
        """See Authenticator."""
        if not self._tokens.issued_here(credential):
            return None
        try:
            claims = self._tokens.claims(credential)
        except AccessTokenError:
            raise unauthorized(OVER) from None
        return await self.of(claims)

    async def of(self, claims: Claims) -> Caller:
        """Return the caller whom the claims name, as the database has them now."""
        found = await sync_to_thread(
            self._sessions.find, claims.session_id, claims.user_id, claims.workspace_id
        )
        if found is None:
            raise unauthorized(OVER)
        if claims.workspace_id is not None and found.role is None:
            raise unauthorized("you are no member of this workspace any more")
        return Caller(
            workspace_id=claims.workspace_id,
            actor=f"user:{claims.user_id}",
            permissions=ROLE_PERMISSIONS[Role(found.role)] if found.role else frozenset(),
            person=Person(
                user_id=claims.user_id,
                session_id=claims.session_id,
                authenticated_at=found.began_at,
                second_factor=found.second_factor,
                operator=found.operator,
            ),
        )
