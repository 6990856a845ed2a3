"""Secrets that work once, for one purpose and a short time; their digests alone are kept."""

from datetime import datetime, timedelta
from uuid import UUID

from commands.identity.ports import Purpose, TokenRefusedError
from domain.shared.platform import PLATFORM
from infra.clock import now
from infra.crypto.tokens import digest
from infra.crypto.url_tokens import new_url_token
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_ISSUE = """
INSERT INTO account_tokens (workspace_id, sha256, purpose, user_id, password_epoch, expires_at)
SELECT %(workspace_id)s, %(sha256)s, %(purpose)s, a.user_id, a.password_epoch, %(expires_at)s
  FROM accounts a WHERE a.workspace_id = %(workspace_id)s AND a.user_id = %(user_id)s
"""
# A token of yesterday's password is worthless, as is one of an account that is closed.
_GOOD = """
 WHERE t.workspace_id = %(workspace_id)s AND t.sha256 = %(sha256)s AND t.purpose = %(purpose)s
   AND t.expires_at > clock_timestamp() AND a.workspace_id = t.workspace_id
   AND a.user_id = t.user_id AND a.password_epoch = t.password_epoch AND NOT a.disabled
   AND a.removed_at IS NULL
"""
_OWNER = "SELECT t.user_id FROM account_tokens t, accounts a" + _GOOD
_REDEEM = (
    "WITH used AS (DELETE FROM account_tokens t USING accounts a"
    + _GOOD
    + "RETURNING 1) SELECT count(*) FROM used"
)


class PostgresSingleUseTokens:
    """The port `commands.identity.ports.SingleUseTokens`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def issue(
        self, purpose: Purpose, user_id: UUID, *, valid_s: int
    ) -> tuple[str, datetime, SqlEffect]:
        """See the port."""
        token = new_url_token()
        expires_at = now() + timedelta(seconds=valid_s)
        values = _key(purpose, token) | {"user_id": user_id, "expires_at": expires_at}
        return token, expires_at, SqlEffect(_ISSUE, values)

    def owner(self, purpose: Purpose, token: str) -> UUID:
        """See the port."""
        with tenant_scope(self._pool, PLATFORM) as cursor:
            row = cursor.execute(_OWNER, _key(purpose, token)).fetchone()
        if row is None:
            raise TokenRefusedError("the link or code was used, is over or never was: ask again")
        found: UUID = row[0]
        return found

    def redeem(self, purpose: Purpose, token: str) -> SqlEffect:
        """See the port."""
        return SqlEffect(_REDEEM, _key(purpose, token), must_change=1)


def _key(purpose: Purpose, token: str) -> dict[str, object]:
    return {"workspace_id": PLATFORM, "sha256": digest(token), "purpose": purpose.value}
