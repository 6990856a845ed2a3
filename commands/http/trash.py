"""Write routes of the trash: delete what can come back, and let it come back."""

from uuid import UUID

from litestar import delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from commands.http.ports import Contacts
from commands.ports import EventLog
from commands.privacy.move_to_trash import MoveToTrash, move_to_trash
from commands.privacy.ports import Trash
from commands.privacy.restore_from_trash import RestoreFromTrash, restore_from_trash
from domain.privacy.trash import Kind
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.accepted import Accepted


@delete(
    "/v1/contacts/{contact_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Put a contact into the trash",
    tags=["trash"],
)
def delete_contact(
    contact_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Stop all mail to the person at once; erased when the time in the trash is over."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    return _deleted(Kind.CONTACT, contact_id, context, log, trash)


@post(
    "/v1/contacts/{contact_id:uuid}/restore",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:write"},
    summary="Take a contact back from the trash",
    tags=["trash"],
)
def post_restore_contact(
    contact_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Restore as it was: an unsubscription or a suppression stays. 410 once purged or erased."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    return _restored(Kind.CONTACT, contact_id, context, log, trash)


@delete(
    "/v1/templates/{template_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "templates:write"},
    summary="Put a template into the trash",
    tags=["trash"],
)
def delete_template(
    template_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Campaigns cannot use it any more; what they froze of it is sent as it was."""
    return _deleted(Kind.TEMPLATE, template_id, context, log, trash)


@post(
    "/v1/templates/{template_id:uuid}/restore",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "templates:write"},
    summary="Take a template back from the trash",
    tags=["trash"],
)
def post_restore_template(
    template_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Restore as it was. 410 once it was purged."""
    return _restored(Kind.TEMPLATE, template_id, context, log, trash)


@delete(
    "/v1/campaigns/{campaign_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:write"},
    summary="Put a campaign into the trash",
    tags=["trash"],
)
def delete_campaign(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Delete a draft, or one that has ended; 409 for one that sends or will: cancel it first."""
    return _deleted(Kind.CAMPAIGN, campaign_id, context, log, trash)


@post(
    "/v1/campaigns/{campaign_id:uuid}/restore",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "campaigns:write"},
    summary="Take a campaign back from the trash",
    tags=["trash"],
)
def post_restore_campaign(
    campaign_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    trash: NamedDependency[SkipValidation[Trash]],
) -> Accepted:
    """Restore as it was. 410 once it was purged."""
    return _restored(Kind.CAMPAIGN, campaign_id, context, log, trash)


def _deleted(kind: Kind, thing_id: UUID, context: Context, log: EventLog, trash: Trash) -> Accepted:
    position = move_to_trash(MoveToTrash(kind=kind, thing_id=thing_id), context, log, trash)
    return Accepted(id=thing_id, position=position)


def _restored(
    kind: Kind, thing_id: UUID, context: Context, log: EventLog, trash: Trash
) -> Accepted:
    command = RestoreFromTrash(kind=kind, thing_id=thing_id)
    return Accepted(id=thing_id, position=restore_from_trash(command, context, log, trash))
