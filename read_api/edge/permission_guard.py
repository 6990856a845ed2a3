"""Who may call a route: a good credential with what the route declares, or anybody if public."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

import structlog
from litestar import Litestar, Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute

from domain.tenancy.roles import PERMISSIONS
from infra.clock import now
from read_api.edge.authentication import Authentication
from read_api.edge.rate_limit import RateLimits
from read_api.edge.refusals import RefusalError
from read_api.edge.request_marks import (
    CALLER,
    AnyConnection,
    Caller,
    Person,
    caller_of,
    note,
    person_of,
)

AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters
DECLARATIONS = ("public", "permission", "account", "operator")
"""What a route's opt must have exactly one of.

`permission` names what a member or key may do in its workspace; `account` asks for a signed-in
person, with or without a workspace; `operator` for a super-admin with a second factor. Beside
`permission`, `people` keeps programs out, whatever they may do.
"""

OPERATOR_SESSION = timedelta(hours=1)
"""A session older than this is none of an operator (ASVS 7.3)."""


class UndeclaredRouteError(Exception):
    """A route does not say who may call it."""


class PermissionGuard:
    """The guard of every route; what declares nothing is refused."""

    def __init__(self, authentication: Authentication, limits: RateLimits) -> None:
        self._authentication = authentication
        self._limits = limits

    async def check(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Count, authenticate and authorise. Raises RefusalError."""
        await self._limits.count_network(connection, handler)
        if handler.opt.get("public") is True:
            return
        caller = await self._authentication.caller(connection)
        await self._limits.count_caller(connection, caller)
        require(caller, handler.opt)
        note(connection, CALLER, caller)
        if caller.workspace_id is not None:
            structlog.contextvars.bind_contextvars(workspace_id=str(caller.workspace_id))


def require(caller: Caller, opt: dict[str, Any]) -> None:
    """Refuse a caller whom the route does not let in. Raises RefusalError forbidden."""
    if opt.get("account") is True:
        if caller.person is None:
            raise RefusalError("forbidden", "this is for people: sign in, an API key will not do")
        return
    if opt.get("operator") is True:
        if caller.person is None or not caller.person.operator or not caller.person.second_factor:
            raise RefusalError("forbidden", "this is for operators with a second factor")
        if now() - caller.person.authenticated_at > OPERATOR_SESSION:
            raise RefusalError("sign_in_again", "operators sign in anew every hour")
        return
    if opt.get("people") is True and caller.person is None:
        raise RefusalError("forbidden", "this is for people: sign in, an API key will not do")
    if opt.get("permission") not in caller.permissions:
        raise RefusalError("forbidden", "this credential lacks the permission for this request")


async def provide_permissions(request: AnyRequest) -> AbstractSet[str]:
    """Provide what the caller may do, to handlers that ask for more than their route does."""
    return caller_of(request).permissions


async def provide_person(request: AnyRequest) -> Person:
    """Provide who signed in, to handlers of opt `account`, `operator` or `people`."""
    return person_of(request)


def require_declarations(app: Litestar) -> None:
    """Refuse to start with a route that declares nothing, or a permission nobody has."""
    for path, handler in api_handlers(app):
        declared = [name for name in DECLARATIONS if handler.opt.get(name)]
        if len(declared) != 1:
            raise UndeclaredRouteError(
                f"{path} ({handler}) must have exactly one of opt {', '.join(DECLARATIONS)}"
            )
        permission = handler.opt.get("permission")
        if declared == ["permission"] and permission not in PERMISSIONS:
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
