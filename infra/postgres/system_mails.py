"""Mail of the system on its way to the dispatcher, sealed under the key of whom it is for."""

import os
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from commands.ports import SystemMail
from domain.delivery.system_mail import compose
from domain.shared.platform import PLATFORM
from infra.crypto.vault import NONCE_BYTES, KeyVault
from infra.eventstore.mapper import PersonErasedError
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

_QUEUE = """
INSERT INTO system_mails (workspace_id, mail_id, kind, subject_id, sealed, expires_at,
                          sandbox)
VALUES (%(workspace_id)s, %(mail_id)s, %(kind)s, %(subject_id)s, %(sealed)s, %(expires_at)s,
        %(sandbox)s)
ON CONFLICT DO NOTHING
"""
_FREE = """
due_at <= clock_timestamp() AND (locked_by IS NULL OR NOT EXISTS (
    SELECT FROM dispatchers d WHERE d.dispatcher_id = locked_by
       AND d.alive_until > clock_timestamp()))
"""
# Each workspace's oldest before anybody's second.
_WAITING = (
    "SELECT workspace_id, mail_id FROM system_mails WHERE sandbox = ANY(%(lanes)s) AND "
    + _FREE
    + """
 ORDER BY row_number() OVER (PARTITION BY workspace_id ORDER BY due_at), due_at LIMIT %(limit)s
"""
)
_CLAIM = (
    """
UPDATE system_mails SET locked_by = %(owner)s, attempt = attempt + 1
 WHERE workspace_id = %(workspace_id)s AND mail_id = (
    SELECT mail_id FROM system_mails
     WHERE workspace_id = %(workspace_id)s AND mail_id = %(mail_id)s AND """
    + _FREE
    + """
       AND EXISTS (SELECT FROM dispatchers WHERE dispatcher_id = %(owner)s
                      AND alive_until > clock_timestamp())
       AND NOT EXISTS (SELECT FROM kill_switches WHERE workspace_id = %(platform)s
                          AND scope = 'global' AND is_on)
       FOR UPDATE SKIP LOCKED)
RETURNING workspace_id, mail_id, kind, subject_id, sealed, expires_at, sandbox, queued_at,
          attempt, clock_timestamp()
"""
)
_REMOVE = """
DELETE FROM system_mails WHERE workspace_id = %(workspace_id)s AND mail_id = %(mail_id)s
"""
_DEFER = """
UPDATE system_mails SET locked_by = NULL, due_at = %(due_at)s
 WHERE workspace_id = %(workspace_id)s AND mail_id = %(mail_id)s AND locked_by = %(owner)s
"""
_RELEASE = """
UPDATE system_mails SET locked_by = NULL, attempt = attempt - 1
 WHERE workspace_id = %(workspace_id)s AND mail_id = %(mail_id)s AND locked_by = %(owner)s
"""
_LETTER = """
INSERT INTO dead_letters (workspace_id, message_id, kind, attempt, code, status, reason, transcript)
VALUES (%(workspace_id)s, %(mail_id)s, %(kind)s, %(attempt)s, %(code)s, %(status)s, %(reason)s,
        %(transcript)s)
ON CONFLICT DO NOTHING
"""
_FAILED = """
SELECT message_id AS mail, kind, reason, code, status, attempt, failed_at FROM dead_letters
 WHERE workspace_id = %s AND kind <> 'campaign' ORDER BY message_id DESC LIMIT 1000
"""


class Content(msgspec.Struct, frozen=True):
    """What is sealed: where the mail goes and what fills its text."""

    to_address: str
    values: dict[str, str]

    def __repr__(self) -> str:
        """Show neither the address nor the links."""
        return "Content(***)"


class ClaimedMail(msgspec.Struct, frozen=True):
    """A mail of ours; `attempt` is the one that begins now, the first is 1."""

    workspace_id: UUID
    mail_id: UUID
    kind: str
    subject_id: UUID
    sealed: bytes
    expires_at: datetime
    sandbox: bool
    queued_at: datetime
    attempt: int
    claimed_at: datetime


class PostgresSystemMails:
    """The port `commands.ports.SystemMails`."""

    def __init__(self, vault: KeyVault) -> None:
        self._vault = vault

    def queue(self, mail: SystemMail) -> SqlEffect:
        """See the port. Raises PersonErasedError for somebody who never gets a key again.

        Raises SystemMailError for a kind without a text, or a value that it needs.
        """
        compose(mail.kind, mail.values, expires_at=mail.expires_at)
        ciphers = self._vault.ciphers(mail.workspace_id, [mail.subject_id], mint=True)
        cipher = ciphers.get(mail.subject_id)
        if cipher is None:
            raise PersonErasedError("this person was erased; there is nobody to write to")
        nonce = os.urandom(NONCE_BYTES)
        bound = _bound_to(mail.workspace_id, mail.mail_id, mail.subject_id)
        content = msgspec.json.encode(Content(mail.to_address, mail.values))
        return SqlEffect(
            _QUEUE,
            {
                "workspace_id": mail.workspace_id,
                "mail_id": mail.mail_id,
                "kind": mail.kind,
                "subject_id": mail.subject_id,
                "sealed": nonce + cipher.encrypt(nonce, content, bound),
                "expires_at": mail.expires_at,
                "sandbox": mail.sandbox,
            },
        )


class SystemMailQueue:
    """The waiting mails as one dispatcher sees them; `owner` is its id.

    A mail belongs to whom it names for as long as that dispatcher is alive by the database's
    clock. What a dead one left is taken again: at least once, not at most once. `lanes` says whose
    mail it takes: that of test keys (True), all other (False), or both.
    """

    def __init__(
        self, pool: Pool, vault: KeyVault, *, owner: UUID, lanes: Collection[bool] = (False, True)
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._owner = owner
        self._lanes = list(lanes)

    def claim(self, *, limit: int) -> list[ClaimedMail]:
        """Take up to `limit` due mails, those of all workspaces in turn."""
        with self._pool.connection() as connection:
            waiting = connection.execute(
                _WAITING, {"limit": limit, "lanes": self._lanes}
            ).fetchall()
        claimed = (self._claim(workspace_id, mail_id) for workspace_id, mail_id in waiting)
        return [mail for mail in claimed if mail is not None]

    def _claim(self, workspace_id: UUID, mail_id: UUID) -> ClaimedMail | None:
        values = {
            "workspace_id": workspace_id,
            "mail_id": mail_id,
            "owner": self._owner,
            "platform": PLATFORM,
        }
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_CLAIM, values).fetchone()
        return ClaimedMail(*row) if row else None

    def open(self, mail: ClaimedMail) -> Content | None:
        """Return what was sealed; None when the person was erased meanwhile: no cache is asked."""
        person = [mail.subject_id]
        if not self._vault.living(mail.workspace_id, person):
            return None
        cipher = self._vault.ciphers(mail.workspace_id, person, mint=False).get(mail.subject_id)
        if cipher is None:
            return None
        nonce, box = mail.sealed[:NONCE_BYTES], mail.sealed[NONCE_BYTES:]
        bound = _bound_to(mail.workspace_id, mail.mail_id, mail.subject_id)
        try:
            return msgspec.json.decode(cipher.decrypt(nonce, box, bound), type=Content)
        except InvalidTag:
            return None

    def release(self, mail: ClaimedMail) -> None:
        """Give a mail back as if it had never been claimed: the attempt has not begun."""
        with tenant_scope(self._pool, mail.workspace_id) as cursor:
            cursor.execute(_RELEASE, _key(mail) | {"owner": self._owner})

    def remove(self, mail: ClaimedMail) -> SqlEffect:
        """Return the effect of a final outcome: content and link are wiped with the row."""
        return SqlEffect(_REMOVE, _key(mail))

    def defer(self, mail: ClaimedMail, due_at: datetime) -> SqlEffect:
        """Return the effect of SystemMailDeferred."""
        return SqlEffect(_DEFER, _key(mail) | {"due_at": due_at, "owner": self._owner})


def dead_letter(
    mail: ClaimedMail, *, code: int, status: str, reason: str, transcript: str
) -> SqlEffect:
    """Return the effect that shows a mail that was given up."""
    said = {"code": code, "status": status, "reason": reason, "transcript": transcript}
    return SqlEffect(_LETTER, _key(mail) | {"kind": mail.kind, "attempt": mail.attempt, **said})


def failed_mails(pool: Pool, workspace_id: UUID) -> list[dict[str, object]]:
    """Return the last 1,000 mails of this scope that were given up, newest first."""
    with tenant_scope(pool, workspace_id) as cursor:
        cursor.execute(_FAILED, (workspace_id,))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _key(mail: ClaimedMail) -> dict[str, object]:
    return {"workspace_id": mail.workspace_id, "mail_id": mail.mail_id}


def _bound_to(workspace_id: UUID, mail_id: UUID, subject_id: UUID) -> bytes:
    """Return the associated data: a box is good for one mail of one person."""
    return b"system-mail" + workspace_id.bytes + mail_id.bytes + subject_id.bytes
