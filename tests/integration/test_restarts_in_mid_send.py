"""PostgreSQL and NATS restart in mid-send: the dispatcher, one process all the time, comes back.

Beside `tests/e2e/test_killed_in_mid_campaign.py`, where a supervisor is there to start what died:
here nobody is, so a dispatcher that ended, or hung, would be seen.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres.connections import Role
from infra.settings import Settings, load_settings
from tests.integration.test_sending_crashes import DISPATCHER, eventually, people
from tests.support.counting_sink import RunningSink, counting_sink
from tests.support.fault_tally import message_ids, tally
from tests.support.installation import TEST_SECRET, migrate_everything
from tests.support.sending import Mailing, environment
from workers.dispatching.handing_over import IN_FLIGHT
from workers.dispatching.open_relay import MOST_CHUNK

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MESSAGES = 600
RATE = "150"


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="engine-tests-") as path:
        Path(path).chmod(0o755)
        yield Path(path)


@pytest.fixture
def database(directory: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(directory, fsync=False) as server:
        migrate_everything(server, database="engine", vault="vault")
        yield server


@pytest.fixture
def stream(directory: Path) -> Iterator[EmbeddedNats]:
    with EmbeddedNats(directory) as server:
        yield server


@pytest.fixture
def own(directory: Path, database: EmbeddedPostgres, stream: EmbeddedNats) -> Settings:
    return load_settings(
        {
            "ENGINE_DATA_DIR": str(directory / "engine"),
            "ENGINE_DATABASE_URL": database.url("engine"),
            "ENGINE_VAULT_URL": database.url("vault"),
            "ENGINE_NATS_URL": stream.url(),
            "ENGINE_SECRET_KEY": TEST_SECRET,
            "ENGINE_SMTP_HOST": "127.0.0.1",
            "ENGINE_SMTP_PORT": "1",
            "ENGINE_SMTP_TLS": "off",
            "ENGINE_REQUIRE_VERIFIED_DOMAINS": "never",
            "ENGINE_PUBLIC_URL": "http://127.0.0.1:1",
        }
    )


def test_a_dispatcher_outlives_the_restarts_of_its_database_and_stream(
    own: Settings, database: EmbeddedPostgres, stream: EmbeddedNats, directory: Path
) -> None:
    app = Adapters(own, role=Role.APP, name="test-app")
    worker = Adapters(own, role=Role.WORKER, name="test-worker")
    mailing = Mailing(app, worker)
    mailing.add_contacts(people(MESSAGES))
    campaign = mailing.started()
    with counting_sink() as sink:
        environ = environment(own, smtp_port=sink.port) | {"ENGINE_SMTP_RATE": RATE}
        with subprocess.Popen(
            [sys.executable, *DISPATCHER], env=environ, stdout=subprocess.DEVNULL
        ) as dispatcher:
            try:
                sent_further(sink, 60)
                stop_at_once(database)
                database.start()
                sent_further(sink, 60)
                stream.kill()
                shutil.rmtree(directory / "nats" / "jetstream", ignore_errors=True)
                stream.start()
                sent_further(sink, 60)
                database.kill()
                database.start()

                def all_is_settled() -> bool:
                    mailing.schedule_all()
                    return mailing.tasks() == 0

                eventually(all_is_settled)
                dispatcher.send_signal(signal.SIGTERM)
                assert dispatcher.wait(timeout=40) == 0, "it was not the same to the end"
            finally:
                dispatcher.kill()
        mailing.schedule_all()
        told = tally(mailing, message_ids(sink), audience=MESSAGES)
    told.show("PostgreSQL stopped at once, NATS killed and wiped, PostgreSQL killed")
    told.check()
    assert len(told.uncertain) <= 2 * IN_FLIGHT * MOST_CHUNK
    assert mailing.gate(campaign) == "closed"
    app.close()
    worker.close()


def sent_further(sink: RunningSink, count: int) -> None:
    """Wait until the sink has taken so many more."""
    goal = min(sink.accepted().total() + count, MESSAGES)
    eventually(lambda: sink.accepted().total() >= goal)


def stop_at_once(database: EmbeddedPostgres) -> None:
    """Do what `pg_ctl stop -m immediate` does: every session ends, nothing is written."""
    pid = int((database.cluster / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    database.stop()
