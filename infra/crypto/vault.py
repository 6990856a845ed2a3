"""The key vault: one key a person, wrapped by the workspace's key, wrapped by the master key.

Keys live in a database of their own. Destroying a person's key makes every sealed field of
that person unreadable for ever (crypto-shredding); the fence keeps a new key from being minted.
"""

import os
from collections.abc import Iterable, Mapping
from threading import Lock
from time import monotonic
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import TupleRow

from infra.crypto.derive import derive_key
from infra.failpoints import Failpoint, failpoint
from infra.postgres.connections import Pool
from infra.settings import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
EPOCH = 1
CACHE_TTL_S = 60.0  # an erased key is unusable within this time on every process (KM-2)
CACHE_MAX = 50_000
VAULT_LOCK = 11  # class of the two-argument advisory lock that keeps minting and erasing apart

_MINT = """
INSERT INTO subject_keys (workspace_id, subject_id, epoch, wrapped)
SELECT %b::uuid, s, %b::int, w FROM unnest(%b::uuid[], %b::bytea[]) AS u(s, w)
 WHERE NOT EXISTS (SELECT FROM fences f WHERE f.workspace_id = %b::uuid AND f.subject_id = s)
ON CONFLICT DO NOTHING
RETURNING subject_id
"""
_SELECT = """
SELECT subject_id, wrapped FROM subject_keys WHERE workspace_id = %b AND subject_id = ANY(%b)
"""


class KeyVault:
    """Hands out ciphers by subject; keeps the unwrapped ones for at most a minute."""

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._master = AESGCM(derive_key(secret_key, "vault-master"))
        self._workspaces: dict[UUID, AESGCM] = {}
        self._cache: dict[tuple[UUID, UUID], tuple[AESGCM, float]] = {}
        self._lock = Lock()

    def ciphers(
        self, workspace_id: UUID, subjects: Iterable[UUID], *, mint: bool
    ) -> dict[UUID, AESGCM]:
        """Return a cipher for each subject that has a key; with `mint`, make the missing ones.

        A fenced (erased) subject is absent from the answer either way.
        """
        found, missing = self._cached(workspace_id, set(subjects))
        if not missing:
            return found
        workspace = self._workspace_cipher(workspace_id)
        with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(binary=True)
            fresh = self._mint(cursor, workspace_id, workspace, missing) if mint else {}
            if fresh:
                failpoint(Failpoint.VAULT_MINTED)
            if rest := list(missing - fresh.keys()):
                cursor.execute(_SELECT, (workspace_id, rest))
                for subject, wrapped in cursor.fetchall():
                    fresh[subject] = AESGCM(_unwrap(workspace, wrapped, subject.bytes))
        self._remember(workspace_id, fresh)
        return found | fresh

    def destroy(self, workspace_id: UUID, subject: UUID) -> bool:
        """Fence the subject, then destroy the key; tells whether there was one."""
        with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor()
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", (VAULT_LOCK, _lock_number(workspace_id))
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
        failpoint(Failpoint.VAULT_DESTROYED)
        with self._lock:
            self._cache.pop((workspace_id, subject), None)
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

    def forget(self) -> None:
        """Drop every unwrapped key from memory."""
        with self._lock:
            self._cache.clear()

    def _mint(
        self,
        cursor: Cursor[TupleRow],
        workspace_id: UUID,
        workspace: AESGCM,
        subjects: set[UUID],
    ) -> dict[UUID, AESGCM]:
        """Make keys for subjects that have none and no fence; return the ciphers made."""
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, %s)", (VAULT_LOCK, _lock_number(workspace_id))
        )
        keys = {subject: os.urandom(KEY_BYTES) for subject in subjects}
        wrapped = [_wrap(workspace, key, subject.bytes) for subject, key in keys.items()]
        cursor.execute(_MINT, (workspace_id, EPOCH, list(keys), wrapped, workspace_id))
        return {subject: AESGCM(keys[subject]) for (subject,) in cursor.fetchall()}

    def _remember(self, workspace_id: UUID, ciphers: Mapping[UUID, AESGCM]) -> None:
        until = monotonic() + CACHE_TTL_S
        with self._lock:
            if len(self._cache) > CACHE_MAX:
                self._cache.clear()
            for subject, cipher in ciphers.items():
                self._cache[workspace_id, subject] = (cipher, until)

    def _cached(
        self, workspace_id: UUID, subjects: set[UUID]
    ) -> tuple[dict[UUID, AESGCM], set[UUID]]:
        now = monotonic()
        found = {}
        with self._lock:
            for subject in subjects:
                entry = self._cache.get((workspace_id, subject))
                if entry is not None and entry[1] > now:
                    found[subject] = entry[0]
        return found, subjects - found.keys()

    def _workspace_cipher(self, workspace_id: UUID) -> AESGCM:
        cipher = self._workspaces.get(workspace_id)
        if cipher is None:
            fresh = _wrap(self._master, os.urandom(KEY_BYTES), workspace_id.bytes)
            with self._pool.connection() as connection, connection.transaction():
                cursor = connection.cursor()
                cursor.execute(
                    "INSERT INTO workspace_keys (workspace_id, epoch, wrapped) VALUES (%s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (workspace_id, EPOCH, fresh),
                )
                row = cursor.execute(
                    "SELECT wrapped FROM workspace_keys WHERE workspace_id = %s AND epoch = %s",
                    (workspace_id, EPOCH),
                ).fetchone()
            if row is None:
                raise RuntimeError("the workspace key vanished from the vault while it was made")
            cipher = AESGCM(_unwrap(self._master, bytes(row[0]), workspace_id.bytes))
            self._workspaces[workspace_id] = cipher
        return cipher


def _lock_number(workspace_id: UUID) -> int:
    """Fold the id to a signed 32-bit number, as the two-argument advisory lock wants it."""
    return int.from_bytes(workspace_id.bytes[-4:], "big", signed=True)


def _wrap(cipher: AESGCM, key: bytes, owner: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, key, owner)


def _unwrap(cipher: AESGCM, wrapped: bytes, owner: bytes) -> bytes:
    return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner)
