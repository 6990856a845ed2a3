"""The OpenAPI document: rendered from the routes, checked in as schemas/openapi.json.

`python -m read_api.openapi` prints it.
"""

import inspect
import json
import sys
from collections.abc import Mapping, Sequence

import msgspec
from litestar import Litestar, MediaType
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from read_api.edge.permission_guard import api_handlers
from read_api.edge.request_marks import operation_of
from read_api.routes import ROUTES, mounted
from read_api.wiring import Wiring, constant
from schemas.http.problems import Problem

VERSION = "1"
DESCRIPTION = (
    "Writes answer 202 with the id of what they are about and a log position; a read with "
    "`?after=<position>` includes that write. Errors are RFC 9457 problem details with a stable "
    "`code`. Lists are paged by cursor. Unknown fields are refused."
)
TOKEN = "apiToken"  # noqa: S105 - the name of the scheme
PERSON = "accessToken"
REF = "#/components/schemas/{name}"
PROBLEM = {
    "description": "What went wrong, and what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}},
}
PAGE = {
    "description": "A page that says what is wrong to whoever follows the link.",
    "content": {**PROBLEM["content"], "text/html": {"schema": {"type": "string"}}},  # type: ignore[dict-item] # JSON
}
NOWHERE = {
    "ENGINE_DATABASE_URL": "postgresql://127.0.0.1:1/engine",
    "ENGINE_NATS_URL": "nats://127.0.0.1:1",
    "ENGINE_SECRET_KEY": "only-to-describe-routes-0123456789-abcdef",
}
"""Settings of an installation that is never connected to."""


def render_document(
    routes: Sequence[HTTPRouteHandler], dependencies: Mapping[str, Provide]
) -> bytes:
    """Return the document as JSON, keys in order, so that a diff shows what changed."""
    config = OpenAPIConfig(
        title="Email engine",
        version=VERSION,
        description=DESCRIPTION,
        components=Components(
            security_schemes={
                TOKEN: SecurityScheme(type="http", scheme="bearer"),
                PERSON: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
            }
        ),
    )
    describer = Litestar(
        route_handlers=[mounted(routes)],
        dependencies={**dependencies, "openapi": constant(b"")},
        openapi_config=config,
        logging_config=None,
    )
    document = describer.openapi_schema.to_schema()
    for path, handler in api_handlers(describer):
        for method in handler.http_methods if path in document["paths"] else ():
            operation = document["paths"][path][method.lower()]
            name, said = operation_of(handler), _explained(handler)
            operation["operationId"] = name if method != "HEAD" else f"{name}_head"
            operation["description"] = said
            operation["security"] = _security(handler)
            operation["responses"].pop("400", None)  # the framework's own shape, never sent
            operation["responses"]["default"] = PAGE if _is_page(handler) else PROBLEM
    _, schemas = msgspec.json.schema_components([Problem], ref_template=REF)
    document["components"]["schemas"].update(schemas)
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _security(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    """Return what a route asks for: nothing, an API key or access token, or a person's alone."""
    if handler.opt.get("public"):
        return []
    return [{TOKEN: []}] if "permission" in handler.opt else [{PERSON: []}]


def _explained(handler: HTTPRouteHandler) -> str:
    """Return the docstring of the function behind a handler, which may run in a thread."""
    function = getattr(handler.fn, "func", handler.fn)
    return inspect.cleandoc(function.__doc__ or "")


def _is_page(handler: HTTPRouteHandler) -> bool:
    """Tell whether people see the answer: a link of a mail, which may be old or cut."""
    return bool(handler.opt.get("public")) and handler.media_type == MediaType.HTML


def document() -> bytes:
    """Return the document of all routes; needs no servers."""
    adapters = Adapters(load_settings(NOWHERE), role=Role.APP, name="openapi")
    try:
        return render_document(ROUTES, Wiring(adapters).dependencies())
    finally:
        adapters.close()


if __name__ == "__main__":
    sys.stdout.buffer.write(document())
