"""Processes that die: nobody is mailed twice; whoever may be missing is recorded as uncertain."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from commands.delivery.choose_delivery_mode import ChooseDeliveryMode, choose_delivery_mode
from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.events import EmailSent, EmailSkipped, EmailUncertain, SkipReason
from domain.delivery.outcome_events import UncertainResolved
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.campaign_runs import RunFinder
from infra.postgres.connections import Role
from infra.postgres.delivery_modes import PostgresDeliveryModes
from infra.postgres.dispatcher_leases import DispatcherLeases, LeaseLostError
from infra.postgres.email_queue import EmailQueue
from infra.postgres.sql_effect import StaleStateError
from infra.settings import Settings
from infra.smtp.sender import SmtpSender
from tests.support.asking import asking
from tests.support.counting_sink import counting_sink
from tests.support.fault_tally import message_ids
from tests.support.faulty_smtp import Script, close, faulty_smtp, say
from tests.support.sending import Mailing, environment, relay_on
from workers.dispatcher import Dispatcher
from workers.dispatching.handing_over import IN_FLIGHT
from workers.dispatching.open_relay import MOST_CHUNK
from workers.runtime import Stop

pytestmark = pytest.mark.integration

DISPATCHER = ["-m", "workers.cli.main", "worker", "dispatcher"]
SLOW_EXPANDER = """
import time
from infra.bootstrap import Adapters
from infra.postgres.connections import Role
from infra.settings import load_settings
from workers.audience_expander import AudienceExpander
expander = AudienceExpander(Adapters(load_settings(), role=Role.WORKER, name="e"), page=50)
while True:
    expander.step()
    time.sleep(0.01)
"""


@pytest.fixture
def mailing(app: Adapters, worker: Adapters) -> Mailing:
    return Mailing(app, worker)


def people(count: int) -> list[str]:
    return [f"p{n}@example.com" for n in range(count)]


@contextmanager
def process(
    arguments: list[str], settings: Settings, *, smtp_port: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(settings, smtp_port=smtp_port),
        stdout=subprocess.DEVNULL,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def eventually(holds: Callable[[], bool], *, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_kill_9_of_the_dispatcher_loses_nobody_silently_and_repeats_nobody(
    mailing: Mailing, settings: Settings
) -> None:
    contacts = mailing.add_contacts(people(3_000))
    campaign = mailing.started()
    with counting_sink() as sink:
        for goal in (400, 1_200):
            with process(DISPATCHER, settings, smtp_port=sink.port) as dispatcher:
                eventually(lambda goal=goal: sink.accepted().total() >= goal)  # type: ignore[misc]
                dispatcher.kill()
                dispatcher.wait()
            assert mailing.ask("SELECT count(*) FROM email_tasks WHERE phase = 1") != [(0,)]
            let_leases_run_out(mailing)
            mailing.schedule_all()
        mailing.dispatch(sink.port)
        mailing.schedule_all()
        accepted = message_ids(sink)
    sent = {event.message_id for event in mailing.of_type(EmailSent)}
    uncertain = {event.message_id for event in mailing.of_type(EmailUncertain)}
    assert set(accepted.values()) == {1}
    assert sent <= accepted.keys() <= sent | uncertain
    assert not sent & uncertain
    assert len(sent | uncertain) == len(contacts)
    assert 0 < len(uncertain) <= 2 * IN_FLIGHT * MOST_CHUNK  # two crashes
    assert mailing.gate(campaign) == "closed"


def test_at_least_once_mails_everybody_and_records_each_repeat(
    mailing: Mailing, settings: Settings
) -> None:
    """kill -9 twice: nobody is left out, and who may have been mailed twice stands in the log."""
    choose(mailing, DeliveryMode.AT_LEAST_ONCE)
    contacts = mailing.add_contacts(people(1_500))
    campaign = mailing.started()
    with counting_sink() as sink:
        for goal in (200, 600):
            with process(DISPATCHER, settings, smtp_port=sink.port) as dispatcher:
                eventually(lambda goal=goal: sink.accepted().total() >= goal)  # type: ignore[misc]
                dispatcher.kill()
                dispatcher.wait()
            let_leases_run_out(mailing)
            mailing.schedule_all()
        mailing.dispatch(sink.port)
        mailing.schedule_all()
        accepted = message_ids(sink)
    sent = {event.message_id for event in mailing.of_type(EmailSent)}
    uncertain = mailing.of_type(EmailUncertain)
    repeats = mailing.of_type(UncertainResolved)
    twice = {message_id for message_id, count in accepted.items() if count > 1}
    assert len(sent) == len(contacts)
    assert sent == accepted.keys()
    assert twice <= {event.message_id for event in repeats}
    assert {(e.message_id, e.attempt) for e in uncertain} == {
        (e.message_id, e.attempt) for e in repeats
    }
    assert len(uncertain) > 0
    assert {event.relay for event in uncertain} == {f"127.0.0.1:{sink.port}"}
    assert mailing.ask("SELECT DISTINCT resolution FROM uncertain_messages") == [("resend",)]
    assert mailing.gate(campaign) == "closed"


@pytest.mark.parametrize("mode", DeliveryMode)
def test_an_answer_that_was_lost_is_repeated_only_at_least_once(
    mailing: Mailing, mode: DeliveryMode
) -> None:
    choose(mailing, mode)
    mailing.add_contacts(people(1))
    mailing.started()
    mailing.dispatch_to(Script(dot=close), until=lambda: bool(mailing.of_type(EmailUncertain)))
    waits = mailing.ask("SELECT phase, attempt, locked_by FROM email_tasks")
    assert waits == ([(0, 1, None)] if mode is DeliveryMode.AT_LEAST_ONCE else [])
    assert len(mailing.of_type(UncertainResolved)) == len(waits)
    stays = mailing.ask("SELECT count(*) FROM uncertain_messages WHERE resolution IS NULL")
    assert stays == [(1 - len(waits),)]


def choose(mailing: Mailing, mode: DeliveryMode) -> None:
    modes = PostgresDeliveryModes(mailing.app.pool)
    command = ChooseDeliveryMode(mode)
    choose_delivery_mode(command, asking(mailing.workspace), mailing.app.log, modes)


def let_leases_run_out(mailing: Mailing) -> None:
    with mailing.worker.pool.connection() as connection:
        connection.execute("UPDATE dispatchers SET alive_until = clock_timestamp()")


def test_sigterm_ends_the_dispatcher_with_everything_recorded(
    mailing: Mailing, settings: Settings
) -> None:
    mailing.add_contacts(people(2_000))
    mailing.started()
    with counting_sink() as sink:
        with process(DISPATCHER, settings, smtp_port=sink.port) as dispatcher:
            eventually(lambda: sink.accepted().total() >= 300)
            dispatcher.send_signal(signal.SIGTERM)
            assert dispatcher.wait(timeout=30) == 0
        accepted = message_ids(sink)
        sent = {event.message_id for event in mailing.of_type(EmailSent)}
        assert accepted.keys() == sent
        assert mailing.ask("SELECT count(*) FROM email_tasks WHERE locked_by IS NOT NULL") == [(0,)]
        assert mailing.tasks() == 2_000 - len(sent) > 0
        assert mailing.ask("SELECT count(*) FROM dispatchers") == [(0,)]


def test_kill_9_of_the_expander_queues_everybody_exactly_once(
    mailing: Mailing, settings: Settings
) -> None:
    mailing.add_contacts(people(1_000))
    campaign = mailing.draft()
    mailing.launch(campaign)
    mailing.project()
    for goal in (100, 500):
        with process(["-c", SLOW_EXPANDER], settings) as expander:
            eventually(lambda goal=goal: mailing.tasks() >= goal)  # type: ignore[misc]
            expander.kill()
    assert mailing.tasks() < 1_000
    mailing.expand(page=70)
    assert mailing.tasks() == 1_000
    assert mailing.ask("SELECT queued, skipped, expanded FROM campaign_runs") == [(1_000, 0, True)]
    assert mailing.counted()["AudienceFrozen"] == 1


def test_a_dead_dispatchers_queued_messages_are_free_and_the_handed_over_are_uncertain(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(people(10))
    mailing.started()
    (run,) = RunFinder(mailing.worker.pool).sendable()
    leases = DispatcherLeases(mailing.worker.pool)
    queue = EmailQueue(mailing.worker.pool, owner=new_id())
    assert queue.claim(run, limit=10) == []  # it has not signed on
    leases.sign_on(queue.owner)
    claimed = queue.claim(run, limit=10)
    assert len(claimed) == 10
    assert EmailQueue(mailing.worker.pool, owner=new_id()).claim(run, limit=10) == []
    mailing.ask(
        "UPDATE email_tasks SET phase = 1, attempt = 1 WHERE message_id = %s RETURNING 1",
        claimed[0].message_id,
    )
    mailing.schedule_all()
    assert mailing.of_type(EmailUncertain) == []  # it is alive
    let_leases_run_out(mailing)
    mailing.schedule_all()
    (lost,) = mailing.of_type(EmailUncertain)
    assert lost.message_id == claimed[0].message_id
    assert mailing.ask("SELECT count(*), count(locked_by) FROM email_tasks") == [(9, 0)]
    with pytest.raises(LeaseLostError):
        leases.renew(queue.owner)


def test_who_unsubscribes_after_the_claim_is_caught_before_mail_from(mailing: Mailing) -> None:
    first, *_ = mailing.add_contacts(people(4))
    mailing.started()
    (run,) = RunFinder(mailing.worker.pool).sendable()
    queue = EmailQueue(mailing.worker.pool, owner=new_id())
    DispatcherLeases(mailing.worker.pool).sign_on(queue.owner)
    claimed = queue.claim(run, limit=10)
    mailing.unsubscribe(first)
    gate, stopped = queue.last_look(run, [task.contact_id for task in claimed])
    assert (gate, stopped) == ("open", {first: SkipReason.UNSUBSCRIBED})


def test_unsubscribing_beside_a_running_dispatcher_gives_everybody_one_outcome(
    mailing: Mailing,
) -> None:
    contacts = mailing.add_contacts(people(200))
    mailing.started()
    gone: list[UUID] = []
    with counting_sink() as sink:

        def unsubscribe_one_more() -> bool:
            if len(gone) < 40:
                contact = contacts[-1 - len(gone)]
                mailing.unsubscribe(contact)
                gone.append(contact)
            return mailing.idle()

        mailing.dispatch(sink.port, rate_per_s=100, until=unsubscribe_one_more)
        accepted = sink.accepted().total()
    skipped = {event.contact_id for event in mailing.of_type(EmailSkipped)}
    sent = {event.contact_id for event in mailing.of_type(EmailSent)}
    assert len(sent) == accepted
    assert len(sent | skipped) == 200
    assert not sent & skipped
    assert skipped <= set(gone)
    assert len(skipped) > 0


def test_outcomes_that_cannot_be_recorded_end_the_life_and_become_uncertain(
    mailing: Mailing,
) -> None:
    mailing.add_contacts(people(1))
    mailing.started()
    with mailing.worker.connection(Role.MIGRATOR) as owner:
        owner.execute("ALTER TABLE dead_letters RENAME TO away")

    async def one_life() -> None:
        async with (
            faulty_smtp(Script(rcpt=say(b"554 5.7.1 blocked"))) as server,
            SmtpSender(relay_on(server.port)) as sender,
        ):
            dispatcher = Dispatcher(mailing.worker, sender=sender, relay="r")
            await asyncio.wait_for(dispatcher.run(Stop()), 20)

    asyncio.run(one_life())
    mailing.schedule_all()
    assert len(mailing.of_type(EmailUncertain)) == 1
    assert mailing.tasks() == 0


def test_nothing_is_claimed_while_the_gate_is_shut(mailing: Mailing) -> None:
    mailing.add_contacts(people(2))
    campaign = mailing.started()
    (run,) = RunFinder(mailing.worker.pool).sendable()
    queue = EmailQueue(mailing.worker.pool, owner=new_id())
    DispatcherLeases(mailing.worker.pool).sign_on(queue.owner)
    mailing.pause(campaign)
    assert queue.claim(run, limit=10) == []
    mailing.resume(campaign)
    assert len(queue.claim(run, limit=10)) == 2


def test_a_dispatcher_that_lost_its_messages_cannot_hand_them_over(mailing: Mailing) -> None:
    mailing.add_contacts(people(3))
    mailing.started()
    (run,) = RunFinder(mailing.worker.pool).sendable()
    leases = DispatcherLeases(mailing.worker.pool)
    slow, quick = (EmailQueue(mailing.worker.pool, owner=new_id()) for _ in range(2))
    leases.sign_on(slow.owner)
    messages = [task.message_id for task in slow.claim(run, limit=10)]
    let_leases_run_out(mailing)
    mailing.schedule_all()
    leases.sign_on(quick.owner)
    assert len(quick.claim(run, limit=10)) == 3
    before = mailing.counted()
    with pytest.raises(StaleStateError):
        mailing.worker.log.record(
            [],
            asking(mailing.workspace),
            effects=[slow.hand_over(run.workspace_id, messages, relay="r")],
        )
    assert mailing.counted() == before
    assert mailing.ask("SELECT sum(phase), sum(attempt) FROM email_tasks") == [(0, 0)]
