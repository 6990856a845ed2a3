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
    TemplateRevised,
)
from projections.projection import RecordedEvent, Table

CONTENT = (
    "name",
    "subject",
    "preheader",
    "html",
    "text",
    "own_text",
    "sha256",
    "defaults",
    "warnings",
    "keep_foreign_tags",
)
VERSION = """
INSERT INTO template_versions (workspace_id, template_id, version, name, subject, preheader, html,
                               text, own_text, sha256, defaults, warnings, keep_foreign_tags,
                               restored_from, saved_at, saved_by)
SELECT %(workspace_id)s, %(template_id)s, %(version)s, %(name)s, %(subject)s, %(preheader)s,
       %(html)s, %(text)s, %(own_text)s, %(sha256)s, %(defaults)s, %(warnings)s,
       %(keep_foreign_tags)s, %(restored_from)s, %(at)s,
       (SELECT actor FROM commits
         WHERE workspace_id = %(workspace_id)s AND command_id = %(command_id)s)
ON CONFLICT (workspace_id, template_id, version) DO NOTHING
"""
ADD = """
INSERT INTO templates (workspace_id, template_id, version, name, added_at, updated_at, position)
VALUES (%(workspace_id)s, %(template_id)s, %(version)s, %(name)s, %(at)s, %(at)s, %(position)s)
ON CONFLICT (workspace_id, template_id) DO NOTHING
"""
REVISE = """
UPDATE templates SET version = %(version)s, name = %(name)s, updated_at = %(at)s
 WHERE workspace_id = %(workspace_id)s AND template_id = %(template_id)s
"""
DELETE = "UPDATE templates SET deleted_at = %s WHERE workspace_id = %s AND template_id = %s"
PURGE = "DELETE FROM templates WHERE workspace_id = %s AND template_id = %s"
PURGE_VERSIONS = "DELETE FROM template_versions WHERE workspace_id = %s AND template_id = %s"


class TemplateList:
    """One row a template, and one a version with its cleaned content; none of a purged one."""

    name = "template_list"
    version = 3
    contexts = frozenset({"content"})
    opens = False
    tables = (
        Table(
            name="templates",
            columns=(
                "template_id uuid NOT NULL",
                "version integer NOT NULL",
                "name text NOT NULL",
                "added_at timestamptz NOT NULL",
                "updated_at timestamptz NOT NULL",
                "position bigint NOT NULL",
                "deleted_at timestamptz",
            ),
            key=("template_id",),
            indexes=(("position",),),
        ),
        Table(
            name="template_versions",
            columns=(
                "template_id uuid NOT NULL",
                "version integer NOT NULL",
                "name text NOT NULL",
                "subject text NOT NULL",
                "preheader text NOT NULL",
                "html text NOT NULL",
                "text text NOT NULL",
                "own_text boolean NOT NULL",
                "sha256 text NOT NULL",
                "defaults jsonb NOT NULL",
                "warnings text[] NOT NULL",
                "keep_foreign_tags boolean NOT NULL",
                "restored_from integer",
                "saved_at timestamptz NOT NULL",
                "saved_by text",
            ),
            key=("template_id", "version"),
        ),
    )

    def apply(self, events: Sequence[RecordedEvent], cursor: Cursor[TupleRow]) -> None:
        """Change row by row: templates are few and large."""
        for recorded in events:
            event, workspace_id = recorded.event, recorded.workspace_id
            if isinstance(event, TemplateDeleted):
                cursor.execute(DELETE, (recorded.recorded_at, workspace_id, event.template_id))
            elif isinstance(event, TemplateRestored):
                cursor.execute(DELETE, (None, workspace_id, event.template_id))
            elif isinstance(event, TemplatePurged):
                cursor.execute(PURGE, (workspace_id, event.template_id))
                cursor.execute(PURGE_VERSIONS, (workspace_id, event.template_id))
            elif isinstance(event, TemplateAdded):
                values = _values(recorded, event) | {"version": 1, "restored_from": None}
                cursor.execute(ADD, values)
                cursor.execute(VERSION, values)
            elif isinstance(event, TemplateRevised):
                values = _values(recorded, event)
                values |= {"version": event.version, "restored_from": event.restored_from}
                cursor.execute(REVISE, values)
                cursor.execute(VERSION, values)


def _values(recorded: RecordedEvent, event: TemplateAdded | TemplateRevised) -> dict[str, object]:
    content = {name: getattr(event, name) for name in CONTENT}
    return content | {
        "defaults": msgspec.json.encode(event.defaults).decode(),
        "workspace_id": recorded.workspace_id,
        "command_id": recorded.command_id,
        "template_id": event.template_id,
        "at": recorded.recorded_at,
        "position": recorded.position,
    }
