"""The public way out: one-click (RFC 8058) and the form of the page. GET never unsubscribes."""

from collections.abc import Mapping
from datetime import datetime

from litestar import MediaType, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_404_NOT_FOUND

from commands.contacts.unsubscribe_contact import UnsubscribeContact, unsubscribe_contact
from commands.http import pages
from commands.http.client import truncated_ip
from commands.http.form_body import FORM_LIMIT_BYTES, FormOperation
from commands.http.ports import Links, LinkTarget, NewId, Now
from commands.ports import DoNotMail, EventLog
from domain.contacts.events import Channel
from domain.shared.context import Context


@post(
    "/u/{token:str}",
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    media_type=MediaType.HTML,
    operation_class=FormOperation,
    request_max_body_size=FORM_LIMIT_BYTES,
    opt={"public": True, "unlimited": True, "body": "form"},
    summary="Unsubscribe by the link of an e-mail",
    tags=["public"],
)
def post_unsubscribe_link(
    token: FromPath[str],
    request: Request[None, None, State],
    form: NamedDependency[SkipValidation[Mapping[str, str]]],
    links: NamedDependency[SkipValidation[Links]],
    log: NamedDependency[SkipValidation[EventLog]],
    do_not_mail: NamedDependency[SkipValidation[DoNotMail]],
    new_id_now: NamedDependency[SkipValidation[NewId]],
    now: NamedDependency[SkipValidation[Now]],
) -> Response[str]:
    """Unsubscribe whoever the link was made for; asking again is answered the same."""
    target = links.unsubscribing(token)
    if target is None:
        return _page(pages.BAD_LINK, HTTP_404_NOT_FOUND)
    via = _channel(form)
    if via is None:
        return _page(pages.NOT_UNDERSTOOD, HTTP_400_BAD_REQUEST)
    command = UnsubscribeContact(
        contact_id=target.contact_id, via=via, campaign_id=target.campaign_id
    )
    address = request.client.host if request.client else None
    context = _context(target, new_id_now, now(), ip=truncated_ip(address))
    unsubscribe_contact(command, context, log, do_not_mail)
    return _page(pages.DONE, HTTP_200_OK)


def _channel(form: Mapping[str, str]) -> Channel | None:
    if form.get("List-Unsubscribe") == "One-Click":
        return Channel.ONE_CLICK
    if form.get(pages.FORM_FIELD) == pages.FORM_VALUE:
        return Channel.PAGE
    return None


def _context(target: LinkTarget, new_id: NewId, now: datetime, *, ip: str | None) -> Context:
    command_id = new_id()
    return Context(
        workspace_id=target.workspace_id,
        actor=f"contact:{target.contact_id}",
        now=now,
        command_id=command_id,
        correlation_id=command_id,
        ip=ip,
        command="post_unsubscribe_link",
    )


def _page(text: str, status: int) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML)
