"""Messages that were given up, with the conversation that led to it, and what is decided then."""

from collections.abc import Collection, Iterator, Sequence
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from commands.delivery.ports import LetterFilter
from domain.delivery import dead_letter
from infra.postgres.connections import Pool
from infra.postgres.erasures import erased_contacts, keep_out_erased
from infra.postgres.requeueing import QUEUE_TAKEN, Settling
from infra.postgres.tenant_scope import read_in_scope, tenant_scope

# A message that was re-driven and fails again keeps what was said before.
_ADD = """
INSERT INTO dead_letters AS l (workspace_id, message_id, campaign_id, contact_id, attempt, code,
                               status, reason, transcript)
SELECT %(workspace_id)s, m, ca, co, a, c, s, r, CASE WHEN co = ANY(%(erased)s) THEN '' ELSE t END
  FROM unnest(%(message_id)s::uuid[], %(campaign_id)s::uuid[], %(contact_id)s::uuid[],
              %(attempt)s::int[], %(code)s::int[], %(status)s::text[], %(reason)s::text[],
              %(transcript)s::text[]) AS u(m, ca, co, a, c, s, r, t)
ON CONFLICT (workspace_id, message_id) DO UPDATE
   SET attempt = excluded.attempt, code = excluded.code, status = excluded.status,
       reason = excluded.reason, failed_at = excluded.failed_at, state = 'open',
       settled_by = NULL, settled_at = NULL,
       transcript = CASE WHEN excluded.transcript = '' THEN ''
                         ELSE concat_ws(E'\\n', nullif(l.transcript, ''), excluded.transcript) END
 WHERE l.attempt < excluded.attempt
"""
_LETTERS: LiteralString = """
SELECT l.message_id, l.kind, l.campaign_id, l.contact_id, l.attempt, l.state, l.settled_by,
       (SELECT max(d.reason) FROM stops_in_force d
         WHERE d.workspace_id = l.workspace_id AND d.contact_id = l.contact_id) AS stopped
  FROM dead_letters l WHERE l.workspace_id = %(workspace_id)s
"""
_ONE = _LETTERS + " AND l.message_id = %(message_id)s"
_OPEN = _LETTERS + " AND l.state = 'open' AND l.message_id > %(after)s"
CONDITIONS: dict[str, LiteralString] = {
    "campaign_id": " AND l.campaign_id = %(campaign_id)s",
    "failed_for": " AND l.reason = %(failed_for)s",
    "code": " AND l.code = %(code)s",
    "since": " AND l.failed_at >= %(since)s",
}
_SETTLE: LiteralString = """
WITH taken AS (
    UPDATE dead_letters l
       SET state = %(state)s, settled_by = %(command_id)s, settled_at = clock_timestamp()
     WHERE l.workspace_id = %(workspace_id)s AND l.message_id = ANY(%(messages)s::uuid[])
       AND l.state = 'open'
    RETURNING l.message_id, l.campaign_id, l.contact_id, l.attempt
)"""
_SHOWN: LiteralString = """
SELECT l.message_id, l.kind, l.campaign_id, l.contact_id, l.attempt, l.code, l.status, l.reason,
       l.failed_at, l.state, l.transcript
  FROM dead_letters l WHERE l.workspace_id = %(workspace_id)s"""
_NOTHING = UUID(int=0)


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `transcript` has no address in it."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    code: int
    status: str
    reason: str
    transcript: str


class DeadLetters(msgspec.Struct, frozen=True):
    """The effect of EmailFailed; of an erased person no transcript is kept."""

    workspace_id: UUID
    letters: Sequence[DeadLetter]

    def apply(self, cursor: object) -> None:
        """Run in the transaction of the append."""
        if not isinstance(cursor, Cursor):
            raise TypeError("effects of Postgres need its cursor")
        columns: dict[str, object] = {
            name: [getattr(letter, name) for letter in self.letters]
            for name in DeadLetter.__struct_fields__
        }
        keep_out_erased(cursor, self.workspace_id)
        people = [letter.contact_id for letter in self.letters]
        erased = erased_contacts(cursor, self.workspace_id, people)
        cursor.execute(_ADD, columns | {"workspace_id": self.workspace_id, "erased": list(erased)})


class PostgresDeadLetters:
    """The port `commands.delivery.ports.DeadLetters`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, workspace_id: UUID, message_id: UUID) -> dead_letter.DeadLetter | None:
        """See the port."""
        found = self._rows(_ONE, {"workspace_id": workspace_id, "message_id": message_id})
        return found[0] if found else None

    def pages(
        self, workspace_id: UUID, wanted: LetterFilter, *, limit: int
    ) -> Iterator[Sequence[dead_letter.DeadLetter]]:
        """See the port."""
        values = msgspec.structs.asdict(wanted) | {"workspace_id": workspace_id, "limit": limit}
        query = _OPEN
        for name, condition in CONDITIONS.items():
            if values[name] is not None:
                query += condition
        query += " ORDER BY l.message_id LIMIT %(limit)s"
        after = _NOTHING
        while page := self._rows(query, values | {"after": after}):
            yield page
            after = page[-1].message_id

    def requeue(
        self,
        workspace_id: UUID,
        messages: Sequence[UUID],
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Settling:
        """See the port."""
        values = _settled(workspace_id, "redriven", command_id) | {"completed": list(completed)}
        return Settling(_SETTLE + QUEUE_TAKEN, values, messages)

    def discard(
        self, workspace_id: UUID, messages: Sequence[UUID], *, command_id: UUID
    ) -> Settling:
        """See the port."""
        values = _settled(workspace_id, "discarded", command_id)
        return Settling(_SETTLE + " SELECT count(*) FROM taken", values, messages)

    def _rows(
        self, query: LiteralString, values: dict[str, object]
    ) -> list[dead_letter.DeadLetter]:
        workspace_id = values["workspace_id"]
        if not isinstance(workspace_id, UUID):
            raise TypeError("letters are looked up in one workspace")
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(query, values).fetchall()
        names = dead_letter.DeadLetter.__struct_fields__
        return [dead_letter.DeadLetter(**dict(zip(names, row, strict=True))) for row in rows]


def _settled(workspace_id: UUID, state: str, command_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id, "state": state, "command_id": command_id}


def letters_shown(
    pool: Pool, workspace_id: UUID, wanted: LetterFilter, *, limit: int
) -> list[dict[str, object]]:
    """Return the open letters that match, without their transcripts, for the command line."""
    values = msgspec.structs.asdict(wanted) | {"workspace_id": workspace_id, "limit": limit}
    query = _SHOWN + " AND l.state = 'open'"
    for name, condition in CONDITIONS.items():
        if values[name] is not None:
            query += condition
    query += " ORDER BY l.message_id LIMIT %(limit)s"
    found: list[dict[str, object]] = read_in_scope(pool, workspace_id, dict, query, values)
    return [{name: row[name] for name in row if name != "transcript"} for row in found]


def letter_shown(pool: Pool, workspace_id: UUID, message_id: UUID) -> dict[str, object] | None:
    """Return one letter with its transcript."""
    values = {"workspace_id": workspace_id, "message_id": message_id}
    query = _SHOWN + " AND l.message_id = %(message_id)s"
    found: list[dict[str, object]] = read_in_scope(pool, workspace_id, dict, query, values)
    return found[0] if found else None
