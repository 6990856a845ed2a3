"""Write routes of auditors: ask for an export, take it away, and the download that is a fact."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.response import Stream

from commands.http.client import truncated_ip
from commands.http.ports import DownloadLinks, Downloads, NewId, Now
from commands.ports import EventLog, Exports
from commands.privacy import delete_export as deleting
from commands.privacy.download_export import download_export
from commands.privacy.request_export import RequestExport, request_export
from domain.privacy.export_filter import ExportFilter
from domain.shared.context import Context
from domain.shared.errors import GoneError, NotFoundError
from schemas.http.accepted import Accepted
from schemas.http.audit import ExportBody

ZIP = "application/zip"


@post(
    "/v1/audit/exports",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "audit:export"},
    summary="Export events of the log",
    tags=["audit"],
)
def post_export(
    data: JSONBody[ExportBody],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    exports: NamedDependency[SkipValidation[Exports]],
    permissions: NamedDependency[SkipValidation[AbstractSet[str]]],
) -> Accepted:
    """Hand the export to the exporter; personal fields stay sealed unless they may be opened."""
    wanted = ExportFilter(
        since=data.since,
        until=data.until,
        after=data.after,
        upto=data.upto,
        actor=data.actor,
        stream_id=data.stream_id,
        type=data.type,
    )
    command = RequestExport(export_id=new_id, filter=wanted, open_personal=data.open_personal)
    position = request_export(command, context, log, exports, permissions=permissions)
    return Accepted(id=new_id, position=position)


@delete(
    "/v1/audit/exports/{export_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "audit:export"},
    summary="Delete an export",
    tags=["audit"],
)
def delete_export(
    export_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    exports: NamedDependency[SkipValidation[Exports]],
) -> Accepted:
    """End the export and its links; the exporter removes the files within seconds."""
    command = deleting.DeleteExport(export_id=export_id, of_data=False)
    position = deleting.delete_export(command, context, log, exports)
    return Accepted(id=export_id, position=position)


@get(
    "/v1/audit/downloads/{token:str}",
    sync_to_thread=True,
    media_type=ZIP,
    opt={"public": True},
    summary="Download an export by its signed link",
    tags=["audit"],
    responses={200: ResponseSpec(bytes, media_type=ZIP, generate_examples=False)},
)
def get_download(
    token: FromPath[str],
    request: Request[None, None, State],
    export_links: NamedDependency[SkipValidation[DownloadLinks]],
    export_files: NamedDependency[SkipValidation[Downloads]],
    log: NamedDependency[SkipValidation[EventLog]],
    new_id_now: NamedDependency[SkipValidation[NewId]],
    now: NamedDependency[SkipValidation[Now]],
) -> Stream:
    """Stream the zip; recorded before the first byte. 410 once the link or the export is over."""
    link = export_links.read(token)
    if link is None:
        raise NotFoundError("this link is not one of ours")
    file = export_files.open(link.workspace_id, link.export_id) if link.expires_at > now() else None
    if file is None:
        raise GoneError("this link is over, or its export is deleted: ask for a new link")
    address = request.client.host if request.client else None
    command_id = new_id_now()
    context = Context(
        workspace_id=link.workspace_id,
        actor="download-link",
        now=now(),
        command_id=command_id,
        correlation_id=command_id,
        ip=truncated_ip(address),
        command="get_download",
    )
    try:
        download_export(link.export_id, context, log)
    except BaseException:
        file.close()
        raise
    name = f'attachment; filename="export-{link.export_id}.zip"'
    headers = {"content-disposition": name, "content-length": str(file.size_bytes)}
    return Stream(file.pieces(), media_type=ZIP, headers=headers)
