"""Who deletes the account is gone, whoever dies meanwhile and whatever backup comes back."""

import subprocess
import sys
from uuid import UUID, uuid4

import pytest

from domain.identity.events import AccountDeleted, SessionEnded
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.failpoints import Failpoint
from infra.postgres.erasures import PostgresErasures
from infra.postgres.tenant_scope import tenant_scope
from infra.settings import Settings
from tests.support.accounts import Signed, mailed, set_clock_back, sign_in, signed, signed_up
from tests.support.cli import ROOT, environment
from tests.support.http_client import serving
from workers.leaving import Leaving
from workers.scheduler import Scheduler

pytestmark = pytest.mark.integration

TAGS = (AccountDeleted.TAG, SessionEnded.TAG)

# Deletes an account as the API does, and is killed at a failpoint.
DIE = """
import sys
from uuid import UUID
from commands.identity.close_account import delete_account
from domain.shared.platform import PLATFORM
from infra import failpoints
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.connections import Role
from infra.postgres.sessions import PostgresSessions
from infra.settings import load_settings
from workers.acting import acting
app = Adapters(load_settings(), role=Role.APP, name="dies")
failpoints.arm(failpoints.Failpoint(sys.argv[1]), failpoints.die, on_hit=int(sys.argv[2]))
sessions = PostgresSessions(app.pool, app.settings.secret_key)
delete_account(
    UUID(sys.argv[3]), acting("dies", PLATFORM, new_id()), app.log, app.accounts, sessions
)
"""


@pytest.fixture
def ann(app: Adapters, worker: Adapters) -> Signed:
    mailed(worker)
    with serving(app) as client:
        return signed_up(client, worker, f"ann.{uuid4().hex[:8]}@example.com")


def told(worker: Adapters, user_id: UUID) -> list[str]:
    """The facts that somebody left, in order."""
    rows = [row for page in worker.reader.pages(0) for row in page]
    events = [worker.mapper.decode(row.tag, row.data) for row in rows if row.tag in TAGS]
    return [
        type(event).__name__
        for event in events
        if isinstance(event, AccountDeleted | SessionEnded) and event.user_id == user_id
    ]


@pytest.mark.parametrize(
    ("point", "on_hit"),
    [
        (Failpoint.APPENDER_COMMITTED, 1),
        (Failpoint.VAULT_FENCED, 1),
        (Failpoint.VAULT_DESTROYED, 1),
    ],
)
def test_who_leaves_is_forgotten_whoever_is_killed(
    app: Adapters, worker: Adapters, settings: Settings, ann: Signed, point: Failpoint, on_hit: int
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIE, point, str(on_hit), str(ann.user_id)],
        cwd=ROOT,
        env=environment(settings),
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    assert app.accounts.leaving() == [ann.user_id]
    Leaving(worker, worker="scheduler").step()
    assert app.accounts.leaving() == []
    assert app.vault.is_fenced(PLATFORM, ann.user_id)
    assert app.another_vault().ciphers(PLATFORM, [ann.user_id], mint=False) == {}
    assert told(worker, ann.user_id) == ["AccountDeleted", "SessionEnded"]


def test_who_left_stays_away_when_an_older_backup_is_restored(
    app: Adapters, worker: Adapters, ann: Signed
) -> None:
    app.vault.destroy(PLATFORM, ann.user_id)  # the ledger outlives the backup, the account is back
    Scheduler(worker).step()
    assert (PLATFORM, ann.user_id) not in PostgresErasures(worker.pool).known(), "no contact"
    assert app.accounts.by_id(ann.user_id) is None
    assert told(worker, ann.user_id) == ["AccountDeleted", "SessionEnded"]
    with serving(app) as client:
        assert client.get("/v1/me", headers=ann.headers).status_code == 401


def test_what_is_over_is_swept_and_what_runs_is_not(
    app: Adapters, worker: Adapters, ann: Signed
) -> None:
    with serving(app) as client:
        email = client.get("/v1/me", headers=ann.headers).json()["email"]
        idle, old, left = (signed(sign_in(client, email)) for _ in range(3))
        set_clock_back(app, idle.session_id, "used_at", "15 days")
        set_clock_back(app, old.session_id, "ends_at", "91 days")
        client.delete("/v1/sessions/current", headers=left.headers)
        for address in (email, f"x{email}"):
            client.post("/v1/password-resets", json={"email": address})
            sign_in(client, address, "wrong")
        with tenant_scope(app.pool, PLATFORM) as cursor:
            cursor.execute("UPDATE account_tokens SET expires_at = now() - interval '1 s'")
            cursor.execute("UPDATE sign_in_failures SET blocked_until = now() - interval '2 days'")
        sign_in(client, email, "wrong")
        client.post("/v1/password-resets", json={"email": email})
        app.rate_buckets.take("full again at once", 9, refill_per_s=1e9)
        Scheduler(worker).step()
        assert app.rate_buckets.forget_full() == 0
        kept = []
        with tenant_scope(app.pool, PLATFORM) as cursor:
            for table in ("account_tokens", "sign_in_failures"):
                kept += cursor.execute(f"SELECT count(*) FROM {table}").fetchall()  # type: ignore[arg-type]
            rows = cursor.execute(
                "SELECT session_id FROM sessions WHERE user_id = %s", (ann.user_id,)
            ).fetchall()
        assert (kept, rows) == ([(1,), (1,)], [(ann.session_id,)])
        refresh = {"refresh_token": left.refresh_token}
        assert client.post("/v1/sessions/refresh", json=refresh).status_code == 401
