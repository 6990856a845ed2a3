"""The list that the dispatcher asks at the claim and again just before MAIL FROM."""

from datetime import datetime
from uuid import UUID

from infra.postgres.sql_effect import SqlEffect

_ADD = """
INSERT INTO do_not_mail (workspace_id, contact_id, reason, cause, expires_at)
VALUES (%(workspace_id)s, %(contact_id)s, %(reason)s, %(cause)s, %(expires_at)s)
ON CONFLICT (workspace_id, contact_id, reason, cause) DO UPDATE
   SET expires_at = excluded.expires_at
"""
_TAKE_OFF = """
WITH gone AS (
    DELETE FROM do_not_mail
     WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
       AND reason = %(reason)s AND (%(cause)s = '' OR cause = %(cause)s)
       AND (NOT %(ended)s OR expires_at <= clock_timestamp())
    RETURNING 1
)
SELECT least(count(*), 1) FROM gone
"""


class PostgresDoNotMail:
    """The port `commands.ports.DoNotMail`; reasons are those of `SkipReason`.

    With `ended_only` an entry goes only when its time is over; else the append is undone.
    """

    def __init__(self, *, ended_only: bool = False) -> None:
        self._ended_only = ended_only

    def add(
        self,
        workspace_id: UUID,
        contact_id: UUID,
        *,
        reason: str,
        cause: str = "",
        expires_at: datetime | None = None,
    ) -> SqlEffect:
        """See the port."""
        values = {
            "workspace_id": workspace_id,
            "contact_id": contact_id,
            "reason": reason,
            "cause": cause,
            "expires_at": expires_at,
        }
        return SqlEffect(_ADD, values)

    def take_off(
        self, workspace_id: UUID, contact_id: UUID, *, reason: str, cause: str = ""
    ) -> SqlEffect:
        """See the port."""
        values = {
            "workspace_id": workspace_id,
            "contact_id": contact_id,
            "reason": reason,
            "cause": cause,
            "ended": self._ended_only,
        }
        return SqlEffect(_TAKE_OFF, values, must_change=1)
