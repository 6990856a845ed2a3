"""The pixel and the click redirect: GETs that record a fact. They buffer, and always answer.

A hit is in memory for at most a tenth of a second before it is appended; that much a crash loses.
"""

import base64

from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_302_FOUND, HTTP_404_NOT_FOUND

from commands.engagement.record_hits import Campaigns, Hit
from commands.http import pages
from commands.http.client import bounded_user_agent, truncated_ip
from commands.http.ports import Hits, Links, LinkTarget, NewId

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of one by one pixel, 43 bytes."""
SUFFIX = ".gif"
GET_AND_HEAD = [HttpMethod.GET, HttpMethod.HEAD]

PublicRequest = Request[None, None, State]


@route(
    "/t/o/{pixel:str}",
    http_method=GET_AND_HEAD,
    status_code=200,
    sync_to_thread=False,
    media_type="image/gif",
    opt={"public": True, "unlimited": True},
    summary="The pixel of a message",
    tags=["public"],
)
def get_pixel(
    pixel: FromPath[str],
    request: PublicRequest,
    links: NamedDependency[SkipValidation[Links]],
    hits: NamedDependency[SkipValidation[Hits]],
    new_id_now: NamedDependency[SkipValidation[NewId]],
) -> Response[bytes]:
    """Answer the same 43 bytes to everybody; count the open when the token is one of ours."""
    target = links.opened(pixel.removesuffix(SUFFIX)) if pixel.endswith(SUFFIX) else None
    if target is not None and request.method == HttpMethod.GET:
        hits.add(_hit(target, request, new_id_now, link=None))
    return Response(PIXEL, media_type="image/gif")


@route(
    "/t/c/{token:str}",
    http_method=GET_AND_HEAD,
    status_code=HTTP_302_FOUND,
    sync_to_thread=True,  # the campaign's links may have to be read
    media_type=MediaType.HTML,
    opt={"public": True, "unlimited": True},
    summary="A tracked link of a message",
    tags=["public"],
)
def get_click(
    token: FromPath[str],
    request: PublicRequest,
    links: NamedDependency[SkipValidation[Links]],
    campaigns: NamedDependency[SkipValidation[Campaigns]],
    hits: NamedDependency[SkipValidation[Hits]],
    new_id_now: NamedDependency[SkipValidation[NewId]],
) -> Response[str]:
    """Lead on to where the campaign's snapshot says, and nowhere else."""
    target = links.clicked(token)
    address = _address(target, campaigns) if target else None
    if target is None or address is None:
        return Response(pages.BAD_LINK, status_code=HTTP_404_NOT_FOUND, media_type=MediaType.HTML)
    if request.method == HttpMethod.GET:
        hits.add(_hit(target, request, new_id_now, link=target.link))
    return Response("", status_code=HTTP_302_FOUND, headers={"location": address})


def _address(target: LinkTarget, campaigns: Campaigns) -> str | None:
    """Return where the link leads; web addresses only, in ASCII, so that no header can break."""
    campaign = campaigns.find(target.workspace_id, target.campaign_id)
    if campaign is None or target.link >= len(campaign.links):
        return None
    return as_location(campaign.links[target.link])


def as_location(address: str) -> str | None:
    """Return the address as a Location header may carry it, or None when it is no web address.

    Everything but printable ASCII is percent-encoded (RFC 3987, 3.1); control characters refuse.
    """
    if not address.lower().startswith(("http://", "https://")):
        return None
    if any(ord(character) < ord(" ") or character == "\x7f" for character in address):
        return None
    return "".join(
        character if " " < character < "\x7f" else _percent_encoded(character)
        for character in address
    )


def _percent_encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _hit(target: LinkTarget, request: PublicRequest, new_id: NewId, *, link: int | None) -> Hit:
    return Hit(
        hit_id=new_id(),
        workspace_id=target.workspace_id,
        campaign_id=target.campaign_id,
        contact_id=target.contact_id,
        link=link,
        user_agent=bounded_user_agent(request.headers.get("user-agent")),
        ip=truncated_ip(request.client.host if request.client else None),
    )
