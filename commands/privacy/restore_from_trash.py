"""Take something back from the trash."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.privacy.move_to_trash import require_not_erased
from commands.privacy.ports import Trash
from commands.privacy.trashables import TRASHABLES
from domain.privacy.trash import Kind
from domain.shared.context import Context


class RestoreFromTrash(msgspec.Struct, frozen=True, kw_only=True):
    """Restore this as it was; changes nothing when it is not in the trash."""

    kind: Kind
    thing_id: UUID


def restore_from_trash(
    command: RestoreFromTrash, context: Context, log: EventLog, trash: Trash
) -> int:
    """Record it; a contact may be mailed again unless something else forbids it.

    Raises GoneError once it was purged, or the person erased.
    """
    kind = TRASHABLES[command.kind]
    if kind.is_person:
        require_not_erased(command.thing_id, context, log)
    back = trash.take_out(command.kind, command.thing_id, context.workspace_id)
    return kind.restore(command.thing_id, context, log, back)
