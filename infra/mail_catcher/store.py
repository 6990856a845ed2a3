"""The captured messages in one SQLite file; a message is in it before its sender hears 250.

WAL mode survives a kill -9 of the process; a power cut may cost the last moments, never the file.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec

FILE_NAME = "mail.sqlite3"
_BUSY_TIMEOUT_S = 10.0

_ADD_MESSAGE = (
    "INSERT INTO messages"
    " (received_at, mail_from, rcpt_to, rcpt_key, message_id, subject, bytes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# Executed right behind the row it belongs to.
_ADD_BODY = "INSERT INTO bodies (id, raw) VALUES (last_insert_rowid(), ?)"
_ADD_REFUSAL = "INSERT INTO refusals (refused_at, rcpt_to, reply) VALUES (?, ?, ?)"
_ADD_FIRST_TRY = "INSERT INTO first_tries (key) VALUES (?) ON CONFLICT DO NOTHING"
_LIST = (
    "SELECT id, received_at, mail_from, rcpt_to, message_id, subject, bytes FROM messages"
    " WHERE id > :after AND id < :before AND (:rcpt_key = '' OR rcpt_key = :rcpt_key)"
)


class CapturedMail(msgspec.Struct, frozen=True, kw_only=True):
    """One captured message for one recipient, without its body."""

    id: int
    received_at: str
    mail_from: str
    rcpt_to: str
    message_id: str
    subject: str
    bytes: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages were taken, refused for good, and put off."""

    accepted: int
    refused: int
    deferred: int


def open_database(data_dir: Path) -> sqlite3.Connection:
    """Open (and at first create) the database; close it in the thread that opened it."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = sqlite3.connect(data_dir / FILE_NAME, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in free pages
    database.executescript((files(__package__) / "schema.sql").read_text(encoding="utf-8"))
    return database


class MailWriter:
    """Writes for the SMTP side: everything that arrives in one turn of the loop is one commit."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._pending: list[tuple[list[tuple[str, tuple[object, ...]]], asyncio.Future[None]]] = []

    async def add_message(
        self, *, mail_from: str, recipients: list[str], message_id: str, subject: str, raw: bytes
    ) -> None:
        """Store a message, once for each recipient; return when it is committed."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        statements: list[tuple[str, tuple[object, ...]]] = []
        for rcpt_to in recipients:
            row = (now, mail_from, rcpt_to, rcpt_to.lower(), message_id, subject, len(raw))
            statements += [(_ADD_MESSAGE, row), (_ADD_BODY, (raw,))]
        await self._commit(statements)

    async def add_refusal(self, *, rcpt_to: str, reply: str) -> None:
        """Remember that a recipient of this domain was refused or put off; whom is not kept."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        await self._commit([(_ADD_REFUSAL, (now, rcpt_to.rpartition("@")[2], reply[:3]))])

    async def is_first_try(self, what: str) -> bool:
        """Whether this was never seen; from now on it has been. Only its digest is kept."""
        key = hashlib.sha256(what.encode()).hexdigest()
        found = self._database.execute("SELECT 1 FROM first_tries WHERE key = ?", (key,)).fetchone()
        if found is None:
            await self._commit([(_ADD_FIRST_TRY, (key,))])
        return found is None

    async def _commit(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if not self._pending:
            loop.call_soon(self._flush)
        self._pending.append((statements, done))
        await done

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for statements, _ in pending:
                for sql, row in statements:
                    self._database.execute(sql, row)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            for _, done in pending:
                if not done.done():
                    done.set_exception(error)
            return
        for _, done in pending:
            if not done.done():
                done.set_result(None)


class MailReader:
    """Reads for the HTTP side; one instance a thread."""

    def __init__(self, data_dir: Path) -> None:
        self._database = open_database(data_dir)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def oldest_first(self, *, after: int, limit: int, rcpt_to: str = "") -> list[CapturedMail]:
        """Return messages in order of arrival, beginning after the given id."""
        return self._list(" ORDER BY id LIMIT :limit", after=after, limit=limit, rcpt_to=rcpt_to)

    def newest_first(self, *, before: int, limit: int, rcpt_to: str = "") -> list[CapturedMail]:
        """Return messages from the newest to the oldest, beginning before the given id."""
        return self._list(
            " ORDER BY id DESC LIMIT :limit", before=before, limit=limit, rcpt_to=rcpt_to
        )

    def find(self, mail_id: int) -> CapturedMail | None:
        """Return one message, or None."""
        found = self.oldest_first(after=mail_id - 1, limit=1)
        return found[0] if found and found[0].id == mail_id else None

    def raw(self, mail_id: int) -> bytes | None:
        """Return one message as it came over the wire, dots undone, or None."""
        row = self._database.execute("SELECT raw FROM bodies WHERE id = ?", (mail_id,)).fetchone()
        return bytes(row[0]) if row else None

    def stats(self) -> Stats:
        """Count."""
        (accepted,) = self._database.execute("SELECT count(*) FROM messages").fetchone()
        refused, deferred = self._database.execute(
            "SELECT count(*) FILTER (WHERE reply LIKE '5%'),"
            " count(*) FILTER (WHERE reply LIKE '4%') FROM refusals"
        ).fetchone()
        return Stats(accepted=accepted, refused=refused, deferred=deferred)

    def forget_all(self) -> None:
        """Delete every message, refusal and first try; ids are not used again."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("DELETE FROM bodies")
        self._database.execute("DELETE FROM messages")
        self._database.execute("DELETE FROM refusals")
        self._database.execute("DELETE FROM first_tries")
        self._database.execute("COMMIT")

    def forget(self, ids: Sequence[str]) -> None:
        """Delete the messages whose Message-ID begins with one of these ids, and their traces.

        Raises sqlite3.OperationalError when a reader holds old pages: ask again.
        """
        self._database.execute("BEGIN IMMEDIATE")
        for message_id in ids:
            mine = "SELECT id FROM messages WHERE message_id LIKE '<' || ? || '@%'"
            self._database.execute("DELETE FROM bodies WHERE id IN (" + mine + ")", (message_id,))
            self._database.execute("DELETE FROM messages WHERE id IN (" + mine + ")", (message_id,))
        self._database.execute("COMMIT")
        blocked, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if blocked:
            raise sqlite3.OperationalError("the write-ahead file still holds what was deleted")

    def _list(
        self, order: str, *, limit: int, rcpt_to: str, after: int = 0, before: int = 2**62
    ) -> list[CapturedMail]:
        values = {"after": after, "before": before, "rcpt_key": rcpt_to.lower(), "limit": limit}
        rows = self._database.execute(_LIST + order, values).fetchall()
        return [CapturedMail(**dict(zip(_FIELDS, row, strict=True))) for row in rows]


_FIELDS = CapturedMail.__struct_fields__
