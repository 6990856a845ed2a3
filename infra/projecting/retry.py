"""Apply what was parked of a key, in its order, as far as it goes."""

from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.reader import read_page
from infra.postgres.parked_events import (
    ParkedHead,
    Retried,
    park_again,
    parked_positions,
    unpark,
)
from infra.projecting.checkpoint import position_of, stop_all
from infra.projecting.fold import Folder
from infra.projecting.parking import Tried, apply_or_reason


def retry(folder: Folder, connection: Connection[TupleRow], head: ParkedHead) -> Retried:
    """Apply the parked events of the head's key, and take them off the list with their effects.

    The first that fails again stays, with its new reason, and all behind it. The projector waits
    on the checkpoints meanwhile, so that nothing is parked behind what goes. `connection` is the
    folder's, in autocommit. Raises VersionMismatchError for tables of another version.
    """
    position_of(connection, folder.projection)
    applied, reason = list[int](), ""
    with connection.transaction():
        stop_all(connection, folder.projection.name)
        waiting = parked_positions(connection, head)
        cursor = folder.cursor()
        for position in waiting:
            (tried,) = _tried(folder, connection, position)
            reason = apply_or_reason(folder.projection, connection, cursor, [tried])
            if reason:
                park_again(connection, head, position, reason)
                break
            applied.append(position)
        unpark(connection, head, applied)
    return Retried(len(applied), len(waiting) - len(applied), reason)


def _tried(folder: Folder, connection: Connection[TupleRow], position: int) -> list[Tried]:
    page = read_page(connection, position - 1, upto=position, limit=1)
    return folder.try_to_decode(page)
