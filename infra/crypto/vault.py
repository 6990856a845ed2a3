"""The key vault: one key a person, wrapped by the workspace's key, wrapped by the epoch's.

Keys live in a database of their own, the epochs' outside of it. Destroying a person's key makes
every sealed field of that person unreadable for ever (crypto-shredding); the fence keeps a new
key from being minted, and the end of the epoch kills the copies in backups (ADR 0011).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.clock import now
from infra.crypto.epoch_keys import EpochKeyError, EpochKeys
from infra.crypto.epochs import CLOSED, current_epoch
from infra.crypto.erasure_ledger import Erasure, ErasureLedger
from infra.crypto.key_cache import KeyCache
from infra.crypto.key_wrap import NONCE_BYTES, new_key, new_keys, unwrap, wrap_all
from infra.crypto.live_keys import LiveKeys
from infra.failpoints import Failpoint, failpoint
from infra.postgres.advisory_locks import VAULT_LOCK, lock_number
from infra.postgres.connections import Pool

__all__ = ["NONCE_BYTES", "KeyVault", "OutsideVault"]

TRIES = 4  # a rotation may open an epoch, or end one, while keys are fetched
CACHE_TTL_S = 60.0  # an erased key is unusable within this time on every process (KM-2)
CACHE_MAX = 50_000

_MINT = """
INSERT INTO subject_keys (workspace_id, subject_id, epoch, wrapped)
SELECT %b::uuid, s, %b::int, w FROM unnest(%b::uuid[], %b::bytea[]) AS u(s, w)
 WHERE NOT EXISTS (SELECT FROM fences f WHERE f.workspace_id = %b::uuid AND f.subject_id = s)
ON CONFLICT DO NOTHING
RETURNING subject_id
"""
# The workspace's key comes along only where its epoch is not known yet: once, not with each row.
_SELECT = """
SELECT s.subject_id, s.epoch, s.wrapped,
       CASE WHEN s.epoch <> ALL(%b::int[])
            THEN (SELECT w.wrapped FROM workspace_keys w
                   WHERE w.workspace_id = s.workspace_id AND w.epoch = s.epoch) END
  FROM subject_keys s
 WHERE s.workspace_id = %b AND s.subject_id = ANY(%b)
"""
_WORKSPACE = "SELECT wrapped FROM workspace_keys WHERE workspace_id = %b AND epoch = %b"
_NEW_WORKSPACE = """
INSERT INTO workspace_keys (workspace_id, epoch, wrapped) VALUES (%b, %b, %b)
ON CONFLICT DO NOTHING
"""


class EpochClosedError(Exception):
    """Keys were to be minted under an epoch that is not the current one any more."""


class OutsideVault(NamedTuple):
    """What a vault keeps outside its database: no copy of the database may hold it."""

    keys: EpochKeys
    ledger: ErasureLedger
    live_keys: LiveKeys


class KeyVault:
    """Hands out keys by subject; keeps the unwrapped ones for at most a minute."""

    def __init__(self, pool: Pool, outside: OutsideVault) -> None:
        self._pool = pool
        self._outside = outside
        self._epoch: int | None = None
        self._workspaces: dict[tuple[UUID, int], AESGCM] = {}
        self._cache = KeyCache(ttl_s=CACHE_TTL_S, at_most=CACHE_MAX)

    def ciphers(
        self, workspace_id: UUID, subjects: Iterable[UUID], *, mint: bool
    ) -> dict[UUID, AESGCM]:
        """Return a cipher for each subject that has a key; with `mint`, make the missing ones.

        A fenced (erased) subject is absent from the answer either way.
        """
        wanted = list(set(subjects))
        pairs = zip(wanted, self.keys(workspace_id, wanted, mint=mint), strict=True)
        return {subject: AESGCM(key) for subject, key in pairs if key is not None}

    def keys(
        self, workspace_id: UUID, subjects: Sequence[UUID], *, mint: bool = False
    ) -> list[bytes | None]:
        """Return the same in the order of `subjects`, which may repeat: the bare keys.

        For who handles thousands: a cipher that is used and dropped at once costs half of one
        that is kept, since memory that is warm is taken again.
        """
        numbers = [subject.int for subject in subjects]
        found = self._cache.find(workspace_id, numbers)
        columns = zip(numbers, subjects, found, strict=True)
        missing = {number: subject for number, subject, key in columns if key is None}
        if not missing:
            return found
        fresh = self._fetched(workspace_id, missing, mint=mint)
        self._cache.add(workspace_id, fresh)
        pairs = zip(numbers, found, strict=True)
        return [key or fresh.get(number) for number, key in pairs]

    def destroy(self, workspace_id: UUID, subject: UUID) -> bool:
        """Fence the subject, then destroy the key; tells whether there was one.

        The ledger comes first: what was erased stays erased, whatever backup is restored.
        """
        self._outside.ledger.append(Erasure(workspace_id, subject, now()))
        with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor()
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", (VAULT_LOCK, lock_number(workspace_id))
            )
            cursor.execute(
                "INSERT INTO fences (workspace_id, subject_id) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                (workspace_id, subject),
            )
            failpoint(Failpoint.VAULT_FENCED)
            cursor.execute(
                "DELETE FROM subject_keys WHERE workspace_id = %s AND subject_id = %s",
                (workspace_id, subject),
            )
            destroyed = cursor.rowcount == 1
        self._outside.live_keys.blank(workspace_id, subject)
        failpoint(Failpoint.VAULT_DESTROYED)
        self._cache.drop(workspace_id, subject.int)
        return destroyed

    def fingerprint(self, workspace_id: UUID, subject: UUID) -> str:
        """Return the SHA-256, in hex, of the subject's wrapped key; empty when there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT encode(sha256(wrapped), 'hex') FROM subject_keys"
                " WHERE workspace_id = %s AND subject_id = %s",
                (workspace_id, subject),
            ).fetchone()
        return str(row[0]) if row else ""

    def living(self, workspace_id: UUID, subjects: Iterable[UUID]) -> set[UUID]:
        """Return those of the subjects that have a key at this moment: no cache is asked."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT subject_id FROM subject_keys"
                " WHERE workspace_id = %s AND subject_id = ANY(%s)",
                (workspace_id, list(subjects)),
            ).fetchall()
        return {subject for (subject,) in rows}

    def is_fenced(self, workspace_id: UUID, subject: UUID) -> bool:
        """Tell whether this subject never gets a key again."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT FROM fences WHERE workspace_id = %s AND subject_id = %s",
                (workspace_id, subject),
            ).fetchone()
        return row is not None

    def fenced(self) -> set[tuple[UUID, UUID]]:
        """Return (workspace, subject) of everybody who never gets a key again."""
        with self._pool.connection() as connection:
            return set(connection.execute("SELECT workspace_id, subject_id FROM fences").fetchall())

    def forget(self) -> None:
        """Drop every unwrapped key from memory."""
        self._cache.clear()
        self._forget_epoch()

    def _fetched(
        self, workspace_id: UUID, subjects: Mapping[int, UUID], *, mint: bool
    ) -> dict[int, bytes]:
        """Fetch, again where a rotation came in between."""
        for _ in range(TRIES - 1):
            try:
                return self._fetch(workspace_id, subjects, mint=mint)
            except (EpochClosedError, EpochKeyError):
                self._forget_epoch()
        return self._fetch(workspace_id, subjects, mint=mint)

    def _fetch(
        self, workspace_id: UUID, subjects: Mapping[int, UUID], *, mint: bool
    ) -> dict[int, bytes]:
        with self._pool.connection() as connection:
            fresh = self._mint(connection, workspace_id, subjects) if mint else {}
            if fresh:
                failpoint(Failpoint.VAULT_MINTED)
            if rest := [subject for at, subject in subjects.items() if at not in fresh]:
                fresh |= self._stored(connection, workspace_id, rest)
        return fresh

    def _stored(
        self, connection: Connection[TupleRow], workspace_id: UUID, subjects: list[UUID]
    ) -> dict[int, bytes]:
        """Unwrap the keys that are there."""
        houses = {at: key for (owner, at), key in self._workspaces.items() if owner == workspace_id}
        cursor = connection.cursor(binary=True)
        cursor.execute(_SELECT, (list(houses), workspace_id, subjects))
        found = {}
        for subject, epoch, wrapped, house in cursor.fetchall():
            workspace = houses.get(epoch)
            if workspace is None:
                if house is None:
                    continue
                houses[epoch] = workspace = self._workspace_cipher(workspace_id, epoch, house)
            found[subject.int] = unwrap(workspace, wrapped, subject.bytes)
        return found

    def _mint(
        self, connection: Connection[TupleRow], workspace_id: UUID, wanted: Mapping[int, UUID]
    ) -> dict[int, bytes]:
        """Make keys for subjects that have none and no fence; return the keys made.

        Lock, insert and commit travel together: what is returned is committed.
        """
        epoch, subjects = self._current(connection), list(wanted.values())
        cursor = connection.cursor(binary=True)
        keys = new_keys(len(subjects))
        try:
            workspace = self._current_workspace(cursor, workspace_id, epoch)
            wrapped = wrap_all(workspace, keys, [subject.bytes for subject in subjects])
            with connection.pipeline(), connection.transaction():
                cursor.execute(
                    "SELECT pg_advisory_xact_lock_shared(%s::int, %s::int)",
                    (VAULT_LOCK, lock_number(workspace_id)),
                )
                cursor.execute(_MINT, (workspace_id, epoch, subjects, wrapped, workspace_id))
        except psycopg.Error as error:
            if error.sqlstate != CLOSED:
                raise
            raise EpochClosedError(f"epoch {epoch} is closed") from error
        made = {subject.int for (subject,) in cursor.fetchall()}
        pairs = zip(wanted, keys, strict=True)
        return {number: key for number, key in pairs if number in made}

    def _current(self, connection: Connection[TupleRow]) -> int:
        if self._epoch is None:
            self._epoch = current_epoch(connection, self._outside.keys)
        return self._epoch

    def _forget_epoch(self) -> None:
        """Ask again which epoch is current; the workspaces' keys of older ones are dropped too."""
        self._epoch = None
        self._workspaces = {}

    def _current_workspace(
        self, cursor: Cursor[TupleRow], workspace_id: UUID, epoch: int
    ) -> AESGCM:
        """Return the workspace's cipher of the current epoch; made when there is none."""
        known = self._workspaces.get((workspace_id, epoch))
        if known is not None:
            return known
        row = cursor.execute(_WORKSPACE, (workspace_id, epoch)).fetchone()
        if row is None:
            fresh = self._outside.keys.wrap(epoch, new_key(), workspace_id.bytes)
            cursor.execute(_NEW_WORKSPACE, (workspace_id, epoch, fresh))
            row = cursor.execute(_WORKSPACE, (workspace_id, epoch)).fetchone()
        if row is None:
            raise EpochClosedError("the workspace's key vanished while it was made")
        return self._workspace_cipher(workspace_id, epoch, row[0])

    def _workspace_cipher(self, workspace_id: UUID, epoch: int, wrapped: bytes) -> AESGCM:
        cipher = self._workspaces.get((workspace_id, epoch))
        if cipher is None:
            key = self._outside.keys.unwrap(epoch, wrapped, workspace_id.bytes)
            self._workspaces[workspace_id, epoch] = cipher = AESGCM(key)
        return cipher
