"""Write routes of privacy: erase a person, choose retention, ask for an export of data."""

from uuid import UUID

import msgspec
from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.http.ports import Contacts, Receipts
from commands.ports import EventLog
from commands.privacy.choose_retention import ChooseRetention, choose_retention
from commands.privacy.erase_contact import EraseContact, erase_contact
from commands.privacy.ports import Erasures, RetentionRules, SubjectKeys
from domain.privacy.retention_settings import RetentionSettings
from domain.shared.context import Context
from domain.shared.errors import NotFoundError
from schemas.http.accepted import Accepted
from schemas.http.privacy import AcceptedErasure
from schemas.http.retention import RetentionBody


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


@put(
    "/v1/privacy/retention",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "privacy:manage"},
    summary="Choose how long things are kept",
    tags=["privacy"],
)
def put_retention(
    data: JSONBody[RetentionBody],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    retention: NamedDependency[SkipValidation[RetentionRules]],
) -> Accepted:
    """Choose all settings at once; the scheduler goes by them within a minute."""
    settings = RetentionSettings(**msgspec.structs.asdict(data))
    position = choose_retention(ChooseRetention(settings=settings), context, log, retention)
    return Accepted(id=context.workspace_id, position=position)
