"""The table of relays: how each is reached, and where its breaker stands.

Written with the events; dispatchers look at it twice a second.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from commands.delivery.add_relay import Credentials
from domain.delivery.relay_events import (
    RelayAdded,
    RelayCheckAsked,
    RelayChecked,
    RelayClosed,
    RelayDisabled,
    RelayEnabled,
    RelayEvent,
    RelayOpened,
    RelayProbed,
    RelayRemoved,
    RelayTuned,
)
from domain.shared.platform import PLATFORM
from infra.crypto.sealed_text import open_text, seal_text
from infra.crypto.vault import KeyVault
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect

_PURPOSE = b"relay-credentials"
_ADD = """
INSERT INTO relays (workspace_id, relay_id, label, host, port, tls, sealed, rate_per_s, connections,
                    messages_per_connection, weight, may_be_private, has_credentials, bulk,
                    transactional)
VALUES (%(workspace_id)s, %(relay_id)s, %(label)s, %(host)s, %(port)s, %(tls)s, %(sealed)s,
        %(rate_per_s)s, %(connections)s, %(messages_per_connection)s, %(weight)s,
        %(may_be_private)s, %(has_credentials)s, %(bulk)s, %(transactional)s)
"""
_ENABLE = """
UPDATE relays SET enabled = true
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_DISABLE = """
UPDATE relays SET enabled = false
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
# Connections opened with what was before are closed by every dispatcher that sees the new version.
_TUNE = """
UPDATE relays SET label = %(label)s, rate_per_s = %(rate_per_s)s, connections = %(connections)s,
       messages_per_connection = %(messages_per_connection)s, weight = %(weight)s,
       bulk = %(bulk)s, transactional = %(transactional)s, version = version + 1
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_SEAL = """
UPDATE relays SET sealed = %(sealed)s, has_credentials = %(has_credentials)s, version = version + 1
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_ASK = """
UPDATE relays SET check_asked_at = clock_timestamp()
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_CHECKED = """
UPDATE relays SET check_asked_at = NULL, checked_at = clock_timestamp(),
       check_reason = %(reason)s, check_codes = %(codes)s
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_REMOVE = "DELETE FROM relays WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s"
_OPEN = """
UPDATE relays SET breaker = 'open', since = clock_timestamp(), evidence = %(evidence)s,
       trips = %(trips)s, next_probe_at = %(next_probe_at)s
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_PROBE = """
UPDATE relays SET breaker = 'probing', since = clock_timestamp(), next_probe_at = %(until)s
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_CLOSE = """
UPDATE relays SET breaker = 'closed', since = clock_timestamp(), trips = 0, next_probe_at = NULL
 WHERE workspace_id = %(workspace_id)s AND relay_id = %(relay_id)s
"""
_KEEP: dict[type[RelayEvent], LiteralString] = {
    RelayEnabled: _ENABLE,
    RelayDisabled: _DISABLE,
    RelayTuned: _TUNE,
    RelayCheckAsked: _ASK,
    RelayChecked: _CHECKED,
    RelayRemoved: _REMOVE,
    RelayOpened: _OPEN,
    RelayProbed: _PROBE,
    RelayClosed: _CLOSE,
}
_COLUMNS = """
SELECT workspace_id, relay_id, label, host, port, tls, sealed, rate_per_s, connections,
       messages_per_connection, weight, may_be_private, enabled, breaker, since, evidence, trips,
       next_probe_at, bulk, transactional, version, check_asked_at, checked_at, check_reason
  FROM relays
"""
_KNOWN = _COLUMNS + " WHERE workspace_id = ANY(%s) ORDER BY workspace_id, relay_id"
_TO_CHECK = _COLUMNS + " WHERE check_asked_at IS NOT NULL ORDER BY check_asked_at LIMIT 20"


class KnownRelay(msgspec.Struct, frozen=True):
    """A relay as the table has it; `sealed` stays so until it is connected to."""

    workspace_id: UUID
    relay_id: UUID
    label: str
    host: str
    port: int
    tls: str
    sealed: bytes | None
    rate_per_s: float
    connections: int
    messages_per_connection: int
    weight: int
    may_be_private: bool
    enabled: bool
    breaker: str
    since: datetime
    evidence: str
    trips: int
    next_probe_at: datetime | None
    bulk: bool
    transactional: bool
    version: int
    check_asked_at: datetime | None
    checked_at: datetime | None
    check_reason: str

    def __repr__(self) -> str:
        """Name it without what is sealed."""
        return f"KnownRelay({self.relay_id}, {self.host}:{self.port})"


class PostgresRelays:
    """The port `commands.delivery.add_relay.Relays`, and what dispatchers read."""

    def __init__(self, pool: Pool, vault: KeyVault) -> None:
        self._pool = pool
        self._vault = vault

    def add(
        self, workspace_id: UUID, added: RelayAdded, credentials: Credentials | None
    ) -> SqlEffect:
        """See the port."""
        values = msgspec.structs.asdict(added) | {
            "workspace_id": workspace_id,
            "sealed": self._sealed(workspace_id, added.relay_id, credentials),
        }
        return SqlEffect(_ADD, values)

    def replace_credentials(
        self, workspace_id: UUID, relay_id: UUID, credentials: Credentials | None
    ) -> SqlEffect:
        """See the port."""
        values: dict[str, object] = {
            "workspace_id": workspace_id,
            "relay_id": relay_id,
            "sealed": self._sealed(workspace_id, relay_id, credentials),
            "has_credentials": credentials is not None,
        }
        return SqlEffect(_SEAL, values)

    def _sealed(
        self, workspace_id: UUID, relay_id: UUID, credentials: Credentials | None
    ) -> bytes | None:
        if credentials is None:
            return None
        text = json.dumps([credentials.username, credentials.password])
        return seal_text(self._vault, workspace_id, relay_id, text, purpose=_PURPOSE)

    def keep(self, workspace_id: UUID, event: RelayEvent) -> SqlEffect:
        """See the port."""
        values = msgspec.structs.asdict(event) | {"workspace_id": workspace_id}
        return SqlEffect(_KEEP[type(event)], values)

    def known(self, workspaces: Collection[UUID]) -> Sequence[KnownRelay]:
        """Return the relays of these workspaces and the shared ones."""
        with self._pool.connection() as connection:
            rows = connection.execute(_KNOWN, ([PLATFORM, *workspaces],)).fetchall()
        return [KnownRelay(*row) for row in rows]

    def to_check(self) -> Sequence[KnownRelay]:
        """Return relays whose check was asked for, of any workspace."""
        with self._pool.connection() as connection:
            rows = connection.execute(_TO_CHECK).fetchall()
        return [KnownRelay(*row) for row in rows]

    def credentials(self, relay: KnownRelay) -> Credentials | None:
        """Open what is sealed. Raises LookupError when its key is gone."""
        if relay.sealed is None:
            return None
        text = open_text(
            self._vault, relay.workspace_id, relay.relay_id, relay.sealed, purpose=_PURPOSE
        )
        if text is None:
            raise LookupError("the key of this relay's credentials is gone")
        username, password = json.loads(text)
        return Credentials(username=username, password=password)
