"""Rendered previews, kept for minutes behind a link that cannot be guessed."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.shared.platform import PLATFORM
from infra.clock import now
from infra.crypto.preview_tokens import (
    new_preview_token,
    open_preview,
    read_preview_token,
    seal_preview,
)
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Secret

LIFE = timedelta(minutes=15)
MOST = 500  # of one workspace at a time; the oldest go first
PATH = "/v1/previews/"

_FORGET = """
DELETE FROM template_previews WHERE workspace_id = %(workspace_id)s AND expires_at <= %(now)s
"""
_MAKE_ROOM = """
DELETE FROM template_previews WHERE workspace_id = %(workspace_id)s AND token_sha256 IN (
    SELECT token_sha256 FROM template_previews WHERE workspace_id = %(workspace_id)s
     ORDER BY expires_at DESC OFFSET %(most)s)
"""
_KEEP = """
INSERT INTO template_previews (workspace_id, token_sha256, sealed, expires_at)
VALUES (%(workspace_id)s, %(token_sha256)s, %(sealed)s, %(expires_at)s)
"""
_READ = """
SELECT sealed FROM template_previews
 WHERE workspace_id = %s AND token_sha256 = %s AND expires_at > %s
"""


class PostgresPreviews:
    """The ports `commands.content.ports.Previews` and `commands.http.ports.ShownPreviews`."""

    def __init__(self, pool: Pool, secret_key: Secret) -> None:
        self._pool = pool
        self._secret_key = secret_key

    def keep(self, workspace_id: UUID, html: str) -> tuple[str, datetime]:
        """See the port."""
        token, at = new_preview_token(workspace_id), now()
        values = {
            "workspace_id": workspace_id,
            "token_sha256": token.sha256,
            "sealed": seal_preview(self._secret_key, token, html),
            "expires_at": at + LIFE,
            "now": at,
            "most": MOST - 1,
        }
        with tenant_scope(self._pool, workspace_id) as cursor:
            for statement in (_FORGET, _MAKE_ROOM, _KEEP):
                cursor.execute(statement, values)
        return PATH + token.text(), at + LIFE

    def shown(self, token: str) -> str | None:
        """See the port."""
        link = read_preview_token(token)
        if link is None:
            return None
        with tenant_scope(self._pool, link.workspace_id) as cursor:
            row = cursor.execute(_READ, (link.workspace_id, link.sha256, now())).fetchone()
        return None if row is None else open_preview(self._secret_key, link, row[0])


def forget_previews(pool: Pool) -> None:
    """Delete what has expired, of every workspace; called once a day by the scheduler."""
    with tenant_scope(pool, PLATFORM) as cursor:
        cursor.execute("DELETE FROM template_previews WHERE expires_at <= %s", (now(),))
