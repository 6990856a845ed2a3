"""How the vault stands: epochs, keys, fences, and what is kept outside of it."""

from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.epochs import current_epoch
from infra.crypto.settle import unsettled
from infra.crypto.vault import OutsideVault

_STATUS = """
SELECT e.opened_at, extract(epoch FROM clock_timestamp() - e.opened_at)::float8 / 86400,
       (SELECT count(*) FROM subject_keys),
       (SELECT count(*) FROM subject_keys WHERE epoch < e.epoch),
       (SELECT count(DISTINCT workspace_id) FROM workspace_keys),
       (SELECT count(*) FROM fences)
  FROM epochs e WHERE e.epoch = %s
"""
_AGE = """
SELECT coalesce(min(opened_at) < clock_timestamp() - make_interval(days => %(days)s), false)
       OR exists(SELECT FROM epochs WHERE destroyed_at IS NULL HAVING count(*) > 1)
  FROM epochs WHERE epoch = (SELECT max(epoch) FROM epochs)
"""


class VaultStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One look; `keys_of_older_epochs` is above 0 only while a rotation is unfinished."""

    epoch: int
    opened_at: datetime
    age_days: float
    keys: int
    keys_of_older_epochs: int
    workspaces: int
    fences: int
    unsettled: int
    live_keys_epoch: int
    key_files: list[int]


def vault_status(connection: Connection[TupleRow], outside: OutsideVault) -> VaultStatus:
    """Look; counts every key. Raises EpochKeyError when the key of the epoch is missing."""
    epoch = current_epoch(connection, outside.keys)
    row = connection.execute(_STATUS, (epoch,)).fetchone()
    if row is None:
        raise RuntimeError("the current epoch vanished from the vault")
    opened_at, age_days, keys, older, workspaces, fences = row
    return VaultStatus(
        epoch=epoch,
        opened_at=opened_at,
        age_days=age_days,
        keys=keys,
        keys_of_older_epochs=older,
        workspaces=workspaces,
        fences=fences,
        unsettled=unsettled(connection, outside),
        live_keys_epoch=outside.live_keys.epoch,
        key_files=outside.keys.known(),
    )


def rotation_due(connection: Connection[TupleRow], *, days: int) -> bool:
    """Tell whether the current epoch is that old, or a rotation was interrupted."""
    row = connection.execute(_AGE, {"days": days}).fetchone()
    return bool(row and row[0])
