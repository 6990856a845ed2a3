"""What is kept too long, of all workspaces, and the effects that let go of it; only for workers.

What a workspace did not choose is kept as RetentionSettings says by itself.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from domain.privacy.retention_settings import RetentionSettings
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_DEFAULTS = RetentionSettings()
_KEEP = """
INSERT INTO retention_settings (workspace_id, inactive_contact_days, engagement_days,
                                import_file_days, rejected_row_days, export_days, trash_days)
VALUES (%(workspace_id)s, %(inactive_contact_days)s, %(engagement_days)s, %(import_file_days)s,
        %(rejected_row_days)s, %(export_days)s, %(trash_days)s)
ON CONFLICT (workspace_id) DO UPDATE
   SET inactive_contact_days = excluded.inactive_contact_days,
       engagement_days = excluded.engagement_days,
       import_file_days = excluded.import_file_days,
       rejected_row_days = excluded.rejected_row_days, export_days = excluded.export_days,
       trash_days = excluded.trash_days,
       inactive_looked_at = NULL, engagement_forgotten_at = NULL
"""
_OLD_REJECTIONS = """
SELECT i.workspace_id, i.import_id, i.invalid + i.duplicates + i.empty
  FROM imports i LEFT JOIN retention_settings s USING (workspace_id)
 WHERE i.rejections_forgotten_at IS NULL AND i.status IN ('completed', 'failed')
   AND i.requested_at
       < clock_timestamp() - make_interval(days => coalesce(s.rejected_row_days, %(days)s))
 ORDER BY i.requested_at LIMIT %(limit)s
"""
_FORGET_REJECTIONS = """
WITH rows AS (
    DELETE FROM import_rejections WHERE workspace_id = %(workspace_id)s
       AND import_id = %(import_id)s
), mentions AS (
    DELETE FROM import_rejection_addresses WHERE workspace_id = %(workspace_id)s
       AND import_id = %(import_id)s
), forgotten AS (
    UPDATE imports SET rejections_forgotten_at = clock_timestamp()
     WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
       AND rejections_forgotten_at IS NULL
    RETURNING 1
)
SELECT count(*) FROM forgotten
"""
_OLD_FILES = """
SELECT i.workspace_id, i.import_id
  FROM imports i LEFT JOIN retention_settings s USING (workspace_id)
 WHERE i.status IN ('reviewing', 'checking', 'running') AND i.requested_at
       < clock_timestamp() - make_interval(days => coalesce(s.import_file_days, %(days)s))
 ORDER BY i.requested_at LIMIT %(limit)s
"""
_ENGAGEMENT: LiteralString = """
SELECT workspace_id, clock_timestamp() - make_interval(days => engagement_days)
  FROM retention_settings WHERE engagement_days IS NOT NULL
   AND coalesce(engagement_forgotten_at, '-infinity') < clock_timestamp() - interval '1 day'
 LIMIT %(limit)s
"""
_ENGAGEMENT_FORGOTTEN = """
UPDATE retention_settings SET engagement_forgotten_at = clock_timestamp()
 WHERE workspace_id = %(workspace_id)s
"""
_REMEMBERED = """
SELECT EXISTS (SELECT FROM messages WHERE workspace_id = %(workspace_id)s
                  AND sent_at < %(before)s AND opens + clicks > 0)
"""
_INACTIVE: LiteralString = """
SELECT workspace_id, inactive_contact_days FROM retention_settings
 WHERE inactive_contact_days IS NOT NULL
   AND coalesce(inactive_looked_at, '-infinity') < clock_timestamp() - interval '1 day'
 LIMIT %(limit)s
"""
_INACTIVE_PEOPLE = """
SELECT c.contact_id FROM contacts c
 WHERE c.workspace_id = %(workspace_id)s AND c.deleted_at IS NULL AND c.erased_at IS NULL
   AND greatest(c.added_at, c.restored_at)
       < clock_timestamp() - make_interval(days => %(days)s)
   AND NOT EXISTS (SELECT FROM messages m
                    WHERE m.workspace_id = c.workspace_id AND m.contact_id = c.contact_id
                      AND greatest(m.opened_at, m.clicked_at)
                          >= clock_timestamp() - make_interval(days => %(days)s))
   AND NOT EXISTS (SELECT FROM trash t WHERE t.workspace_id = c.workspace_id
                      AND t.kind = 'contact' AND t.thing_id = c.contact_id)
 ORDER BY c.contact_id LIMIT %(limit)s
"""
_LOOKED = """
UPDATE retention_settings SET inactive_looked_at = clock_timestamp()
 WHERE workspace_id = %(workspace_id)s
"""


class OldImport(msgspec.Struct, frozen=True):
    """An import of which something is kept too long; `rows` is how many were rejected."""

    workspace_id: UUID
    import_id: UUID
    rows: int = 0


class PostgresRetention:
    """The port `commands.privacy.ports.RetentionRules`, and what the retention worker asks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def keep(self, workspace_id: UUID, settings: RetentionSettings) -> SqlEffect:
        """See the port."""
        days = msgspec.structs.asdict(settings)
        return SqlEffect(_KEEP, days | {"workspace_id": workspace_id})

    def settings(self, workspace_id: UUID) -> RetentionSettings:
        """Return what the workspace chose, or what holds by itself."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT trash_days, inactive_contact_days, engagement_days, import_file_days,"
                " rejected_row_days, export_days FROM retention_settings WHERE workspace_id = %s",
                (workspace_id,),
            ).fetchone()
        if row is None:
            return _DEFAULTS
        names = RetentionSettings.__struct_fields__
        return RetentionSettings(**dict(zip(names, row, strict=True)))

    def old_rejections(self, *, limit: int) -> list[OldImport]:
        """Return imports whose rejected rows are too old."""
        values = {"days": _DEFAULTS.rejected_row_days, "limit": limit}
        with self._pool.connection() as connection:
            return [OldImport(*row) for row in connection.execute(_OLD_REJECTIONS, values)]

    def forget_rejections(self, old: OldImport) -> SqlEffect:
        """Return the effect that deletes them; StaleStateError when it happened already."""
        return SqlEffect(
            _FORGET_REJECTIONS,
            {"workspace_id": old.workspace_id, "import_id": old.import_id},
            must_change=1,
        )

    def old_files(self, *, limit: int) -> list[OldImport]:
        """Return imports that have not ended and should have, long ago."""
        values = {"days": _DEFAULTS.import_file_days, "limit": limit}
        with self._pool.connection() as connection:
            return [OldImport(*row) for row in connection.execute(_OLD_FILES, values)]

    def old_engagement(self, *, limit: int) -> list[tuple[UUID, datetime]]:
        """Return workspaces that forget engagement, each with the day before which; once a day."""
        with self._pool.connection() as connection:
            return connection.execute(_ENGAGEMENT, {"limit": limit}).fetchall()

    def remembers(self, workspace_id: UUID, before: datetime) -> bool:
        """Tell whether the engagement of a message that was sent before is still known."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            values = {"workspace_id": workspace_id, "before": before}
            row = cursor.execute(_REMEMBERED, values).fetchone()
        return bool(row and row[0])

    def engagement_forgotten(self, workspace_id: UUID) -> SqlEffect:
        """Return the effect that says so for a day."""
        return SqlEffect(_ENGAGEMENT_FORGOTTEN, {"workspace_id": workspace_id})

    def looking_for_inactive(self, *, limit: int) -> list[tuple[UUID, int]]:
        """Return workspaces that part with inactive contacts, each with its days."""
        with self._pool.connection() as connection:
            return connection.execute(_INACTIVE, {"limit": limit}).fetchall()

    def inactive(self, workspace_id: UUID, days: int, *, limit: int) -> list[UUID]:
        """Return people who came, were restored, opened and clicked longer ago than that."""
        values = {"workspace_id": workspace_id, "days": days, "limit": limit}
        with tenant_scope(self._pool, workspace_id) as cursor:
            return [person for (person,) in cursor.execute(_INACTIVE_PEOPLE, values).fetchall()]

    def looked(self, workspace_id: UUID) -> None:
        """Say that nobody more is inactive, for a day."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(_LOOKED, {"workspace_id": workspace_id})
