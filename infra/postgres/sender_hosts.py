"""Which hosts a sending domain lends to its mail: where bounces come back to, where links lead."""

from threading import Lock
from time import monotonic
from uuid import UUID

import msgspec

from domain.delivery.dns_records import Setup
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

REMEMBERED_S = 60.0
MOST_REMEMBERED = 10_000
# What was seen to lead to another host of ours than today's is not used.
_SEEN = """
SELECT r->>'record', r->>'name' FROM sending_domains, jsonb_array_elements(records) AS r
 WHERE workspace_id = %s AND domain = %s AND state = 'verified' AND r->>'state' = 'ok'
   AND (r->>'record', r->>'expected') IN (('return_path', %s), ('tracking', %s))
"""


class SenderHosts(msgspec.Struct, frozen=True):
    """Names below the sending domain; an empty one leaves the installation's in place."""

    return_path: str = ""
    tracking: str = ""


class PostgresSenderHosts:
    """Finds hosts whose records were seen; remembers an answer for a minute.

    `own_tracking` says whether links may lead to them: HTTPS needs a certificate for each.
    """

    def __init__(self, pool: Pool, setup: Setup, *, own_tracking: bool) -> None:
        self._pool = pool
        self._setup = setup
        self._own_tracking = own_tracking
        self._lock = Lock()
        self._known: dict[tuple[UUID, str], tuple[float, SenderHosts]] = {}

    def of(self, workspace_id: UUID, domain: str) -> SenderHosts:
        """Return the hosts of a From domain, which is in lower-case ASCII."""
        with self._lock:
            until, hosts = self._known.get((workspace_id, domain), (0.0, SenderHosts()))
        if monotonic() < until:
            return hosts
        hosts = self._read(workspace_id, domain)
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[workspace_id, domain] = (monotonic() + REMEMBERED_S, hosts)
        return hosts

    def _read(self, workspace_id: UUID, domain: str) -> SenderHosts:
        ours = self._setup.return_path_host, self._setup.tracking_host
        with tenant_scope(self._pool, workspace_id) as cursor:
            seen = dict(cursor.execute(_SEEN, (workspace_id, domain, *ours)).fetchall())
        tracking = seen.get("tracking", "") if self._own_tracking else ""
        return SenderHosts(seen.get("return_path", ""), tracking)
