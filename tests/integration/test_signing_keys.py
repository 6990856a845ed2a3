"""Who may sign for a domain, and where its private keys never are."""

from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from infra.bootstrap import Adapters
from infra.crypto.sealed_text import seal_text
from infra.dkim.new_keys import NewKey, new_key
from infra.postgres.signing_keys import PURPOSE, PostgresSigningKeys
from infra.postgres.tenant_scope import tenant_scope

pytestmark = pytest.mark.integration

DOMAIN = """
INSERT INTO sending_domains (workspace_id, domain_id, domain, state, added_at, waiting_since,
                             records, next_check_at)
VALUES (%s, %s, 'acme.example', 'verified', now(), now(), '[]', now())
"""
KEY = """
INSERT INTO dkim_keys (workspace_id, domain_id, selector, algorithm, phase, published, sealed)
VALUES (%s, %s, %s, %s, 'active', %s, %s)
"""


def keep(app: Adapters, workspace: UUID) -> tuple[UUID, dict[str, NewKey]]:
    domain_id, made = uuid4(), {"rsa": new_key("rsa"), "ed25519": new_key("ed25519")}
    with tenant_scope(app.pool, workspace) as cursor:
        cursor.execute(DOMAIN, (workspace, domain_id))
        for algorithm, key in made.items():
            sealed = seal_text(
                app.vault, workspace, domain_id, key.pem, purpose=PURPOSE + algorithm.encode()
            )
            values = (workspace, domain_id, algorithm, algorithm, algorithm == "rsa", sealed)
            cursor.execute(KEY, values)
    return domain_id, made


def test_only_a_key_that_was_seen_signs_and_only_for_its_workspace(
    app: Adapters, worker: Adapters
) -> None:
    workspace = uuid4()
    _, made = keep(app, workspace)
    found = PostgresSigningKeys(worker.pool, worker.vault).of(workspace, "acme.example")
    assert [(key.selector, key.algorithm) for key in found] == [("rsa", "rsa-sha256")]
    assert isinstance(found[0].private_key, RSAPrivateKey)
    assert PostgresSigningKeys(worker.pool, worker.vault).of(uuid4(), "acme.example") == ()
    assert made["rsa"].pem not in repr(made)


def test_the_http_process_cannot_read_a_private_key_even_sealed(app: Adapters) -> None:
    workspace = uuid4()
    keep(app, workspace)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        tenant_scope(app.pool, workspace) as cursor,
    ):
        cursor.execute("SELECT sealed FROM dkim_keys WHERE workspace_id = %s", (workspace,))
