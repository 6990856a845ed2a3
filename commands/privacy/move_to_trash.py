"""Delete something so that it can come back for a while."""

from datetime import timedelta
from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.privacy.ports import Trash
from commands.privacy.trashables import TRASHABLES
from domain.privacy.decider import ERASURE, erasure_stream
from domain.privacy.retention import RETENTION, retention_stream
from domain.privacy.trash import Kind
from domain.shared.context import Context
from domain.shared.errors import GoneError


class MoveToTrash(msgspec.Struct, frozen=True, kw_only=True):
    """Delete this; asking again changes nothing, and does not lengthen its time."""

    kind: Kind
    thing_id: UUID


def move_to_trash(command: MoveToTrash, context: Context, log: EventLog, trash: Trash) -> int:
    """Record it with the day until which it can be restored; a contact gets no mail from now on.

    The day is fixed now: later retention settings are for what is deleted later. Raises GoneError
    for a person who is erased, and the errors of the kind.
    """
    kind = TRASHABLES[command.kind]
    if kind.is_person:
        require_not_erased(command.thing_id, context, log)
    kept = log.state(RETENTION, retention_stream(context.workspace_id), context)
    until = context.now + timedelta(days=kept.trash_days)
    put = trash.put(command.kind, command.thing_id, context, purge_at=until)
    return kind.delete(command.thing_id, until, context, log, put)


def require_not_erased(person: UUID, context: Context, log: EventLog) -> None:
    """Raise GoneError when nothing of the person is left to delete or restore."""
    if log.state(ERASURE, erasure_stream(person), context).done:
        raise GoneError("the person is erased: nothing is left, and there is no way back")
