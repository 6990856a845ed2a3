"""The list that the dispatcher asks at the claim and again just before MAIL FROM."""

from uuid import UUID

from infra.postgres.sql_effect import SqlEffect

_ADD = """
INSERT INTO do_not_mail (workspace_id, contact_id, reason)
VALUES (%(workspace_id)s, %(contact_id)s, %(reason)s) ON CONFLICT DO NOTHING
"""


class PostgresDoNotMail:
    """The port `commands.ports.DoNotMail`; reasons are those of `SkipReason`."""

    def add(self, workspace_id: UUID, contact_id: UUID, *, reason: str) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _ADD, {"workspace_id": workspace_id, "contact_id": contact_id, "reason": reason}
        )
