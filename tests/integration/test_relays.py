"""Several relays: weights, failover, breakers, and that nobody uses another's connection."""

import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from commands.delivery.add_relay import AddRelay, Credentials, add_relay
from commands.delivery.change_relay import disable_relay
from commands.delivery.tune_relay import TuneRelay, tune_relay
from domain.delivery.events import EmailSent, EmailUncertain, HandoverStarted
from domain.delivery.relay_events import RelayAdded, RelayClosed, RelayOpened, RelayProbed
from domain.shared.model import Event
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.relays import PostgresRelays
from infra.postgres.tenant_scope import tenant_scope
from infra.smtp.sender import SmtpSender
from tests.support.asking import asking
from tests.support.counting_sink import RunningSink, counting_sink
from tests.support.sending import Mailing, relay_on
from tests.support.system_mail import queue, reset_mail, waiting
from workers.dispatcher import Dispatcher
from workers.runtime import Stop

pytestmark = pytest.mark.integration

E = TypeVar("E", bound=Event)
CLOSED_PORT = 1


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def add(
    worker: Adapters,
    port: int,
    *,
    scope: UUID = PLATFORM,
    weight: int = 1,
    private: bool = True,
    credentials: Credentials | None = None,
) -> UUID:
    relay_id = new_id()
    added = RelayAdded(
        relay_id=relay_id,
        label="sink",
        host="127.0.0.1",
        port=port,
        tls="require" if credentials else "may",
        has_credentials=credentials is not None,
        rate_per_s=0,
        connections=2,
        messages_per_connection=500,
        weight=weight,
        may_be_private=private,
    )
    command = AddRelay(added=added, credentials=credentials)
    add_relay(command, asking(scope), worker.log, relays_of(worker))
    return relay_id


def relays_of(worker: Adapters) -> PostgresRelays:
    return PostgresRelays(worker.pool, worker.vault)


def sent_through(mailing: Mailing) -> Counter[str]:
    return Counter(event.relay for event in mailing.of_type(EmailSent))


def run_dispatchers(worker: Adapters, until: Callable[[], bool], *, number: int = 1) -> None:
    """Run dispatchers whose relay of the settings nobody listens at."""

    async def run() -> None:
        stop = Stop()
        async with AsyncExitStack() as stack:
            running = []
            for _ in range(number):
                sender = await stack.enter_async_context(SmtpSender(relay_on(CLOSED_PORT)))
                dispatcher = Dispatcher(worker, sender=sender, relay="settings")
                running.append(asyncio.create_task(dispatcher.run(stop)))
            while not await asyncio.to_thread(until):  # noqa: ASYNC110  asks the database
                await asyncio.sleep(0.02)
            stop.set()
            await asyncio.gather(*running)

    asyncio.run(asyncio.wait_for(run(), 60))


def people(count: int) -> list[str]:
    return [f"p{n}@example.com" for n in range(count)]


def test_shared_relays_get_their_weights_share(mailing: Mailing, worker: Adapters) -> None:
    mailing.add_contacts(people(800))
    mailing.started()
    with counting_sink() as heavy, counting_sink() as light:
        add(worker, heavy.port, weight=3)
        add(worker, light.port, weight=1)
        run_dispatchers(worker, mailing.idle)
        assert (heavy.accepted() + light.accepted()).total() == 800
        assert abs(heavy.accepted().total() - 600) <= 150
    through = sent_through(mailing)
    assert through[f"127.0.0.1:{heavy.port}"] == 800 - through[f"127.0.0.1:{light.port}"]


def test_when_a_relay_dies_in_mid_campaign_the_other_takes_over_and_nobody_is_lost(
    mailing: Mailing, worker: Adapters, tmp_path: Path
) -> None:
    mailing.add_contacts(people(900))
    mailing.started()
    with counting_sink() as stays, mortal_sink(tmp_path) as (dies, process):
        add(worker, dies.port)
        add(worker, stays.port)

        def killed_and_idle() -> bool:
            if process.poll() is None and dies.accepted().total() > 50:
                process.kill()
            return process.poll() is not None and mailing.idle()

        run_dispatchers(worker, killed_and_idle)
        reached = dies.accepted_recipients() + stays.accepted_recipients()
    uncertain, sent = mailing.of_type(EmailUncertain), mailing.of_type(EmailSent)
    assert len(sent) + len(uncertain) == 900
    assert len({event.message_id for event in [*sent, *uncertain]}) == 900
    assert len(reached) >= 900 - len(uncertain)
    assert set(reached.values()) == {1}
    assert [event.trips for event in of_relays(worker, RelayOpened)][:1] == [1]
    assert {event.relay for event in mailing.of_type(HandoverStarted)} == {
        f"127.0.0.1:{dies.port}",
        f"127.0.0.1:{stays.port}",
    }


def test_two_dispatchers_probe_a_relay_that_was_away_with_one_message(
    mailing: Mailing, worker: Adapters, tmp_path: Path
) -> None:
    mailing.add_contacts(people(60))
    mailing.started()
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    add(worker, port)
    sinks: list[object] = []
    with ExitStack() as later:

        def comes_back() -> bool:
            if of_relays(worker, RelayOpened) and not sinks:
                sinks.append(later.enter_context(mortal_sink(tmp_path, port)))
            return bool(sinks) and mailing.tasks() == 0

        run_dispatchers(worker, comes_back, number=2)
    assert len(of_relays(worker, RelayOpened)) == 1
    assert len(of_relays(worker, RelayProbed)) == 1
    assert len(of_relays(worker, RelayClosed)) == 1
    assert mailing.counted()["EmailSent"] == 60


def test_a_disabled_relay_gets_nothing_more_and_mail_waits_for_no_other(
    mailing: Mailing, worker: Adapters
) -> None:
    mailing.add_contacts(people(600))
    mailing.started()
    with counting_sink() as first, counting_sink() as second:
        relay_id = add(worker, first.port)
        add(worker, second.port)
        disabled: list[int] = []

        def stop_one() -> bool:
            if not disabled and first.accepted().total() > 20:
                disable_relay(relay_id, asking(PLATFORM), worker.log, relays_of(worker))
                disabled.append(1)
            return mailing.idle()

        run_dispatchers(worker, stop_one)
        assert (first.accepted() + second.accepted()).total() == 600
        mailing.add_contacts([f"more{n}@example.com" for n in range(50)])
        before = first.accepted().total()
        mailing.started()
        run_dispatchers(worker, mailing.idle)
        assert first.accepted().total() == before


def test_a_workspaces_own_relay_goes_before_the_shared_and_must_be_public(
    mailing: Mailing, worker: Adapters
) -> None:
    mailing.add_contacts(people(5))
    mailing.started()
    with counting_sink() as shared, counting_sink() as own:
        add(worker, shared.port)
        add(worker, own.port, scope=mailing.workspace)
        run_dispatchers(worker, mailing.idle)
        assert (shared.accepted().total(), own.accepted().total()) == (0, 5)
        mailing.add_contacts(["one.more@example.com"])
    refused = Mailing(mailing.app, worker)
    refused.add_contacts(people(1))
    refused.started()
    with counting_sink() as hidden:
        add(worker, hidden.port, scope=refused.workspace, private=False)
        run_dispatchers(worker, lambda: bool(refused.of_type(RelayOpened)))
        assert hidden.accepted().total() == 0
    (opened,) = refused.of_type(RelayOpened)
    assert opened.evidence == "host_not_public"


def test_a_password_is_opened_for_the_connection_alone(worker: Adapters) -> None:
    secret = Credentials(username="canary-user", password="canary-word")
    add(worker, 1, credentials=secret)
    relays = relays_of(worker)
    (known,) = relays.known([])
    assert relays.credentials(known) == secret
    with tenant_scope(worker.pool, PLATFORM) as cursor:
        row = cursor.execute("SELECT r::text, encode(sealed, 'escape') FROM relays r").fetchone()
    stored = b"".join(row.data for page in worker.reader.pages(0) for row in page)
    assert "canary" not in f"{known!r} {secret!r} {row} {stored!r}"


def test_a_relay_in_use_takes_other_weights_and_connections_and_nothing_is_lost(
    mailing: Mailing, worker: Adapters
) -> None:
    mailing.add_contacts(people(900))
    mailing.started()
    with counting_sink() as first, counting_sink() as second:
        changed = add(worker, first.port)
        add(worker, second.port)
        tuned: list[int] = []

        def tune_one() -> bool:
            if not tuned and first.accepted().total() > 50:
                tuned.append(first.accepted().total())
                command = TuneRelay(relay_id=changed, weight=9, connections=1)
                tune_relay(command, asking(PLATFORM), worker.log, relays_of(worker))
            return mailing.idle()

        run_dispatchers(worker, tune_one)
        reached = first.accepted_recipients() + second.accepted_recipients()
    assert tuned
    uncertain = len(mailing.of_type(EmailUncertain))
    assert len(mailing.of_type(EmailSent)) + uncertain + mailing.tasks() == 900
    assert set(reached.values()) == {1}
    assert {one.version for one in relays_of(worker).known([])} == {1, 2}


def test_system_mail_goes_through_the_shared_relay_that_takes_it_and_campaigns_do_not(
    mailing: Mailing, worker: Adapters
) -> None:
    mailing.add_contacts(people(20))
    mailing.started()
    queue(worker, reset_mail())
    with counting_sink() as bulk, counting_sink() as system:
        add(worker, bulk.port)
        relay_id = add(worker, system.port)
        command = TuneRelay(relay_id=relay_id, bulk=False, transactional=True)
        tune_relay(command, asking(PLATFORM), worker.log, relays_of(worker))
        run_dispatchers(worker, lambda: mailing.idle() and waiting(worker) == 0)
        assert (bulk.accepted().total(), system.accepted().total()) == (20, 1)


def of_relays(worker: Adapters, kind: type[E]) -> list[E]:
    """The events of shared relays, which stand in the platform's scope."""
    rows = [row for page in worker.reader.pages(0) for row in page]
    events = [worker.mapper.decode(row.tag, row.data) for row in rows]
    return [event for event in events if isinstance(event, kind)]


@contextmanager
def mortal_sink(room: Path, port: int = 0) -> Iterator[tuple[RunningSink, subprocess.Popen[str]]]:
    """A sink that can be killed, whose log stays."""
    log = room / "mortal.log"
    argv = [sys.executable, "-m", "infra.smtp.counting_sink", "--log", str(log)]
    argv += ["--port", str(port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield RunningSink(port=int(process.stdout.readline()), log=log), process
        finally:
            process.kill()
