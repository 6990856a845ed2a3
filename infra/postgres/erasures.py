"""Erasures and how far each is: asked for, recorded, done. What is not done, the scheduler does.

Writers that could store something of a person in clear (the importer its rejected rows, the
dispatcher its transcripts) hold the shared lock of `keep_out_erased` until they commit, and look
at this table under it; `begin` holds it alone. So nothing comes in behind an erasure.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from commands.privacy.ports import BegunErasure
from domain.shared.context import Context
from domain.shared.message_id import message_id
from infra.postgres.advisory_locks import ERASURE_LOCK
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

ERASED_CODE = "erased"
ERASED_REASON = "The address belongs to a person who was erased; nothing of the row is kept."

_LOCK_NUMBER = "hashtext(%(workspace_id)s::uuid::text)"
_BEGIN = """
INSERT INTO erasures (workspace_id, contact_id, command_id, actor, correlation_id, ip, key_sha256)
VALUES (%(workspace_id)s, %(contact_id)s, %(command_id)s, %(actor)s, %(correlation_id)s, %(ip)s,
        %(key_sha256)s)
ON CONFLICT DO NOTHING
"""
_STOP = """
INSERT INTO do_not_mail (workspace_id, contact_id, reason)
VALUES (%(workspace_id)s, %(contact_id)s, 'erased') ON CONFLICT DO NOTHING
"""
_COLUMNS = "workspace_id, contact_id, command_id, actor, correlation_id, ip, key_sha256, stage"
_ONE = (
    "SELECT " + _COLUMNS + " FROM erasures"
    " WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s"
)
_UNFINISHED = "SELECT " + _COLUMNS + " FROM erasures WHERE stage <> 'done' ORDER BY asked_at"
_SCRUB = """
WITH mentions AS (
    SELECT m.import_id, m.row FROM import_rejection_addresses m
      JOIN contact_addresses a ON a.workspace_id = m.workspace_id
                              AND a.address_key = m.address_key
     WHERE a.workspace_id = %(workspace_id)s AND a.contact_id = %(contact_id)s
), rows AS (
    UPDATE import_rejections r SET cells = '[]', code = %(code)s, reason = %(reason)s
      FROM mentions m
     WHERE r.workspace_id = %(workspace_id)s AND r.import_id = m.import_id AND r.row = m.row
), letters AS (
    UPDATE dead_letters SET transcript = ''
     WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
), listed AS (
    UPDATE contact_addresses SET is_listed = false
     WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s AND is_listed
), rubbish AS (
    DELETE FROM trash
     WHERE workspace_id = %(workspace_id)s AND kind = 'contact' AND thing_id = %(contact_id)s
)
UPDATE erasures SET stage = 'recorded'
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s AND stage = 'asked'
"""
_TASKS = """
SELECT message_id, campaign_id, phase = 0 AND locked_by IS NULL FROM email_tasks
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
"""
_LAUNCHED = """
SELECT campaign_id, launched_at_ms FROM campaign_runs
 WHERE workspace_id = %(workspace_id)s AND launched_at_ms IS NOT NULL
"""
_DONE = """
UPDATE erasures SET stage = 'done'
 WHERE workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s
"""


class Erasing(msgspec.Struct, frozen=True):
    """One row: who is to be erased, for whom, and how far it is."""

    workspace_id: UUID
    contact_id: UUID
    command_id: UUID
    actor: str
    correlation_id: UUID
    ip: str | None
    key_sha256: str
    stage: str


class ErasedTask(msgspec.Struct, frozen=True):
    """A message of an erased person that is queued; not `free`: a dispatcher has it."""

    message_id: UUID
    campaign_id: UUID
    free: bool


class PostgresErasures:
    """The port `commands.privacy.ports.Erasures`, and what the scheduler needs of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def begin(self, contact_id: UUID, context: Context, *, key_sha256: str) -> BegunErasure:
        """See the port."""
        values = {
            "workspace_id": context.workspace_id,
            "contact_id": contact_id,
            "command_id": context.command_id,
            "actor": context.actor,
            "correlation_id": context.correlation_id,
            "ip": context.ip,
            "key_sha256": key_sha256,
        }
        with tenant_scope(self._pool, context.workspace_id) as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%(lock)s, " + _LOCK_NUMBER + ")",
                values | {"lock": ERASURE_LOCK},
            )
            cursor.execute(_BEGIN, values)
            cursor.execute(_STOP, values)
            row = cursor.execute(_ONE, values).fetchone()
        if row is None:
            raise RuntimeError("an erasure vanished while it was begun: erasures are never deleted")
        found = Erasing(*row)
        return BegunErasure(
            context=msgspec.structs.replace(
                context,
                command_id=found.command_id,
                actor=found.actor,
                correlation_id=found.correlation_id,
                ip=found.ip,
            ),
            key_sha256=found.key_sha256,
        )

    def scrub(self, workspace_id: UUID, contact_id: UUID) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _SCRUB,
            {
                "workspace_id": workspace_id,
                "contact_id": contact_id,
                "code": ERASED_CODE,
                "reason": ERASED_REASON,
            },
        )

    def contact_at(self, workspace_id: UUID, address_key: bytes) -> UUID | None:
        """Return whose address this is, erased or not."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(
                "SELECT contact_id FROM contact_addresses"
                " WHERE workspace_id = %s AND address_key = %s",
                (workspace_id, address_key),
            ).fetchone()
        return row[0] if row else None

    def unfinished(self) -> Sequence[Erasing]:
        """Return erasures with something left to do, of all workspaces; only for workers."""
        with self._pool.connection() as connection:
            return [Erasing(*row) for row in connection.execute(_UNFINISHED).fetchall()]

    def known(self) -> set[tuple[UUID, UUID]]:
        """Return (workspace, contact) of every erasure, of all workspaces; only for workers.

        Invitations are among them: theirs are keys of their own, and they see to them.
        """
        with self._pool.connection() as connection:
            return set(
                connection.execute(
                    "SELECT workspace_id, contact_id FROM erasures"
                    " UNION ALL SELECT workspace_id, invitation_id FROM invitations"
                ).fetchall()
            )

    def tasks(self, erasing: Erasing) -> list[ErasedTask]:
        """Return the person's messages without a final outcome."""
        with tenant_scope(self._pool, erasing.workspace_id) as cursor:
            return [ErasedTask(*row) for row in cursor.execute(_TASKS, _key(erasing)).fetchall()]

    def messages(self, erasing: Erasing) -> list[UUID]:
        """Return the ids of all messages that the person may have got."""
        with tenant_scope(self._pool, erasing.workspace_id) as cursor:
            rows = cursor.execute(_LAUNCHED, _key(erasing)).fetchall()
        return [
            message_id(campaign_id=campaign, contact_id=erasing.contact_id, launched_at_ms=at)
            for campaign, at in rows
        ]

    def done(self, erasing: Erasing) -> None:
        """Say that nothing is left to do."""
        with tenant_scope(self._pool, erasing.workspace_id) as cursor:
            cursor.execute(_DONE, _key(erasing))


def _key(erasing: Erasing) -> dict[str, object]:
    return {"workspace_id": erasing.workspace_id, "contact_id": erasing.contact_id}


def keep_out_erased(cursor: Cursor[TupleRow], workspace_id: UUID) -> None:
    """Hold erasures off until this transaction ends; then ask who is erased."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock_shared(%(lock)s, " + _LOCK_NUMBER + ")",
        {"lock": ERASURE_LOCK, "workspace_id": workspace_id},
    )


def erased_addresses(
    cursor: Cursor[TupleRow], workspace_id: UUID, address_keys: Sequence[bytes]
) -> set[bytes]:
    """Return those of the keys that belong to an erased person."""
    cursor.execute(
        "SELECT a.address_key FROM contact_addresses a JOIN erasures e"
        " ON e.workspace_id = a.workspace_id AND e.contact_id = a.contact_id"
        " WHERE a.workspace_id = %s AND a.address_key = ANY(%s)",
        (workspace_id, list(address_keys)),
    )
    return {bytes(key) for (key,) in cursor.fetchall()}


def erased_contacts(
    cursor: Cursor[TupleRow], workspace_id: UUID, contacts: Sequence[UUID]
) -> set[UUID]:
    """Return those of the contacts that are erased, or are being erased."""
    cursor.execute(
        "SELECT contact_id FROM erasures WHERE workspace_id = %s AND contact_id = ANY(%s)",
        (workspace_id, list(contacts)),
    )
    return {contact_id for (contact_id,) in cursor.fetchall()}
