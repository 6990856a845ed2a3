"""Read the sections of an export page by page, and note whose data each page shows."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from infra.data_exports.job import DataJob
from infra.data_exports.sections import COUNT_OF_WORKSPACE, Section
from infra.eventstore.mapper import Mapper
from infra.postgres.connections import Pool
from infra.postgres.erasures import erased_contacts, keep_out_erased
from infra.postgres.tenant_scope import tenant_scope

PAGE = 1_000
SCAN = 50_000  # positions of the log that are searched at once
_HOLD = """
INSERT INTO export_subjects (workspace_id, export_id, position, subjects) VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id, export_id, position) DO UPDATE SET subjects = excluded.subjects
"""
_EVENTS: LiteralString = """
SELECT position, recorded_at, tag, data FROM events
 WHERE workspace_id = %(workspace_id)s AND position > %(after)s AND position <= %(upto)s
   AND position(convert_to(%(text)s, 'UTF8') IN data) > 0
 ORDER BY position
"""


class DataPages:
    """The rows of one export; only for the exporter."""

    def __init__(self, pool: Pool, mapper: Mapper, job: DataJob) -> None:
        self._pool = pool
        self._mapper = mapper
        self._job = job

    def total(self) -> int:
        """Count what a workspace holds."""
        with tenant_scope(self._pool, self._job.workspace_id) as cursor:
            row = cursor.execute(
                COUNT_OF_WORKSPACE, {"workspace_id": self._job.workspace_id}
            ).fetchone()
        return int(row[0]) if row else 0

    def page(self, section: Section, after: Sequence[str], *, number: int) -> list[tuple[Any, ...]]:
        """Return the next rows with their keys.

        Whom they show is remembered in the transaction that holds erasures off: an erasure that
        comes later finds the export, one that came before is seen here.
        """
        job = self._job
        values = {
            "workspace_id": job.workspace_id,
            "contact_id": job.contact_id,
            "limit": PAGE,
            **{f"after_{at}": key for at, key in enumerate(after or section.first)},
        }
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            if section.people:
                keep_out_erased(cursor, job.workspace_id)
            rows = cursor.execute(section.query, values).fetchall()
            if section.people and rows:
                people = [row[0] for row in rows]
                shown = set(people) - erased_contacts(cursor, job.workspace_id, people)
                packed = b"".join(sorted(person.bytes for person in shown))
                cursor.execute(_HOLD, (job.workspace_id, job.export_id, number, packed))
        return rows

    def events(self, contact_id: UUID, after: int, *, horizon: int) -> tuple[list[Any], int]:
        """Return what the log says of a person after a position, opened, and how far it looked.

        Keys are read anew: nothing of an erased person is opened.
        """
        upto = min(after + SCAN, horizon)
        values = {
            "workspace_id": self._job.workspace_id,
            "after": after,
            "upto": upto,
            "text": str(contact_id),
        }
        with tenant_scope(self._pool, self._job.workspace_id) as cursor:
            rows = cursor.execute(_EVENTS, values).fetchall()
        self._mapper.forget()
        sealed = [(self._mapper.decode(tag, bytes(data)), bytes(data)) for _, _, tag, data in rows]
        opened = self._mapper.open(self._job.workspace_id, sealed)
        lines = [
            {
                "position": position,
                "recorded_at": recorded_at,
                "type": tag,
                "event": msgspec.to_builtins(event),
            }
            for (position, recorded_at, tag, _), event in zip(rows, opened, strict=True)
        ]
        return lines, upto
