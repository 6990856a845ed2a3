"""What the edge notes about a request, beside the scope's own keys: who asks, and its id."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

T = TypeVar("T")

AnyConnection = ASGIConnection[Any, Any, Any, Any]  # the vendor's four free parameters
REQUEST_ID = "engine.request_id"
CALLER = "engine.caller"
SPOOLED = "engine.spooled"


class Caller(msgspec.Struct, frozen=True):
    """Who asks: a token of one workspace, and what it may do."""

    workspace_id: UUID
    token_id: UUID
    permissions: frozenset[str]

    @property
    def actor(self) -> str:
        """The name in commits and audit lines."""
        return f"token:{self.token_id}"


def note(connection: AnyConnection, key: str, value: object) -> None:
    """Keep a value for the rest of the request."""
    marks: dict[str, Any] = connection.scope  # type: ignore[assignment] # a TypedDict, by ASGI open to more keys
    marks[key] = value


def noted(connection: AnyConnection, key: str, kind: type[T]) -> T | None:
    """Return a value noted before."""
    value = connection.scope.get(key)
    return value if isinstance(value, kind) else None


def caller_of(connection: AnyConnection) -> Caller:
    """Return who asks. Only for routes that are not public: the guard has been there."""
    caller = noted(connection, CALLER, Caller)
    if caller is None:
        raise RuntimeError("a route asked for its caller, but is public")
    return caller


def operation_of(handler: BaseRouteHandler) -> str:
    """Return the name of the operation, which stands in the OpenAPI document as operationId."""
    function = getattr(handler.fn, "func", handler.fn)  # a threaded handler is wrapped
    return str(function.__name__)


def request_id_of(connection: AnyConnection) -> UUID:
    """Return the id of the request, which is also the correlation id of what it causes."""
    request_id = noted(connection, REQUEST_ID, UUID)
    if request_id is None:
        raise RuntimeError("the envelope did not give this request an id")
    return request_id
