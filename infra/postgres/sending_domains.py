"""Sending domains beside the log: what was found, when to look again, and the sealed keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from domain.delivery.dns_records import Finding
from domain.delivery.sending_domain import Misses, Status, require_verified
from domain.delivery.sending_domain_events import (
    DkimKey,
    RecordState,
    SendingDomainAdded,
    SendingDomainBroken,
    SendingDomainCheckAsked,
    SendingDomainEvent,
    SendingDomainKeysPrepared,
    SendingDomainKeysRotated,
    SendingDomainRecovered,
    SendingDomainRemoved,
    SendingDomainRested,
    SendingDomainVerified,
)
from infra.crypto.sealed_text import seal_text
from infra.crypto.vault import KeyVault
from infra.dkim.new_keys import NewKey, new_key
from infra.postgres.connections import Pool
from infra.postgres.signing_keys import PURPOSE
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

LEASE = timedelta(minutes=3)  # longer than any look; a checker that died is followed after it
_ADD = """
WITH kept AS (
    INSERT INTO sending_domains (workspace_id, domain_id, domain, state, added_at, waiting_since,
                                 records, next_check_at)
    VALUES (%(workspace_id)s, %(domain_id)s, %(domain)s, 'pending', %(at)s, %(at)s,
            %(records)s::jsonb, %(at)s)
    ON CONFLICT (workspace_id, domain_id) DO UPDATE
       SET state = 'pending', resting = false, added_at = excluded.added_at, verified_at = NULL,
           broken_at = NULL, waiting_since = excluded.waiting_since, records = excluded.records,
           checked_at = NULL, next_check_at = excluded.next_check_at, checks = 0, misses = 0,
           missing_since = NULL
)
INSERT INTO dkim_keys (workspace_id, domain_id, selector, algorithm, phase, sealed)
SELECT %(workspace_id)s, %(domain_id)s, selector, algorithm, 'active', sealed
  FROM unnest(%(selectors)s::text[], %(algorithms)s::text[], %(sealed)s::bytea[])
       AS new(selector, algorithm, sealed)
"""
_PREPARE = """
WITH kept AS (
    UPDATE sending_domains SET records = records || %(records)s::jsonb, next_check_at = now()
     WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s
)
INSERT INTO dkim_keys (workspace_id, domain_id, selector, algorithm, phase, sealed)
SELECT %(workspace_id)s, %(domain_id)s, selector, algorithm, 'next', sealed
  FROM unnest(%(selectors)s::text[], %(algorithms)s::text[], %(sealed)s::bytea[])
       AS new(selector, algorithm, sealed)
"""
# The look that saw the records writes down nothing more: `next_check_at` is not its lease.
_ROTATE = """
WITH old AS (
    DELETE FROM dkim_keys
     WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s AND phase = 'active'
), fresh AS (
    UPDATE dkim_keys SET phase = 'active', published = published OR algorithm = 'rsa'
     WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s AND phase = 'next'
)
UPDATE sending_domains
   SET next_check_at = now(),
       records = (SELECT jsonb_agg(CASE WHEN r->>'record' LIKE 'next%%' THEN
                             r || jsonb_build_object('record', substr(r->>'record', 6),
                                                     'required', r->>'record' = 'next_dkim_rsa')
                             ELSE r END ORDER BY n)
                    FROM jsonb_array_elements(records) WITH ORDINALITY AS all_records(r, n)
                   WHERE r->>'record' NOT IN ('dkim_rsa', 'dkim_ed25519'))
 WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s
"""
_HERE: LiteralString = " WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s"
_CHANGES: dict[type[object], LiteralString] = {
    SendingDomainVerified: (
        "UPDATE sending_domains SET state = 'verified', verified_at = %(verified_at)s" + _HERE
    ),
    SendingDomainRecovered: (
        "UPDATE sending_domains SET state = 'verified', broken_at = NULL" + _HERE
    ),
    SendingDomainBroken: (
        "UPDATE sending_domains SET state = 'broken', broken_at = %(broken_at)s, checks = 0,"
        " waiting_since = %(broken_at)s" + _HERE
    ),
    SendingDomainCheckAsked: (
        "UPDATE sending_domains SET next_check_at = least(next_check_at, %(asked_at)s),"
        " checks = 0, resting = false,"
        " waiting_since = CASE WHEN resting THEN %(asked_at)s ELSE waiting_since END" + _HERE
    ),
    SendingDomainKeysRotated: _ROTATE,
    SendingDomainRested: "UPDATE sending_domains SET resting = true" + _HERE,
    SendingDomainRemoved: (
        "WITH gone AS (DELETE FROM dkim_keys" + _HERE + ")"
        " UPDATE sending_domains SET state = 'removed'" + _HERE
    ),
}
_NO_CHANGE: LiteralString = "SELECT 1"
_STATE = "SELECT state FROM sending_domains WHERE workspace_id = %s AND domain = %s"
_RUN = "SELECT sending_domain FROM campaign_runs WHERE workspace_id = %s AND campaign_id = %s"
_DUE = """
SELECT workspace_id, domain_id FROM sending_domains
 WHERE next_check_at <= clock_timestamp() AND state <> 'removed' AND NOT resting
 ORDER BY next_check_at LIMIT %s
"""
_CLAIM = """
UPDATE sending_domains SET next_check_at = clock_timestamp() + %s
 WHERE workspace_id = %s AND domain_id = %s AND next_check_at <= clock_timestamp()
   AND state <> 'removed' AND NOT resting
RETURNING domain, records, checks, misses, missing_since, next_check_at
"""
_LOOKED = """
WITH seen AS (
    UPDATE dkim_keys k SET published = f.ok
      FROM unnest(%(names)s::text[], %(oks)s::boolean[]) AS f(name, ok)
     WHERE k.workspace_id = %(workspace_id)s AND k.domain_id = %(domain_id)s
       AND f.name LIKE k.selector || '.%%'
)
UPDATE sending_domains
   SET records = %(records)s::jsonb, checked_at = clock_timestamp(), checks = checks + 1,
       misses = %(misses)s, missing_since = %(since)s,
       next_check_at = clock_timestamp() + %(pause)s
 WHERE workspace_id = %(workspace_id)s AND domain_id = %(domain_id)s
   AND next_check_at = %(claimed)s
"""
_STATUS_NOW = "SELECT state FROM sending_domains WHERE workspace_id = %s AND domain_id = %s"
_LIST = """
SELECT domain_id, domain, state, resting, checked_at, next_check_at, records FROM sending_domains
 WHERE workspace_id = %s AND state <> 'removed' ORDER BY domain
"""
_STRANDED = """
SELECT r.workspace_id, r.campaign_id, d.domain_id, d.broken_at
  FROM campaign_runs r JOIN sending_domains d
    ON d.workspace_id = r.workspace_id AND d.domain = r.sending_domain
 WHERE r.gate = 'open' AND NOT r.sandbox AND d.state IN ('broken', 'removed') LIMIT 100
"""


class NewKeys(msgspec.Struct, frozen=True):
    """Keys just made; a repr shows their public halves alone."""

    by_key: dict[DkimKey, NewKey]

    @property
    def public(self) -> tuple[DkimKey, ...]:
        """See the port."""
        return tuple(self.by_key)


class Claimed(msgspec.Struct, frozen=True):
    """A domain whose turn it is, ours until `claimed`."""

    workspace_id: UUID
    domain_id: UUID
    domain: str
    findings: list[Finding]
    checks: int
    misses: Misses
    claimed: datetime


class PostgresSendingDomains:
    """The port `commands.delivery.sending_domain_ports.SendingDomains`."""

    def __init__(self, vault: KeyVault) -> None:
        self._vault = vault

    def new_keys(self, selectors: Mapping[str, str]) -> NewKeys:
        """See the port."""
        made = {}
        for algorithm, selector in selectors.items():
            key = new_key(algorithm)
            made[DkimKey(selector, algorithm, key.public_key)] = key
        return NewKeys(made)

    def added(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: object,
    ) -> SqlEffect:
        """See the port."""
        if not (isinstance(event, SendingDomainAdded) and isinstance(keys, NewKeys)):
            raise TypeError("a domain is added with the keys that were made for it")
        values = self._values(workspace_id, event.domain_id, findings, keys)
        return SqlEffect(_ADD, values | {"domain": event.domain, "at": event.added_at})

    def prepared(
        self,
        workspace_id: UUID,
        event: SendingDomainEvent,
        findings: Sequence[Finding],
        keys: object,
    ) -> SqlEffect:
        """See the port."""
        if not (isinstance(event, SendingDomainKeysPrepared) and isinstance(keys, NewKeys)):
            raise TypeError("keys are prepared with the halves that were made for them")
        return SqlEffect(_PREPARE, self._values(workspace_id, event.domain_id, findings, keys))

    def _values(
        self, workspace_id: UUID, domain_id: UUID, findings: Sequence[Finding], keys: NewKeys
    ) -> dict[str, object]:
        pairs = keys.by_key.items()
        return {
            "workspace_id": workspace_id,
            "domain_id": domain_id,
            "records": msgspec.json.encode(findings).decode(),
            "selectors": [key.selector for key, _ in pairs],
            "algorithms": [key.algorithm for key, _ in pairs],
            "sealed": [
                seal_text(
                    self._vault,
                    workspace_id,
                    domain_id,
                    new.pem,
                    purpose=PURPOSE + key.selector.encode(),
                )
                for key, new in pairs
            ],
        }

    def changed(self, workspace_id: UUID, event: SendingDomainEvent) -> SqlEffect:
        """See the port."""
        statement = _CHANGES.get(type(event), _NO_CHANGE)
        values = {name: getattr(event, name) for name in event.__struct_fields__}
        simple = {k: v for k, v in values.items() if not isinstance(v, tuple)}
        return SqlEffect(statement, simple | {"workspace_id": workspace_id})


class PostgresSenderDomains:
    """The port `commands.ports.SenderDomains`: who may send, where the installation asks."""

    def __init__(self, pool: Pool, *, required: bool) -> None:
        self._pool = pool
        self._required = required

    def require(self, workspace_id: UUID, domain: str) -> None:
        """See the port."""
        if self._required:
            with tenant_scope(self._pool, workspace_id) as cursor:
                row = cursor.execute(_STATE, (workspace_id, domain.lower())).fetchone()
            require_verified(row[0] if row else Status.ABSENT, domain=domain)

    def require_scheduled(self, workspace_id: UUID, campaign_id: UUID) -> None:
        """See the port."""
        if self._required:
            with tenant_scope(self._pool, workspace_id) as cursor:
                row = cursor.execute(_RUN, (workspace_id, campaign_id)).fetchone()
            self.require(workspace_id, row[0] if row else "")


class DomainChecks:
    """Whose turn it is to be looked at; for the checker."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def due(self, *, limit: int) -> list[tuple[UUID, UUID]]:
        """Return (workspace, domain) of those whose time has come, of all workspaces."""
        with self._pool.connection() as connection:
            return [(w, d) for w, d in connection.execute(_DUE, (limit,))]

    def claim(self, workspace_id: UUID, domain_id: UUID) -> Claimed | None:
        """Take a domain for the time of a look; None when somebody else has it."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_CLAIM, (LEASE, workspace_id, domain_id)).fetchone()
        if row is None:
            return None
        domain, records, checks, looks, since, claimed = row
        findings = msgspec.convert(records, list[Finding])
        return Claimed(
            workspace_id, domain_id, domain, findings, checks, Misses(looks, since), claimed
        )

    def status(self, workspace_id: UUID, domain_id: UUID) -> Status:
        """Return where it is in its life now."""
        with tenant_scope(self._pool, workspace_id) as cursor:
            row = cursor.execute(_STATUS_NOW, (workspace_id, domain_id)).fetchone()
        return Status(row[0]) if row else Status.ABSENT

    def looked(
        self, claimed: Claimed, findings: Sequence[Finding], misses: Misses, *, pause: timedelta
    ) -> None:
        """Keep what was found and when to look again, unless somebody asked for a look since.

        A key signs from when its record was seen; a required one does not stop at one miss.
        """
        sure = [
            finding
            for finding in findings
            if finding.state is RecordState.OK or (finding.is_missed and not finding.required)
        ]
        values = {
            "workspace_id": claimed.workspace_id,
            "domain_id": claimed.domain_id,
            "names": [finding.name for finding in sure],
            "oks": [finding.state is RecordState.OK for finding in sure],
            "records": msgspec.json.encode(findings).decode(),
            "misses": misses.looks,
            "since": misses.since,
            "pause": pause,
            "claimed": claimed.claimed,
        }
        with tenant_scope(self._pool, claimed.workspace_id) as cursor:
            cursor.execute(_LOOKED, values)

    def stranded(self) -> list[tuple[UUID, UUID, UUID, datetime | None]]:
        """Return (workspace, campaign, domain, since) of what sends from a domain that may not."""
        with self._pool.connection() as connection:
            return [(w, c, d, at) for w, c, d, at in connection.execute(_STRANDED)]


def known_sending_domains(pool: Pool, workspace_id: UUID) -> list[dict[str, Any]]:
    """Return what an operator sees of each domain of a workspace, by name."""
    with tenant_scope(pool, workspace_id) as cursor:
        cursor.execute(_LIST, (workspace_id,))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
