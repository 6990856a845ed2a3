"""Write routes of exports of data: of one person, of all, and away with one."""

from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from commands.http.ports import Contacts
from commands.ports import EventLog, Exports
from commands.privacy import delete_export as deleting
from commands.privacy.request_data_export import RequestDataExport, request_data_export
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.accepted import Accepted


@post(
    "/v1/contacts/{contact_id:uuid}/exports",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "privacy:export"},
    summary="Export what is held of a person",
    tags=["privacy"],
)
def post_contact_export(
    contact_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
    exports: NamedDependency[SkipValidation[Exports]],
) -> Accepted:
    """Hand it to the exporter: profile, consents, messages, opens and clicks, the log, as files."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    command = RequestDataExport(export_id=new_id, contact_id=contact_id)
    return Accepted(id=new_id, position=request_data_export(command, context, log, exports))


@post(
    "/v1/privacy/exports",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "privacy:export"},
    summary="Export all that the workspace holds",
    tags=["privacy"],
)
def post_workspace_export(
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    exports: NamedDependency[SkipValidation[Exports]],
) -> Accepted:
    """Hand it to the exporter: contacts, templates, campaigns with figures, messages, consents."""
    command = RequestDataExport(export_id=new_id)
    return Accepted(id=new_id, position=request_data_export(command, context, log, exports))


@delete(
    "/v1/privacy/exports/{data_export_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "privacy:export"},
    summary="Delete an export of data",
    tags=["privacy"],
)
def delete_data_export(
    data_export_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    exports: NamedDependency[SkipValidation[Exports]],
) -> Accepted:
    """End the export and its links; the exporter removes the file within seconds."""
    command = deleting.DeleteExport(export_id=data_export_id, of_data=True)
    position = deleting.delete_export(command, context, log, exports)
    return Accepted(id=data_export_id, position=position)
