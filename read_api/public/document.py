"""The OpenAPI document, as it is checked in."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import SkipValidation


@get(
    "/v1/openapi.json",
    sync_to_thread=False,
    opt={"public": True},
    summary="This document",
    tags=["health"],
    responses={
        200: ResponseSpec(dict[str, object], description="OpenAPI 3.1.", generate_examples=False)
    },
)
def get_openapi(openapi: NamedDependency[SkipValidation[bytes]]) -> Response[bytes]:
    """Return the description of every route."""
    return Response(openapi, media_type="application/json")
