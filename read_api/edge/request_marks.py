"""What the edge notes about a request, beside the scope's own keys: who asks, and its id."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from domain.shared.platform import PLATFORM

T = TypeVar("T")

AnyConnection = ASGIConnection[Any, Any, Any, Any]  # the vendor's four free parameters
REQUEST_ID = "engine.request_id"
CALLER = "engine.caller"
SPOOLED = "engine.spooled"
LIMITS = "engine.limits"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signed in."""

    user_id: UUID
    session_id: UUID
    authenticated_at: datetime
    second_factor: bool = False
    operator: bool = False


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a program or a person, for which workspace, and what they may do there.

    `actor` is the name in commits and audit lines. Whatever a `sandbox` caller sends reaches
    only the sandbox.
    """

    workspace_id: UUID | None
    actor: str
    permissions: frozenset[str]
    person: Person | None = None
    sandbox: bool = False


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


def person_of(connection: AnyConnection) -> Person:
    """Return the person who asks. Only for opt `account`, `operator` or `people`."""
    person = caller_of(connection).person
    if person is None:
        raise RuntimeError("a route asked for its person, but lets programs in")
    return person


def workspace_of(connection: AnyConnection) -> UUID:
    """Return the workspace that the caller acts in. Only for routes with opt `permission`."""
    workspace_id = caller_of(connection).workspace_id
    if workspace_id is None:
        raise RuntimeError("a route asked for its workspace, but is for accounts")
    return workspace_id


def scope_of(connection: AnyConnection) -> UUID:
    """Return whose things these are: the workspace's, or the person's own on account routes."""
    caller = caller_of(connection)
    if "permission" in connection.route_handler.opt:
        return workspace_of(connection)
    return caller.person.user_id if caller.person else PLATFORM


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
