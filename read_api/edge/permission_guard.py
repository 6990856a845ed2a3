"""Who may call a route: a good token with the route's permission, or anybody if it is public."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import structlog
from litestar import Litestar, Request
from litestar.concurrency import sync_to_thread
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute

from domain.privacy.names import OPEN_PERSONAL
from infra.postgres.token_lookup import TokenLookup
from read_api.edge.refusals import RefusalError, unauthorized
from read_api.edge.request_marks import CALLER, AnyConnection, Caller, caller_of, note

AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters
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


class UndeclaredRouteError(Exception):
    """A route says neither which permission it needs nor that it is public."""


class PermissionGuard:
    """The guard of every route; what declares nothing is refused."""

    def __init__(self, tokens: TokenLookup) -> None:
        self._tokens = tokens

    async def check(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Authenticate and authorise. Raises RefusalError."""
        if handler.opt.get("public") is True:
            return
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized("send Authorization: Bearer with an API token")
        owner = await sync_to_thread(self._tokens.owner, token.strip())
        if owner is None:
            raise unauthorized("the API token is wrong or was revoked")
        caller = Caller(
            owner.workspace_id,
            owner.token_id,
            TOKEN_PERMISSIONS | (EXTRA_PERMISSIONS & set(owner.permissions)),
        )
        if handler.opt.get("permission") not in caller.permissions:
            raise RefusalError("forbidden", "this token lacks the permission for this request")
        note(connection, CALLER, caller)
        structlog.contextvars.bind_contextvars(workspace_id=str(caller.workspace_id))


async def provide_permissions(request: AnyRequest) -> AbstractSet[str]:
    """Provide what the caller may do, to handlers that ask for more than their route does."""
    return caller_of(request).permissions


def require_declarations(app: Litestar) -> None:
    """Refuse to start with a route that declares nothing, or a permission nobody has."""
    for path, handler in api_handlers(app):
        permission, public = handler.opt.get("permission"), handler.opt.get("public") is True
        if public == (permission is not None):
            raise UndeclaredRouteError(
                f"{path} ({handler}) must have opt permission or opt public, and not both"
            )
        if not public and permission not in TOKEN_PERMISSIONS:
            raise UndeclaredRouteError(f"{path} ({handler}) needs {permission}, which nobody has")


def api_handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Yield every handler with its path, but the framework's own answers to OPTIONS."""
    for route in _http_routes(app.routes):
        for handler in route.route_handlers:
            if handler.http_methods != {"OPTIONS"}:
                yield route.path_format, handler


def _http_routes(routes: Iterable[object]) -> Iterator[HTTPRoute]:
    for route in routes:
        if not isinstance(route, HTTPRoute):
            raise UndeclaredRouteError(f"{route} is not an HTTP route")
        yield route
