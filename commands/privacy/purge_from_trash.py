"""Empty the trash of something whose time is over."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.privacy.erase_contact import EraseContact, erase_contact
from commands.privacy.ports import Erasures, SubjectKeys, Trash
from commands.privacy.trashables import TRASHABLES
from domain.privacy.decider import erasure_stream
from domain.privacy.trash import Kind
from domain.shared.context import Context


class PurgeFromTrash(msgspec.Struct, frozen=True, kw_only=True):
    """Purge this; there is no way back afterwards."""

    kind: Kind
    thing_id: UUID


def purge_from_trash(
    command: PurgeFromTrash,
    context: Context,
    log: EventLog,
    trash: Trash,
    erasures: Erasures,
    keys: SubjectKeys,
) -> bool:
    """Close the way back; a person is then erased, with a receipt. False: somebody restored it.

    Each step may be repeated. Who dies in between leaves the row in the trash, which the erasure
    takes away, so that a later call goes on.
    """
    kind, thing_id = TRASHABLES[command.kind], command.thing_id
    gone = trash.take_out(command.kind, thing_id, context.workspace_id)
    purged = kind.purge(thing_id, context, log, [] if kind.is_person else [gone])
    if purged and kind.is_person:
        erasing = msgspec.structs.replace(context, command_id=erasure_stream(thing_id))
        erase_contact(EraseContact(contact_id=thing_id), erasing, log, erasures, keys)
    return purged
