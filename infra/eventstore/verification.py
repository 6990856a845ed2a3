"""Verify the log again and again, and note for each workspace up to where it is proven.

What is new since the last time is read every time; everything from the start when that is due. A
fault stays noted until everything was read again and is good.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.clock import now
from infra.eventstore.log_verify import LogVerifier
from infra.eventstore.seals import SealHead

log = structlog.get_logger()

SHARD = 0
_CURSOR = "SELECT position, whole_at FROM log_verifier_cursor WHERE shard = %s"
_MOVE = """
INSERT INTO log_verifier_cursor AS c (shard, position, whole_at)
VALUES (%(shard)s, %(position)s, %(at)s)
ON CONFLICT (shard) DO UPDATE SET position = excluded.position,
    whole_at = CASE WHEN %(whole)s THEN excluded.whole_at ELSE c.whole_at END
"""
_STARTS = "SELECT workspace_id, seal, position, seal_hash FROM log_verifications"
_NOTE = """
INSERT INTO log_verifications AS v (workspace_id, seal, position, seal_hash, verified_at,
            whole_position, whole_verified_at, fault_position, fault_seal, fault)
VALUES (%(workspace_id)s, %(seal)s, %(position)s, %(hash)s, %(at)s,
        CASE WHEN %(whole)s AND %(fault)s::text IS NULL THEN %(position)s ELSE 0 END,
        CASE WHEN %(whole)s AND %(fault)s::text IS NULL THEN %(at)s::timestamptz END,
        %(fault_position)s, %(fault_seal)s, %(fault)s)
ON CONFLICT (workspace_id) DO UPDATE
   SET seal = excluded.seal, position = excluded.position, seal_hash = excluded.seal_hash,
       verified_at = excluded.verified_at,
       whole_position = CASE WHEN excluded.whole_verified_at IS NULL THEN v.whole_position
                             ELSE excluded.whole_position END,
       whole_verified_at = coalesce(excluded.whole_verified_at, v.whole_verified_at),
       fault_position = excluded.fault_position, fault_seal = excluded.fault_seal,
       fault = excluded.fault
 WHERE v.fault IS NULL OR %(whole)s
"""


class Pass(msgspec.Struct, frozen=True):
    """What one pass read: everything or only what was new, up to where, and what was wrong."""

    whole: bool
    upto: int
    events: int
    faults: int


def verify_again(
    connection: Connection[TupleRow],
    keys: Mapping[str, bytes],
    *,
    whole_every: timedelta | None,
    seen: Callable[[int], object] = lambda _: None,
) -> Pass:
    """Verify what came since the last pass, or everything when that was too long ago.

    `keys` are the trusted public keys by id; without `whole_every` only the first pass reads
    everything. The notes of a pass are one transaction: after a crash it begins again. `seen`
    hears of each page and may raise to give up.
    """
    began = now()
    row = connection.execute(_CURSOR, (SHARD,)).fetchone()
    whole = row is None or (whole_every is not None and row[1] + whole_every <= began)
    starts = {} if whole else _starts(connection)
    verifier = LogVerifier(
        connection, keys=keys, starts=starts, after=None if whole or row is None else row[0]
    )
    verified = verifier.verify(seen=seen)
    faults = 0
    with connection.transaction():
        for workspace_id, head, fault in verifier.results():
            faults += fault is not None
            if fault is not None:
                log.error(
                    "log_fault",
                    workspace_id=str(workspace_id),
                    position=fault.position,
                    seal=fault.seal,
                    what=fault.what,
                )
            connection.execute(
                _NOTE,
                {
                    "workspace_id": workspace_id,
                    "seal": head.number,
                    "position": head.last_position,
                    "hash": head.hash,
                    "at": began,
                    "whole": whole,
                    "fault_position": fault and fault.position,
                    "fault_seal": fault and fault.seal,
                    "fault": fault and fault.what,
                },
            )
        move = {"shard": SHARD, "position": verified.upto, "at": began, "whole": whole}
        connection.execute(_MOVE, move)
    return Pass(whole, verified.upto, verified.events, faults)


def _starts(connection: Connection[TupleRow]) -> dict[UUID, SealHead]:
    """Return where the verified chains end."""
    return {
        workspace_id: SealHead(number, position, bytes(digest))
        for workspace_id, number, position, digest in connection.execute(_STARTS)
    }
