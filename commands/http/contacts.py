"""Write routes of contacts: upload a file, unsubscribe a person."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from commands.contacts.request_import import RequestImport, request_import
from commands.contacts.unsubscribe_contact import UnsubscribeContact, unsubscribe_contact
from commands.http.ports import Contacts, Upload, Uploads
from commands.http.upload_body import UPLOAD_LIMIT_BYTES, UploadOperation
from commands.ports import DoNotMail, EventLog, ImportIntake
from domain.contacts.events import Channel
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.accepted import Accepted


@post(
    "/v1/contacts/imports",
    status_code=202,
    sync_to_thread=True,
    operation_class=UploadOperation,
    request_max_body_size=UPLOAD_LIMIT_BYTES,
    opt={"permission": "contacts:write", "body": "upload"},
    summary="Import contacts from a CSV file",
    tags=["contacts"],
)
def post_import(
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    upload: NamedDependency[SkipValidation[Upload]],
    uploads: NamedDependency[SkipValidation[Uploads]],
    log: NamedDependency[SkipValidation[EventLog]],
    intake: NamedDependency[SkipValidation[ImportIntake]],
) -> Accepted:
    """Store the file and hand it to the importer."""
    uploads.keep(context.workspace_id, new_id, upload.file)
    command = RequestImport(
        import_id=new_id,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        mapping=upload.mapping,
    )
    return Accepted(id=new_id, position=request_import(command, context, log, intake))


@post(
    "/v1/contacts/{contact_id:uuid}/unsubscribe",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Unsubscribe a contact",
    tags=["contacts"],
)
def post_unsubscribe(
    contact_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
    do_not_mail: NamedDependency[SkipValidation[DoNotMail]],
) -> Accepted:
    """Mail this person no more; asking again changes nothing."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    command = UnsubscribeContact(contact_id=contact_id, via=Channel.API)
    return Accepted(id=contact_id, position=unsubscribe_contact(command, context, log, do_not_mail))
