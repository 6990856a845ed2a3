"""Rows of accounts that nobody needs any more; the log keeps what happened."""

from domain.shared.platform import PLATFORM
from infra.postgres.attempts import FORGET
from infra.postgres.connections import Pool
from infra.postgres.sessions import IDLE
from infra.postgres.tenant_scope import tenant_scope

_TOKENS = "DELETE FROM account_tokens WHERE workspace_id = %(workspace_id)s AND expires_at < now()"
_FAILURES = """
DELETE FROM sign_in_failures
 WHERE workspace_id = %(workspace_id)s AND blocked_until < now() - %(forget)s::interval
"""
_SESSIONS = """
DELETE FROM sessions
 WHERE workspace_id = %(workspace_id)s
   AND (ended OR ends_at < now() OR used_at < now() - %(idle)s::interval)
"""


def forget_account_leftovers(pool: Pool) -> None:
    """Delete tokens, failures and sessions that are over; a token of theirs is refused as before.

    Called once a day by the scheduler.
    """
    values = {"workspace_id": PLATFORM, "forget": FORGET, "idle": IDLE}
    with tenant_scope(pool, PLATFORM) as cursor:
        for statement in (_TOKENS, _FAILURES, _SESSIONS):
            cursor.execute(statement, values)
