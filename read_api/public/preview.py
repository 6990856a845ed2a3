"""The HTML of a preview, for a sandboxed frame: foreign HTML that may do nothing."""

from typing import Annotated

from litestar import HttpMethod, MediaType, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND

from commands.http import pages
from commands.http.ports import ShownPreviews

POLICY = (
    "default-src 'none'; img-src data:{images}; style-src 'unsafe-inline'; font-src data:; "
    "form-action 'none'; base-uri 'none'; sandbox; frame-ancestors 'self'"
)
OWN_HEADERS = frozenset({b"content-security-policy", b"x-frame-options"})
Images = Annotated[
    bool,
    QueryParameter(name="images", description="Load remote pictures, which tells their servers."),
]


@route(
    "/v1/previews/{token:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    media_type=MediaType.HTML,
    opt={"public": True, "own_headers": OWN_HEADERS},
    summary="The HTML of a preview",
    tags=["public"],
)
def get_preview(
    token: FromPath[str],
    shown_previews: NamedDependency[SkipValidation[ShownPreviews]],
    images: Images = False,  # noqa: FBT002 - a parameter of the address
) -> Response[str]:
    """Show it to whoever has the link, for some minutes; no script of it runs."""
    html = shown_previews.shown(token)
    policy = POLICY.format(images=" https:" if images else "")
    return Response(
        pages.OLD_PREVIEW if html is None else html,
        status_code=HTTP_404_NOT_FOUND if html is None else HTTP_200_OK,
        media_type=MediaType.HTML,
        headers={"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"},
    )
