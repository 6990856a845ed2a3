"""Who signs for a sending domain: its keys that were seen in the DNS, opened with the vault."""

from threading import Lock
from time import monotonic
from uuid import UUID

from infra.crypto.sealed_text import open_text
from infra.crypto.vault import KeyVault
from infra.dkim.keys import SigningKey
from infra.dkim.new_keys import read_key
from infra.postgres.connections import Pool
from infra.postgres.tenant_scope import tenant_scope

PURPOSE = b"dkim-key"
REMEMBERED_S = 60.0
MOST_REMEMBERED = 10_000
_KEYS = """
SELECT d.domain_id, k.selector, k.sealed
  FROM sending_domains d JOIN dkim_keys k USING (workspace_id, domain_id)
 WHERE d.workspace_id = %s AND d.domain = %s AND d.state <> 'removed'
   AND k.phase = 'active' AND k.published
 ORDER BY k.algorithm DESC
"""


class PostgresSigningKeys:
    """The port `infra.dkim.keys.SigningKeys`; remembers an answer for a minute."""

    def __init__(self, pool: Pool, vault: KeyVault) -> None:
        self._pool = pool
        self._vault = vault
        self._lock = Lock()
        self._known: dict[tuple[UUID, str], tuple[float, tuple[SigningKey, ...]]] = {}

    def of(self, workspace_id: UUID, domain: str) -> tuple[SigningKey, ...]:
        """See the port: RSA first, which everybody checks."""
        with self._lock:
            until, keys = self._known.get((workspace_id, domain), (0.0, ()))
        if monotonic() < until:
            return keys
        keys = self._read(workspace_id, domain)
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[workspace_id, domain] = (monotonic() + REMEMBERED_S, keys)
        return keys

    def _read(self, workspace_id: UUID, domain: str) -> tuple[SigningKey, ...]:
        with tenant_scope(self._pool, workspace_id) as cursor:
            rows = cursor.execute(_KEYS, (workspace_id, domain)).fetchall()
        keys = []
        for domain_id, selector, sealed in rows:
            pem = open_text(
                self._vault, workspace_id, domain_id, sealed, purpose=PURPOSE + selector.encode()
            )
            if pem is not None:
                keys.append(SigningKey(domain, selector, read_key(pem)))
        return tuple(keys)
