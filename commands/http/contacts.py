"""Write routes of contacts: upload a file, record a consent, unsubscribe a person."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from commands.contacts.give_consent import GiveConsent, give_consent
from commands.contacts.import_ports import ImportReviews
from commands.contacts.request_import import RequestImport, request_import
from commands.contacts.unsubscribe_contact import UnsubscribeContact, unsubscribe_contact
from commands.http.ports import Contacts, Upload, Uploads
from commands.http.upload_body import UPLOAD_LIMIT_BYTES, UploadOperation
from commands.ports import DeclaredConsent, DoNotMail, EventLog, ImportIntake
from domain.contacts.events import Channel
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.accepted import Accepted
from schemas.http.consents import NewConsent

ConsentSource = Annotated[
    str,
    QueryParameter(
        name="consent_source",
        max_length=300,
        description="Where the people of the file agreed to get mail.",
    ),
]
ConsentText = Annotated[
    str,
    QueryParameter(
        name="consent_text", max_length=2000, description="The words that they agreed to."
    ),
]
Review = Annotated[
    bool,
    QueryParameter(name="review", description="Keep the file, and write nothing until a commit."),
]


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
    import_reviews: NamedDependency[SkipValidation[ImportReviews]],
    consent_source: ConsentSource = "",
    consent_text: ConsentText = "",
    review: Review = False,  # noqa: FBT002 a query parameter
) -> Accepted:
    """Store the file and hand it to the importer, or keep it for review: then position is 0."""
    uploads.keep(context.workspace_id, new_id, upload.file)
    if review:
        import_reviews.stage(
            context.workspace_id,
            new_id,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            mapping=upload.mapping,
            consent=DeclaredConsent(
                requested_by=context.actor, source=consent_source, text=consent_text
            ),
        )
        return Accepted(id=new_id, position=0)
    command = RequestImport(
        import_id=new_id,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        mapping=upload.mapping,
        consent_source=consent_source,
        consent_text=consent_text,
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


@post(
    "/v1/contacts/{contact_id:uuid}/consents",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Record a consent",
    tags=["contacts"],
)
def post_consent(
    contact_id: FromPath[UUID],
    data: JSONBody[NewConsent],
    context: NamedDependency[SkipValidation[Context]],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
) -> Accepted:
    """Record where the person agreed and to which words; it never undoes an unsubscription."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    command = GiveConsent(
        contact_id=contact_id,
        source=data.source,
        text=data.text,
        given_at=data.given_at or context.now,
    )
    return Accepted(id=contact_id, position=give_consent(command, context, log))
