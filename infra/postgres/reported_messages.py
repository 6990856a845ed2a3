"""Which message a return path names, and what became of the last mails to a person."""

from collections.abc import Sequence
from uuid import UUID

from commands.delivery.record_bounce_report import ReportedMessage
from domain.delivery.soft_bounces import SendResult
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

# Not while a dispatcher has it: what a report says comes after the outcome that it is about.
_FIND = """
SELECT m.message_id, m.campaign_id, m.contact_id, coalesce(r.sandbox, false),
       coalesce(r.sending_domain, ''), coalesce(p.destination, 'other')
  FROM messages m LEFT JOIN campaign_runs r
    ON r.workspace_id = m.workspace_id AND r.campaign_id = m.campaign_id
  LEFT JOIN contacts c ON c.workspace_id = m.workspace_id AND c.contact_id = m.contact_id
  LEFT JOIN destination_domains p ON p.domain = lower(split_part(c.email, '@', 2))
 WHERE m.workspace_id = %(workspace_id)s AND m.message_id = %(message_id)s
   AND NOT EXISTS (SELECT FROM email_tasks t
                    WHERE t.workspace_id = m.workspace_id AND t.message_id = m.message_id)
"""
_LAST = """
SELECT message_id, status_at,
       coalesce(bounce_class = 'soft', false) OR reason = 'mailbox_full',
       delivered_at IS NOT NULL
  FROM messages
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
   AND status NOT IN ('queued', 'handed_over', 'deferred', 'skipped')
 ORDER BY message_id DESC LIMIT %(limit)s
"""


class ReportedMessages:
    """Asks the read model of messages; also the port `SendHistory` of the soft-bounce policy."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, workspace_id: UUID, message_id: UUID) -> ReportedMessage | None:
        """Return the message once it has an outcome; None before, and for what is not known."""
        values = {"workspace_id": workspace_id, "message_id": message_id}
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_FIND, values).fetchone()
        return ReportedMessage(*row) if row else None

    def last(self, workspace_id: UUID, contact_id: UUID, *, limit: int) -> Sequence[SendResult]:
        """See the port."""
        values = {"workspace_id": workspace_id, "contact_id": contact_id, "limit": limit}
        with tenant_scope(self._pool, workspace_id) as cursor:
            return [SendResult(*row) for row in cursor.execute(_LAST, values).fetchall()]
