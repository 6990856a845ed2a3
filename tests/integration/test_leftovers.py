"""Once a day the scheduler forgets abandoned uploads and old idempotency keys, and nothing else."""

from uuid import UUID, uuid4

import pytest

from commands.ports import DeclaredConsent
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.import_intake import PostgresImportIntake
from infra.postgres.tenant_scope import tenant_scope
from tests.support.asking import asking
from workers.scheduler import Scheduler

pytestmark = pytest.mark.integration

OLD = UUID("018f0000-0000-7000-8000-000000000001")  # of May 2024


def test_an_abandoned_upload_is_forgotten_and_a_running_one_is_not(
    app: Adapters, worker: Adapters
) -> None:
    workspace = uuid4()
    intake = PostgresImportIntake(app.pool)
    requested, fresh = UUID(int=OLD.int + 1), new_id()
    for import_id in (OLD, requested, fresh):
        intake.store(workspace, import_id, [b"email\na@example.com\n"])
    consent = DeclaredConsent(requested_by="test")
    begin = intake.begin(workspace, requested, mapping={}, size_bytes=1, consent=consent)
    app.log.record([], asking(workspace), effects=[begin])
    Scheduler(worker).step()
    with tenant_scope(app.pool, workspace) as cursor:
        left = {row[0] for row in cursor.execute("SELECT import_id FROM import_parts")}
    assert left == {requested, fresh}


def test_an_idempotency_key_is_kept_for_thirty_days(app: Adapters, worker: Adapters) -> None:
    workspace = uuid4()
    with tenant_scope(app.pool, workspace) as cursor:
        for days in (29, 31):
            cursor.execute(
                "INSERT INTO request_keys (workspace_id, key_sha256, request_sha256, command_id,"
                " object_id, claimed_at) VALUES (%s, %s, '', %s, %s,"
                " now() - make_interval(days => %s))",
                (workspace, str(days).encode(), uuid4(), uuid4(), days),
            )
    Scheduler(worker).step()
    with tenant_scope(app.pool, workspace) as cursor:
        assert cursor.execute("SELECT key_sha256 FROM request_keys").fetchall() == [(b"29",)]
