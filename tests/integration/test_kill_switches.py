"""Kill switches: obeyed by every dispatcher, confirmed, and closed when nobody can read them."""

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from commands.platform.resume_sending import ResumeSending, resume_sending
from commands.platform.stop_sending import StopSending, stop_sending
from domain.delivery.events import EmailSent, SystemMailSent
from domain.platform.kill_switch_events import SendingStopped, SwitchScope
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.embedded.nats import EmbeddedNats
from infra.postgres.campaign_runs import CampaignRun, RunFinder
from infra.postgres.connections import Role
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.kill_switches import KillSwitchBoard, PostgresKillSwitches
from infra.settings import Settings
from infra.smtp.mail import HELD, NotSent
from infra.smtp.sender import SmtpSender
from schemas.messages import SWITCHES
from tests.support.asking import asking
from tests.support.faulty_smtp import FaultySmtp, Script, faulty_smtp, late
from tests.support.sending import Mailing, relay_on
from tests.support.smtp_mail import a_mail, sender_to
from tests.support.system_mail import queue, recorded, reset_mail, waiting
from tests.support.tcp_proxy import TcpProxy
from workers.dispatcher import Dispatcher
from workers.kill_switch_watch import KillSwitchWatch
from workers.runtime import Stop

pytestmark = pytest.mark.integration
BRIEFLY = 20.0


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


@pytest.fixture
def second(settings: Settings) -> Iterator[Adapters]:
    """The adapters of another dispatcher's process."""
    adapters = Adapters(settings, role=Role.WORKER, name="test-second")
    yield adapters
    adapters.close()


def stop(mailing: Mailing, scope: SwitchScope = SwitchScope.WORKSPACE, key: str = "") -> None:
    everybody = scope is SwitchScope.GLOBAL
    command = StopSending(scope=scope, key=key, reason="a leak", by_operator=everybody)
    context = asking(PLATFORM if everybody else mailing.workspace)
    stop_sending(command, context, mailing.app.log, PostgresKillSwitches())


def resume(mailing: Mailing, scope: SwitchScope = SwitchScope.WORKSPACE, key: str = "") -> None:
    everybody = scope is SwitchScope.GLOBAL
    command = ResumeSending(scope=scope, key=key, reason="mended", by_operator=everybody)
    context = asking(PLATFORM if everybody else mailing.workspace)
    resume_sending(command, context, mailing.app.log, PostgresKillSwitches())


async def comes(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(BRIEFLY):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110  the database has no event
            await asyncio.sleep(0.02)


def asked_for(server: FaultySmtp, name: str) -> list[str]:
    """The recipients of one workspace, in the order in which their transactions were begun."""
    return [line for line in server.heard("RCPT") if f"<{name}" in line]


async def test_once_all_dispatchers_have_confirmed_none_begins_a_message_of_the_scope(
    app: Adapters, worker: Adapters, second: Adapters
) -> None:
    stopped, going = Mailing(app, worker), Mailing(app, worker)
    for mailing, name in ((stopped, "s"), (going, "g")):
        mailing.add_contacts([f"{name}{n}@example.com" for n in range(300)])
        await asyncio.to_thread(mailing.started)
    script, end, board = (
        Script(dot=late(b"250 OK", after_s=0.02)),
        Stop(),
        KillSwitchBoard(app.pool),
    )

    def confirmed() -> bool:
        (switch,) = board.of(stopped.workspace)
        return switch.dispatchers == switch.confirmed == 2 and switch.confirmed_at is not None

    async with (
        faulty_smtp(script) as server,
        SmtpSender(relay_on(server.port)) as sender,
        SmtpSender(relay_on(server.port)) as other,
    ):
        running = [
            asyncio.create_task(Dispatcher(process, sender=via, relay="sink").run(end))
            for process, via in ((worker, sender), (second, other))
        ]
        await comes(lambda: len(asked_for(server, "s")) > 20)
        await asyncio.to_thread(stop, stopped)
        await comes(confirmed)
        begun = len(asked_for(server, "s"))
        await comes(lambda: len(asked_for(server, "g")) == 300)
        assert len(asked_for(server, "s")) == begun < 300
        await asyncio.to_thread(resume, stopped)
        await comes(lambda: stopped.tasks() + going.tasks() == 0)
        end.set()
        await asyncio.gather(*running)
    assert len(set(asked_for(server, "s"))) == len(asked_for(server, "s")) == 300
    assert len(stopped.of_type(EmailSent)) == 300
    assert [event.reason for event in stopped.of_type(SendingStopped)] == ["a leak"]


def run_of(mailing: Mailing) -> CampaignRun:
    (run,) = RunFinder(mailing.worker.pool).sendable()
    return run


def signed_on(adapters: Adapters, **times: float) -> KillSwitchWatch:
    owner = new_id()
    DispatcherLeases(adapters.pool).sign_on(owner)
    return KillSwitchWatch(adapters, owner=owner, **times)


@pytest.mark.parametrize("scope", list(SwitchScope))
async def test_each_scope_stops_its_own_mail_and_only_the_global_one_the_systems(
    mailing: Mailing, scope: SwitchScope
) -> None:
    mailing.add_contacts(["a@example.com"])
    campaign = await asyncio.to_thread(mailing.started)
    run, watch = run_of(mailing), signed_on(mailing.worker)
    elsewhere = replace(
        run, campaign_id=new_id(), workspace_id=new_id(), sending_domain="x.example"
    )
    key = {"campaign": str(campaign), "domain": "acme.example"}.get(scope, "")
    assert watch.why_not(run) is not None, "nothing is begun before the first look"
    await watch.look()
    assert watch.why_not(run) is None
    stop(mailing, scope, key)
    await watch.look()
    assert watch.why_not(run) == f"kill switch: {scope}"
    assert (watch.why_not_system() is None) == (scope is not SwitchScope.GLOBAL)
    assert (watch.why_not(elsewhere) is None) == (scope is not SwitchScope.GLOBAL)
    resume(mailing, scope, key)
    await watch.look()
    assert watch.why_not(run) is None
    watch.close()


async def test_switches_that_cannot_be_read_stop_what_is_not_on_the_wire_yet(
    mailing: Mailing, settings: Settings
) -> None:
    """The network to PostgreSQL is a black hole: no answer and no error, and the relay is well."""
    mailing.add_contacts(["a@example.com"])
    await asyncio.to_thread(mailing.started)
    run, place = run_of(mailing), urlsplit(settings.database_url)
    with TcpProxy((str(place.hostname), int(place.port or 0))) as proxy:
        through = settings.database_url.replace(f":{place.port}/", f":{proxy.port}/")
        far = Adapters(replace(settings, database_url=through), role=Role.WORKER, name="far")
        watch = signed_on(far, poll_s=0.05, unreadable_after_s=0.5)
        await watch.look()
        looking = asyncio.create_task(watch.run())
        script = Script(dot=late(b"250 OK", after_s=0.02))
        async with sender_to(script, connections=1) as (sender, server):
            taken = 0
            mails = [a_mail() for _ in range(500)]
            async for outcome in sender.send(mails, may_begin=lambda: watch.why_not(run) is None):
                taken += 1
                if taken == 5:
                    proxy.passing.clear()
                if isinstance(outcome, NotSent):
                    assert outcome.reason == HELD
            assert 5 < len(server.heard("MAIL")) < 500
            assert "cannot be read" in str(watch.why_not(run))
            proxy.passing.set()
            await comes(lambda: watch.why_not(run) is None)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        far.close()


async def test_a_ping_is_enough_and_without_nats_the_poll_is(
    mailing: Mailing, settings: Settings, nats_server: EmbeddedNats
) -> None:
    mailing.add_contacts(["a@example.com"])
    await asyncio.to_thread(mailing.started)
    run = run_of(mailing)
    pinged = Adapters(
        replace(settings, nats_url=nats_server.url()), role=Role.WORKER, name="test-pinged"
    )
    patient, polling = signed_on(pinged, poll_s=3_600), signed_on(mailing.worker, poll_s=0.05)
    watching = [asyncio.create_task(watch.run()) for watch in (patient, polling)]
    await comes(lambda: patient.why_not(run) is None and polling.why_not(run) is None)
    stop(mailing)

    def pinged_and_stopped() -> bool:
        pinged.waker.wake(SWITCHES)
        return patient.why_not(run) is not None

    await comes(pinged_and_stopped)
    await comes(lambda: polling.why_not(run) is not None)
    for watch in watching:
        watch.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    pinged.close()


def test_mail_of_the_system_waits_for_the_global_switch_alone(mailing: Mailing) -> None:
    queue(mailing.app, reset_mail(mailing.workspace))
    queue(mailing.app, reset_mail())
    stop(mailing)
    sent: list[int] = []

    async def story() -> None:
        end = Stop()
        async with faulty_smtp(Script()) as server, SmtpSender(relay_on(server.port)) as sender:
            running = asyncio.create_task(
                Dispatcher(mailing.worker, sender=sender, relay="sink").run(end)
            )
            await comes(lambda: waiting(mailing.worker) == 0)
            stop(mailing, SwitchScope.GLOBAL)
            board = KillSwitchBoard(mailing.app.pool)
            await comes(lambda: board.of(PLATFORM)[0].confirmed == 1)
            sent.append(len(server.heard("MAIL")))
            queue(mailing.app, reset_mail())
            for _ in range(3):  # its lane has looked again and again
                await asyncio.sleep(0.1)
            sent.append(len(server.heard("MAIL")))
            resume(mailing, SwitchScope.GLOBAL)
            await comes(lambda: waiting(mailing.worker) == 0)
            end.set()
            await running

    asyncio.run(story())
    assert sent == [2, 2]
    assert [event.attempt for event in recorded(mailing.worker, SystemMailSent)] == [1, 1, 1]
