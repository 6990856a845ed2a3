"""The credentials of programs: `ee_live_…` and `ee_test_…`."""

import asyncio
from uuid import UUID

import structlog
from litestar.concurrency import sync_to_thread

from domain.developer.scopes import USUAL
from domain.tenancy.roles import PERMISSIONS
from infra.postgres.token_lookup import TokenLookup, TokenOwner
from read_api.edge.client_address import address_of
from read_api.edge.refusals import RefusalError, unauthorized
from read_api.edge.request_marks import AnyConnection, Caller

log = structlog.get_logger()


class ApiKeyAuthenticator:
    """Secrets of programs; notes their use at most once a minute, beside the request."""

    def __init__(self, tokens: TokenLookup) -> None:
        self._tokens = tokens
        self._noting: dict[UUID, asyncio.Task[None]] = {}

    async def caller(self, credential: str, connection: AnyConnection) -> Caller | None:
        """See Authenticator. Raises RefusalError forbidden from outside the key's networks."""
        if not credential.startswith("ee_"):
            return None
        address = client_address(connection.client.host if connection.client else None)
        owner = await sync_to_thread(self._tokens.owner, credential, address=address)
        if owner is None:
            raise unauthorized("the API key is wrong, expired or revoked")
        if not owner.from_here:
            raise RefusalError("forbidden", "this API key may not be used from your network")
        if owner.unnoticed and owner.token_id not in self._noting:
            self._noting[owner.token_id] = asyncio.create_task(self._note(owner))
        return Caller(
            workspace_id=owner.workspace_id,
            actor=f"token:{owner.token_id}",
            permissions=permissions_of(owner),
            sandbox=owner.test,
        )

    async def _note(self, owner: TokenOwner) -> None:
        try:
            await sync_to_thread(self._tokens.note_use, owner)
        except Exception as error:  # noqa: BLE001 the request goes on without it
            log.warning("key_use_not_noted", token_id=str(owner.token_id), error=error)
        finally:
            self._noting.pop(owner.token_id, None)


def permissions_of(owner: TokenOwner) -> frozenset[str]:
    """Return what a key may do; a scope that no release knows any more is nothing."""
    wanted = owner.scopes if owner.scopes is not None else [*USUAL, *owner.permissions]
    return PERMISSIONS & frozenset(wanted)


def client_address(host: str | None) -> str | None:
    """Return the client's address as the database takes it; None for what is none."""
    address = address_of(host or "")
    return None if address is None else str(address)
