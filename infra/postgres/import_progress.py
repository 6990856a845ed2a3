"""Where each import stands: read by the importer, moved in the transaction of its facts."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from domain.contacts.address_repairs import Repair
from domain.contacts.import_row import RejectedRow
from domain.shared.errors import ConcurrentChangeError
from infra.postgres.connections import Pool
from infra.postgres.erasures import (
    ERASED_CODE,
    ERASED_REASON,
    erased_addresses,
    keep_out_erased,
)
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_CLOSE = """
WITH file AS (
    DELETE FROM import_parts WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
)
UPDATE imports SET status = %(status)s, error_code = %(code)s, error = %(error)s,
       changed_at = clock_timestamp()
 WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
"""


class RunningImport(msgspec.Struct, frozen=True):
    """An import with rows left; rows before `next_row` (from 0) have their verdict."""

    workspace_id: UUID
    import_id: UUID
    mapping: dict[str, str]
    next_row: int
    valid: int
    duplicates: int
    invalid: int
    empty: int
    repairs: frozenset[Repair] = frozenset()


class Listed(msgspec.Struct, frozen=True):
    """Under which id an address was suppressed, and what stops mail to it now, if anything."""

    contact_id: UUID
    stopped: str


class ImportState(msgspec.Struct, frozen=True):
    """Where an import is: running, completed or failed; the figures so far."""

    status: str
    error: str
    rows: int
    valid: int
    duplicates: int
    invalid: int
    empty: int
    last_position: int


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """The effect of one chunk of rows: addresses taken, verdicts counted, the place moved on.

    Raises ConcurrentChangeError when another importer moved the place; a taken address raises
    the unique violation that the log reports as ConcurrentChangeError too.
    """

    workspace_id: UUID
    import_id: UUID
    first_row: int
    rows: int
    address_keys: Sequence[bytes]
    contact_ids: Sequence[UUID]
    rejected: Sequence[RejectedRow]
    mentions: Sequence[tuple[int, bytes]]  # rejected row, key of an address that stands in it
    duplicates: int
    invalid: int
    empty: int

    def apply(self, cursor: object) -> None:
        """Run in the transaction of the append."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        keep_out_erased(cursor, self.workspace_id)
        cursor.execute(
            "UPDATE imports SET next_row = %s, valid = valid + %s, duplicates = duplicates + %s,"
            " invalid = invalid + %s, empty = empty + %s, changed_at = clock_timestamp()"
            " WHERE workspace_id = %s AND import_id = %s AND next_row = %s AND status = 'running'"
            " RETURNING next_row",
            (
                self.first_row + self.rows,
                len(self.contact_ids),
                self.duplicates,
                self.invalid,
                self.empty,
                self.workspace_id,
                self.import_id,
                self.first_row,
            ),
        )
        if cursor.fetchone() is None:
            raise ConcurrentChangeError("another importer has moved this import on")
        if self.contact_ids:
            cursor.execute(
                # In one order, or two imports of the same people would wait for each other.
                "INSERT INTO contact_addresses (workspace_id, address_key, contact_id)"
                " SELECT %b::uuid, k, c FROM unnest(%b::bytea[], %b::uuid[]) AS u(k, c) ORDER BY k"
                # A listed address becomes the contact that it was kept for; any other is taken.
                " ON CONFLICT (workspace_id, address_key) DO UPDATE SET is_listed = false"
                " WHERE contact_addresses.is_listed"
                " AND contact_addresses.contact_id = excluded.contact_id RETURNING 1",
                (self.workspace_id, list(self.address_keys), list(self.contact_ids)),
            )
            if len(cursor.fetchall()) != len(self.address_keys):  # a pipeline counts no rows
                raise ConcurrentChangeError("an address was taken meanwhile")
        if self.rejected:
            rejected = self._without_the_erased(cursor)
            cursor.execute(
                "INSERT INTO import_rejections (workspace_id, import_id, row, line, code, reason,"
                " cells) SELECT %b::uuid, %b::uuid, r, l, c, t, j::jsonb FROM unnest(%b::int[],"
                " %b::int[], %b::text[], %b::text[], %b::text[]) AS u(r, l, c, t, j)",
                (
                    self.workspace_id,
                    self.import_id,
                    [row.row_number for row in rejected],
                    [row.line_number for row in rejected],
                    [row.code for row in rejected],
                    [row.reason for row in rejected],
                    [_cells(row.cells) for row in rejected],
                ),
            )
        if self.mentions:
            cursor.execute(
                "INSERT INTO import_rejection_addresses (workspace_id, address_key, import_id, row)"
                " SELECT %b::uuid, k, %b::uuid, r FROM unnest(%b::bytea[], %b::int[]) AS u(k, r)"
                " ON CONFLICT DO NOTHING",
                (
                    self.workspace_id,
                    self.import_id,
                    [key for _, key in self.mentions],
                    [row for row, _ in self.mentions],
                ),
            )

    def _without_the_erased(self, cursor: Cursor[TupleRow]) -> list[RejectedRow]:
        """Return the rejected rows, emptied where an erased person stands in them."""
        keys = list({key for _, key in self.mentions})
        erased = erased_addresses(cursor, self.workspace_id, keys) if keys else set()
        rows = {row for row, key in self.mentions if key in erased}
        return [
            msgspec.structs.replace(row, code=ERASED_CODE, reason=ERASED_REASON, cells=[])
            if row.row_number in rows
            else row
            for row in self.rejected
        ]


class PostgresImports:
    """Reads and moves the `imports` table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def running(self) -> list[RunningImport]:
        """Return imports with work left, of all workspaces, the oldest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT workspace_id, import_id, mapping, next_row, valid, duplicates, invalid,"
                " empty, repairs FROM imports WHERE status = 'running'"
                " ORDER BY requested_at LIMIT 1000"
            ).fetchall()
        return [RunningImport(*(*row[:-1], frozenset(map(Repair, row[-1])))) for row in rows]

    def opened(
        self, job: RunningImport, *, header: Sequence[str], encoding: str, delimiter: str
    ) -> None:
        """Remember how the file was read."""
        with tenant_scope(self._pool, job.workspace_id) as cursor:
            cursor.execute(
                "UPDATE imports SET header = %s, encoding = %s, delimiter = %s"
                " WHERE workspace_id = %s AND import_id = %s",
                (
                    Jsonb([storable(name) for name in header]),
                    encoding,
                    delimiter,
                    job.workspace_id,
                    job.import_id,
                ),
            )

    def known(self, workspace_id: UUID, address_keys: Sequence[bytes]) -> set[bytes]:
        """Return which of these addresses belong to a contact already."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(
                "SELECT address_key FROM contact_addresses"
                " WHERE workspace_id = %b AND address_key = ANY(%b) AND NOT is_listed",
                (workspace_id, list(address_keys)),
                binary=True,
            )
            return {row[0] for row in cursor.fetchall()}

    def listed(self, workspace_id: UUID, address_keys: Sequence[bytes]) -> dict[bytes, Listed]:
        """Return which of these were suppressed before anybody had them."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(
                "SELECT a.address_key, a.contact_id, coalesce((SELECT max(d.reason)"
                " FROM stops_in_force d WHERE d.workspace_id = a.workspace_id"
                " AND d.contact_id = a.contact_id), '') FROM contact_addresses a"
                " WHERE a.workspace_id = %b AND a.address_key = ANY(%b) AND a.is_listed",
                (workspace_id, list(address_keys)),
                binary=True,
            )
            return {bytes(key): Listed(*who) for key, *who in cursor.fetchall()}

    def in_trash(self, workspace_id: UUID, address_keys: Sequence[bytes]) -> set[bytes]:
        """Return which of these addresses belong to a contact that is in the trash."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            cursor.execute(
                "SELECT a.address_key FROM contact_addresses a JOIN trash t"
                " ON t.workspace_id = a.workspace_id AND t.kind = 'contact'"
                " AND t.thing_id = a.contact_id"
                " WHERE a.workspace_id = %b AND a.address_key = ANY(%b)",
                (workspace_id, list(address_keys)),
                binary=True,
            )
            return {row[0] for row in cursor.fetchall()}

    def state(self, workspace_id: UUID, import_id: UUID) -> ImportState | None:
        """Return where an import is; `last_position` is the newest of the workspace's log."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT status, coalesce(error, ''), next_row, valid, duplicates, invalid, empty,"
                " (SELECT coalesce(max(last_position), 0) FROM commits WHERE workspace_id = %s)"
                " FROM imports WHERE workspace_id = %s AND import_id = %s",
                (workspace_id, workspace_id, import_id),
            ).fetchone()
        return ImportState(*row) if row else None

    def header(self, workspace_id: UUID, import_id: UUID) -> Sequence[str]:
        """Return the file's column names, empty while it was not opened."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT header FROM imports WHERE workspace_id = %s AND import_id = %s",
                (workspace_id, import_id),
            ).fetchone()
        return row[0] or () if row else ()

    def rejected(self, workspace_id: UUID, import_id: UUID) -> Iterator[RejectedRow]:
        """Yield the rejected rows in order, a page in memory at a time."""
        after = 0
        while True:
            with tenant_scope(self._pool, workspace_id) as cursor:
                rows = cursor.execute(
                    "SELECT row, line, code, reason, cells FROM import_rejections"
                    " WHERE workspace_id = %s AND import_id = %s AND row > %s"
                    " ORDER BY row LIMIT 1000",
                    (workspace_id, import_id, after),
                ).fetchall()
            if not rows:
                return
            yield from (RejectedRow(*row) for row in rows)
            after = rows[-1][0]

    def completed(self, job: RunningImport) -> SqlEffect:
        """Return the effect that closes the import and forgets the file."""
        return _close(job.workspace_id, job.import_id, status="completed", code=None, error=None)

    def failed(self, job: RunningImport, *, code: str, error: str) -> SqlEffect:
        """Return the effect that closes it with a reason."""
        return import_failed(job.workspace_id, job.import_id, code=code, error=error)


def import_failed(workspace_id: UUID, import_id: UUID, *, code: str, error: str) -> SqlEffect:
    """Return the effect that closes an import with a reason, and forgets its file."""
    return _close(workspace_id, import_id, status="failed", code=code, error=error)


def _close(
    workspace_id: UUID, import_id: UUID, *, status: str, code: str | None, error: str | None
) -> SqlEffect:
    return SqlEffect(
        _CLOSE,
        {
            "workspace_id": workspace_id,
            "import_id": import_id,
            "status": status,
            "code": code,
            "error": error,
        },
    )


def storable(text: str) -> str:
    r"""Return text that PostgreSQL can keep: no NUL; a byte that did not decode as \udcXX."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "backslashreplace").decode()


def _cells(cells: Sequence[str]) -> str:
    return msgspec.json.encode([storable(cell) for cell in cells]).decode()
