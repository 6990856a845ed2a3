"""Who asks? Each kind of credential has an authenticator; the first that knows it answers."""

from collections.abc import Sequence
from typing import Protocol

from litestar.concurrency import sync_to_thread

from domain.privacy.names import OPEN_PERSONAL
from infra.postgres.token_lookup import TokenLookup
from read_api.edge.refusals import unauthorized
from read_api.edge.request_marks import AnyConnection, Caller

TOKEN_PERMISSIONS = frozenset(
    {
        "workspace:read",
        "contacts:read",
        "contacts:write",
        "contacts:erase",
        "templates:read",
        "templates:write",
        "campaigns:read",
        "campaigns:write",
        "campaigns:send",
        "messages:read",
        "audit:read",
        "audit:export",
    }
)
"""What every token may do."""
EXTRA_PERMISSIONS = frozenset({OPEN_PERSONAL})
"""What a token may do that was issued with it."""


class Authenticator(Protocol):
    """Knows one kind of credential."""

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:
        """Return whose it is; None when it is not of this kind.

        Raises RefusalError unauthorized for one of this kind that is wrong, over or revoked.
        """


class ApiKeyAuthenticator:
    """Secrets of programs, `ee_live_…`."""

    def __init__(self, tokens: TokenLookup) -> None:
        self._tokens = tokens

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:  # noqa: ARG002 the protocol's
        """See Authenticator."""
        if not credential.startswith("ee_"):
            return None
        owner = await sync_to_thread(self._tokens.owner, credential)
        if owner is None:
            raise unauthorized("the API token is wrong or was revoked")
        return Caller(
            workspace_id=owner.workspace_id,
            actor=f"token:{owner.token_id}",
            permissions=TOKEN_PERMISSIONS | (EXTRA_PERMISSIONS & set(owner.permissions)),
        )


class Authentication:
    """The authenticators in order."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = authenticators

    async def caller(self, connection: AnyConnection) -> Caller:
        """Return who asks. Raises RefusalError unauthorized."""
        scheme, _, credential = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise unauthorized("send Authorization: Bearer with an API token")
        for authenticator in self._authenticators:
            caller = await authenticator.caller(credential.strip(), connection)
            if caller is not None:
                return caller
        raise unauthorized("the API token is wrong or was revoked")
