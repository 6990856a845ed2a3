"""End the vault's epoch: re-wrap every live key under a new one, then destroy the old epoch's key.

Safe beside minting and erasing, and after kill -9 anywhere: each row says its epoch, so the next
rotation goes on with what is left before anything is destroyed (ADR 0011).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.crypto.epochs import current_epoch, hold_epoch, open_epoch
from infra.crypto.key_wrap import new_key, unwrap, wrap
from infra.crypto.live_keys import SubjectKey, WorkspaceKey
from infra.crypto.vault import OutsideVault
from infra.postgres.advisory_locks import EPOCH_LOCK, try_lock, unlock

BATCH = 5_000
_NOBODY = UUID(int=0)
_UNFINISHED = "SELECT FROM epochs WHERE epoch < %b AND destroyed_at IS NULL LIMIT 1"
_LEFT = "SELECT count(*) FROM subject_keys WHERE epoch < %b"
_PAGE = """
SELECT s.workspace_id, s.subject_id, s.epoch, s.wrapped, w.wrapped
  FROM subject_keys s JOIN workspace_keys w USING (workspace_id, epoch)
 WHERE (s.workspace_id, s.subject_id) > (%b, %b) AND s.epoch < %b
 ORDER BY s.workspace_id, s.subject_id LIMIT %b
"""
_REWRAP = """
UPDATE subject_keys s SET epoch = %b, wrapped = u.wrapped
  FROM unnest(%b::uuid[], %b::uuid[], %b::int[], %b::bytea[])
       AS u(workspace_id, subject_id, epoch, wrapped)
 WHERE s.workspace_id = u.workspace_id AND s.subject_id = u.subject_id AND s.epoch = u.epoch
"""
_WORKSPACE = """
WITH made AS (
    INSERT INTO workspace_keys (workspace_id, epoch, wrapped) VALUES (%b, %b, %b)
    ON CONFLICT DO NOTHING RETURNING wrapped
)
SELECT wrapped FROM made
UNION ALL SELECT wrapped FROM workspace_keys WHERE workspace_id = %b AND epoch = %b LIMIT 1
"""
_WORKSPACES = "SELECT workspace_id, wrapped FROM workspace_keys WHERE epoch = %b ORDER BY 1"
_SUBJECTS = """
SELECT workspace_id, subject_id, wrapped FROM subject_keys WHERE epoch = %b ORDER BY 1, 2
"""
_FENCED = """
SELECT workspace_id, subject_id FROM fences WHERE fenced_at > %b - interval '15 minutes'
"""


class RotationError(Exception):
    """A rotation cannot go on; the message says why, and nothing was destroyed."""


class RotationRunningError(RotationError):
    """Another process rotates now."""


class VaultDamagedError(RotationError):
    """A key cannot be unwrapped."""


class Rotated(msgspec.Struct, frozen=True):
    """What a rotation did; `resumed` when it went on with one that was interrupted."""

    epoch: int
    rewrapped: int
    exported: int
    destroyed: list[int]
    resumed: bool


def rotate(
    connection: Connection[TupleRow],
    outside: OutsideVault,
    *,
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Rotated:
    """End the current epoch; `connection` is the vault's own, in autocommit.

    Raises RotationRunningError, VaultDamagedError, and EpochKeyError for a missing key.
    """
    with _turn(connection):
        epoch = current_epoch(connection, outside.keys)
        resumed = connection.execute(_UNFINISHED, (epoch,)).fetchone() is not None
        if not resumed:
            with connection.transaction():
                hold_epoch(connection)
                epoch = open_epoch(connection, outside.keys, epoch + 1)
        rewrapped = _Rewrapping(connection, outside, epoch, batch).run(progress)
        exported = export(connection, outside, epoch)
        destroyed = _destroy_older(connection, outside, epoch)
    return Rotated(epoch, rewrapped, exported, destroyed, resumed)


def export(connection: Connection[TupleRow], outside: OutsideVault, epoch: int) -> int:
    """Write the live keys outside the databases; whoever is erased meanwhile is not in them."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    with connection.transaction():
        houses = connection.execute(_WORKSPACES, (epoch,), binary=True).fetchall()
        with connection.cursor(name="live_keys") as cursor:
            cursor.itersize = BATCH
            cursor.execute(_SUBJECTS, (epoch,), binary=True)
            exported = outside.live_keys.replace(
                epoch, (WorkspaceKey(*h) for h in houses), (SubjectKey(*key) for key in cursor)
            )
    # An erasure fences, then blanks the file it finds: one of the two sees the other.
    for workspace_id, subject_id in connection.execute(_FENCED, row).fetchall():
        outside.live_keys.blank(workspace_id, subject_id)
    return exported


class _Rewrapping:
    """One pass after the other over the keys of older epochs, until none is left."""

    def __init__(
        self, connection: Connection[TupleRow], outside: OutsideVault, epoch: int, batch: int
    ) -> None:
        self._connection = connection
        self._keys = outside.keys
        self._epoch = epoch
        self._batch = batch
        self._ciphers: dict[tuple[UUID, int], AESGCM] = {}

    def run(self, progress: Callable[[int, int], None]) -> int:
        total, done = self._left(), 0
        while left := self._left():
            before = done
            for rewrapped in self._pass():
                done += rewrapped
                progress(done, total)
            if done == before:
                raise VaultDamagedError(
                    f"{left} keys have no workspace key: the vault lost rows; nothing was "
                    "destroyed, restore a backup"
                )
        return done

    def _pass(self) -> Iterator[int]:
        after = (_NOBODY, _NOBODY)
        while page := self._connection.execute(
            _PAGE, (*after, self._epoch, self._batch), binary=True
        ).fetchall():
            after = page[-1][:2]
            columns: tuple[list[object], ...] = ([], [], [], [])
            for workspace_id, subject_id, of_epoch, wrapped, house in page:
                fresh = self._rewrapped(workspace_id, subject_id, of_epoch, wrapped, house)
                for column, value in zip(
                    columns, (workspace_id, subject_id, of_epoch, fresh), strict=True
                ):
                    column.append(value)
            self._connection.execute(_REWRAP, (self._epoch, *columns))
            yield len(page)

    def _rewrapped(
        self, workspace_id: UUID, subject_id: UUID, of_epoch: int, wrapped: bytes, house: bytes
    ) -> bytes:
        try:
            old = self._cipher(workspace_id, of_epoch, house)
            key = unwrap(old, wrapped, subject_id.bytes)
        except InvalidTag as error:
            raise VaultDamagedError(
                f"the key of {subject_id} in workspace {workspace_id} cannot be unwrapped; "
                "nothing was destroyed, restore a backup"
            ) from error
        return wrap(self._new(workspace_id), key, subject_id.bytes)

    def _new(self, workspace_id: UUID) -> AESGCM:
        if known := self._ciphers.get((workspace_id, self._epoch)):
            return known
        owner = (workspace_id, self._epoch)
        made = self._keys.wrap(self._epoch, new_key(), workspace_id.bytes)
        row = None
        while row is None:  # lost to somebody whose row this statement did not see yet
            row = self._connection.execute(
                _WORKSPACE, (*owner, made, *owner), binary=True
            ).fetchone()
        return self._cipher(workspace_id, self._epoch, row[0])

    def _cipher(self, workspace_id: UUID, epoch: int, wrapped: bytes) -> AESGCM:
        known = self._ciphers.get((workspace_id, epoch))
        if known is None:
            known = AESGCM(self._keys.unwrap(epoch, wrapped, workspace_id.bytes))
            self._ciphers[workspace_id, epoch] = known
        return known

    def _left(self) -> int:
        row = self._connection.execute(_LEFT, (self._epoch,)).fetchone()
        return int(row[0]) if row else 0


def _destroy_older(
    connection: Connection[TupleRow], outside: OutsideVault, epoch: int
) -> list[int]:
    """Destroy what older epochs wrapped with: their rows first, their keys, then say so."""
    connection.execute("DELETE FROM workspace_keys WHERE epoch < %b", (epoch,))
    older = [old for old in outside.keys.known() if old < epoch]
    for old in older:
        outside.keys.destroy(old)
    connection.execute(
        "UPDATE epochs SET destroyed_at = clock_timestamp()"
        " WHERE epoch < %b AND destroyed_at IS NULL",
        (epoch,),
    )
    return older


@contextmanager
def _turn(connection: Connection[TupleRow]) -> Iterator[None]:
    if not try_lock(connection, EPOCH_LOCK, 1):
        raise RotationRunningError("the vault is being rotated by another process: wait for it")
    try:
        yield
    finally:
        if not connection.closed:
            unlock(connection, EPOCH_LOCK, 1)
