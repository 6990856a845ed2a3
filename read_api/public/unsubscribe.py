"""The page behind the unsubscribe link. Looking at it changes nothing: link scanners look too."""

from litestar import HttpMethod, MediaType, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND

from commands.http import pages
from commands.http.ports import Links


@route(
    "/u/{token:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    status_code=HTTP_200_OK,
    sync_to_thread=False,
    media_type=MediaType.HTML,
    opt={"public": True, "unlimited": True},
    summary="The unsubscribe page",
    tags=["public"],
)
def get_unsubscribe_page(
    token: FromPath[str], links: NamedDependency[SkipValidation[Links]]
) -> Response[str]:
    """Show a button, or say that the link does not work."""
    if links.unsubscribing(token) is None:
        return Response(pages.BAD_LINK, status_code=HTTP_404_NOT_FOUND, media_type=MediaType.HTML)
    return Response(pages.CONFIRM, media_type=MediaType.HTML)
