"""Which templates are there?"""

from collections.abc import Sequence

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.content.events import (
    TemplateAdded,
    TemplateDeleted,
    TemplatePurged,
    TemplateRestored,
)
from projections.projection import RecordedEvent, Table

INSERT = """
INSERT INTO templates (workspace_id, template_id, name, subject, html, text, sha256, defaults,
                       warnings, added_at, position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, template_id) DO NOTHING
"""


DELETE = "UPDATE templates SET deleted_at = %s WHERE workspace_id = %s AND template_id = %s"
PURGE = "DELETE FROM templates WHERE workspace_id = %s AND template_id = %s"


class TemplateList:
    """One row a template, with its cleaned content; none of a purged one."""

    name = "template_list"
    version = 2
    contexts = frozenset({"content"})
    opens = False
    tables = (
        Table(
            name="templates",
            columns=(
                "template_id uuid NOT NULL",
                "name text NOT NULL",
                "subject text NOT NULL",
                "html text NOT NULL",
                "text text NOT NULL",
                "sha256 text NOT NULL",
                "defaults jsonb NOT NULL",
                "warnings text[] NOT NULL",
                "added_at timestamptz NOT NULL",
                "position bigint NOT NULL",
                "deleted_at timestamptz",
            ),
            key=("template_id",),
            indexes=(("position",),),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Insert row by row: templates are few and large."""
        for recorded in events:
            event, workspace_id = recorded.event, recorded.workspace_id
            if isinstance(event, TemplateDeleted):
                cursor.execute(DELETE, (recorded.recorded_at, workspace_id, event.template_id))
            elif isinstance(event, TemplateRestored):
                cursor.execute(DELETE, (None, workspace_id, event.template_id))
            elif isinstance(event, TemplatePurged):
                cursor.execute(PURGE, (workspace_id, event.template_id))
            elif isinstance(event, TemplateAdded):
                cursor.execute(
                    INSERT,
                    (
                        workspace_id,
                        event.template_id,
                        event.name,
                        event.subject,
                        event.html,
                        event.text,
                        event.sha256,
                        msgspec.json.encode(event.defaults).decode(),
                        event.warnings,
                        recorded.recorded_at,
                        recorded.position,
                    ),
                )
