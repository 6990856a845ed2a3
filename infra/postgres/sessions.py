"""Which sessions are good, and the refresh tokens that are rotated with each use.

A token is session, generation and a MAC of both: an old one that comes back is known to be ours
without a list of old ones, and the successor of a token can be given again without being kept.
"""

import hmac
import struct
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from commands.identity.ports import (
    NewSession,
    Refreshed,
    ReusedTokenError,
    TokenRefusedError,
)
from domain.shared.errors import NotFoundError
from domain.shared.platform import PLATFORM
from infra.crypto.derive import derive_key, mac
from infra.crypto.tokens import digest
from infra.crypto.url_tokens import decode_token, encode_token
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=90)
GRACE = timedelta(seconds=10)
"""How long a token that was exchanged gets the same successor: two tabs, or a lost answer."""
PREFIX = "er_"
_LAYOUT = struct.Struct(">16sI32s")
MAC_BYTES = 32
_CHARACTERS = 70
_BEGIN = """
WITH owner AS (
    SELECT FROM accounts
     WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND NOT disabled
       AND removed_at IS NULL
       AND (%(password_epoch)s::int IS NULL OR (
            password_epoch = %(password_epoch)s AND NOT factor_required))
       FOR SHARE
), made AS (
    INSERT INTO sessions (workspace_id, session_id, user_id, refresh_sha256, ends_at,
                          second_factor, home, ip, client)
    SELECT %(workspace_id)s, %(session_id)s, %(user_id)s, %(sha256)s,
           clock_timestamp() + %(absolute)s, %(second_factor)s, %(home)s, %(ip)s, %(client)s
      FROM owner
    RETURNING 1
) SELECT count(*) FROM made
"""
# The account's row is locked by whoever closes it or changes its password, and shared by whoever
# begins a session: one of the two sees what the other did.
_END_ALL = """
UPDATE sessions SET ended = true
 WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND NOT ended
   AND session_id IS DISTINCT FROM %(but)s::uuid
"""
_END = """
UPDATE sessions SET ended = true
 WHERE workspace_id = %(workspace_id)s AND session_id = %(session_id)s
"""
_ROTATE = """
UPDATE sessions s
   SET generation = generation + 1, refresh_sha256 = %(next)s, rotated_at = clock_timestamp(),
       used_at = clock_timestamp()
  FROM accounts a
 WHERE s.workspace_id = %(workspace_id)s AND session_id = %(session_id)s AND NOT ended
   AND generation = %(generation)s AND refresh_sha256 = %(sha256)s AND ends_at > clock_timestamp()
   AND used_at > clock_timestamp() - %(idle)s::interval
   AND a.workspace_id = s.workspace_id AND a.user_id = s.user_id AND NOT a.disabled
   AND a.removed_at IS NULL
RETURNING s.user_id, s.home
"""
_SUCCEEDED = """
SELECT user_id, home, generation, rotated_at > clock_timestamp() - %(grace)s::interval
  FROM sessions
 WHERE workspace_id = %(workspace_id)s AND session_id = %(session_id)s AND NOT ended
"""
_ENTER = """
UPDATE sessions SET home = %(home)s
 WHERE workspace_id = %(workspace_id)s AND session_id = %(session_id)s
"""
_RUNNING = """
SELECT session_id FROM sessions
 WHERE workspace_id = %s AND user_id = %s AND NOT ended ORDER BY session_id
"""


class PostgresSessions:
    """The port `commands.identity.ports.Sessions`."""

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._key = derive_key(secret_key, "refresh-token")

    def begin(self, session: NewSession) -> tuple[str, SqlEffect]:
        """See the port."""
        token = self._token(session.session_id, 0)
        values: dict[str, object] = {
            "workspace_id": PLATFORM,
            "session_id": session.session_id,
            "user_id": session.user_id,
            "password_epoch": session.password_epoch,
            "sha256": digest(token),
            "absolute": ABSOLUTE,
            "second_factor": session.second_factor,
            "home": session.workspace_id,
            "ip": session.ip,
            "client": session.client,
        }
        return token, SqlEffect(_BEGIN, values, must_change=1)

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> SqlEffect:
        """See the port. Goes after the effect that changes the account."""
        return SqlEffect(_END_ALL, {"workspace_id": PLATFORM, "user_id": user_id, "but": but})

    def end(self, session_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(_END, {"workspace_id": PLATFORM, "session_id": session_id})

    def refresh(self, token: str) -> Refreshed:
        """See the port."""
        session_id, generation = self._read(token)
        values = {
            "workspace_id": PLATFORM,
            "session_id": session_id,
            "generation": generation,
            "sha256": digest(token),
            "next": digest(self._token(session_id, generation + 1)),
            "idle": IDLE,
            "grace": GRACE,
        }
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(_ROTATE, values).fetchone()
            if row is None:
                row = self._succeeded(cursor.execute(_SUCCEEDED, values).fetchone(), generation)
        if row is None:
            raise TokenRefusedError("the session has ended: sign in again")
        if row == ():
            raise ReusedTokenError(session_id)
        return Refreshed(
            session_id=session_id,
            user_id=row[0],
            workspace_id=row[1],
            refresh_token=self._token(session_id, generation + 1),
        )

    @staticmethod
    def _succeeded(
        row: tuple[UUID, UUID | None, int, bool] | None, generation: int
    ) -> tuple[UUID, UUID | None] | tuple[()] | None:
        """Return the owner when the same successor may be given again, () for a copied token."""
        if row is None:
            return None
        user_id, home, current, fresh = row
        if current == generation:
            return None  # the right token, of a session that idled too long or is over
        if current == generation + 1 and fresh:
            return user_id, home
        return ()

    def enter(self, session_id: UUID, workspace_id: UUID | None) -> None:
        """See the port."""
        values = {"workspace_id": PLATFORM, "session_id": session_id, "home": workspace_id}
        with tenant_scope(self._pool, PLATFORM) as cursor:
            cursor.execute(_ENTER, values)

    def home_of(self, user_id: UUID, wanted: UUID | None) -> UUID | None:
        """See the port."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT workspace_id FROM memberships_of(%s)", (user_id,)
            ).fetchall()
        homes = [row[0] for row in rows]
        if wanted is not None and wanted not in homes:
            raise NotFoundError("there is nothing here that this request may see")
        return wanted or (homes[0] if len(homes) == 1 else None)

    def running(self, user_id: UUID, *, but: UUID | None = None) -> Sequence[UUID]:
        """See the port."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            found = [row[0] for row in cursor.execute(_RUNNING, (PLATFORM, user_id)).fetchall()]
        return [session_id for session_id in found if session_id != but]

    def _token(self, session_id: UUID, generation: int) -> str:
        packed = _LAYOUT.pack(session_id.bytes, generation, self._mac(session_id.bytes, generation))
        return PREFIX + encode_token(packed)

    def _read(self, token: str) -> tuple[UUID, int]:
        """Return session and generation of a token that was made here, now or long ago."""
        packed = decode_token(token.removeprefix(PREFIX), characters=_CHARACTERS)
        if not token.startswith(PREFIX) or packed is None:
            raise TokenRefusedError("this is no refresh token: sign in again")
        session, generation, mac = _LAYOUT.unpack(packed)
        if not hmac.compare_digest(mac, self._mac(session, generation)):
            raise TokenRefusedError("this is no refresh token: sign in again")
        return UUID(bytes=session), generation

    def _mac(self, session: bytes, generation: int) -> bytes:
        return mac(self._key, session + generation.to_bytes(4), length=MAC_BYTES)
