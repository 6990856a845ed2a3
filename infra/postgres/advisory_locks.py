"""Advisory locks of two numbers: a class, and what of it. All classes stand here, so none meet.

The one-number space belongs to the log (`log_begin` in 0001_pre_log.sql). A session lock ends with
its session: the server takes it from a process that died.
"""

from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

MIGRATION_LOCK = 7  # 1: one installer a server, and a database
VAULT_LOCK = 11  # a workspace: keeps minting and erasing apart
EPOCH_LOCK = 12  # 0 is shared by who mints (vault migration 0002 too), 1 held by who rotates
REBUILD_LOCK = 13  # a projection: one rebuild or verification at a time
ARCHIVE_LOCK = 15  # 1: one archiver at a time
AS_OF_LOCK = 16  # a schema of a replay: its maker is alive
LEADER_LOCK = 17  # a shard: its relay
SEALER_LOCK = 18  # a shard: its sealer
OWNER_LOCK = 19  # a partition of a projection: one projector process
CREW_LOCK = 20  # a projection and version: shared by the projector processes that are there
IMPORT_LOCK = 23  # an import: one importer
ERASURE_LOCK = 29  # a workspace: keeps erasing and writing what is in clear apart
EXPORT_LOCK = 31  # an export: one exporter
VERIFIER_LOCK = 37  # a shard: who verifies the log again and again

_TRY = {
    int: "SELECT pg_try_advisory_lock(%s, %s)",
    str: "SELECT pg_try_advisory_lock(%s, hashtext(%s))",
}
_UNLOCK = {
    int: "SELECT pg_advisory_unlock(%s, %s)",
    str: "SELECT pg_advisory_unlock(%s, hashtext(%s))",
}


def try_lock(connection: Connection[TupleRow], lock_class: int, what: int | str) -> bool:
    """Take a session lock by number or by name, if it is free; tells whether it is ours."""
    row = connection.execute(_TRY[type(what)].encode(), (lock_class, what)).fetchone()
    return bool(row and row[0])


def unlock(connection: Connection[TupleRow], lock_class: int, what: int | str) -> None:
    """Let go of a session lock."""
    connection.execute(_UNLOCK[type(what)].encode(), (lock_class, what))


def lock_number(identity: UUID) -> int:
    """Fold an id to a signed 32-bit number, as a lock's second number is."""
    return int.from_bytes(identity.bytes[-4:], "big", signed=True)
