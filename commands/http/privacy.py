"""The write route of privacy: erase a person."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from commands.http.ports import Contacts, Receipts
from commands.ports import EventLog
from commands.privacy.erase_contact import EraseContact, erase_contact
from commands.privacy.ports import Erasures, SubjectKeys
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.privacy import AcceptedErasure


@post(
    "/v1/contacts/{contact_id:uuid}/erasure",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "contacts:erase"},
    summary="Erase a person for ever",
    tags=["privacy"],
)
def post_erasure(
    contact_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    contacts: NamedDependency[SkipValidation[Contacts]],
    log: NamedDependency[SkipValidation[EventLog]],
    erasures: NamedDependency[SkipValidation[Erasures]],
    keys: NamedDependency[SkipValidation[SubjectKeys]],
    receipts: NamedDependency[SkipValidation[Receipts]],
) -> AcceptedErasure:
    """Destroy the person's key; there is no way back. Asked again, answers the same receipt."""
    if not contacts.known(context.workspace_id, contact_id):
        raise NotFoundError("there is no such contact in this workspace")
    command = EraseContact(contact_id=contact_id)
    position = erase_contact(command, context, log, erasures, keys)
    receipt = receipts.of(context.workspace_id, contact_id)
    if receipt is None:
        raise RuntimeError("an erasure was recorded and is not in the log")
    return AcceptedErasure(id=contact_id, position=position, receipt=receipt)
