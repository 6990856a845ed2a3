"""The allowance of a relay: exact however many dispatchers share it."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.dispatcher_leases import DispatcherLeases
from infra.postgres.relay_rates import SPACING, RelayRate, RelayRates
from infra.smtp.counting_sink import serve
from infra.smtp.sender import SmtpSender
from tests.support.counting_sink import counting_sink
from tests.support.sending import Mailing, relay_on
from workers.bench.rate_exact import worst_window
from workers.dispatcher import Dispatcher
from workers.runtime import Stop

pytestmark = pytest.mark.integration


def live(worker: Adapters) -> RelayRates:
    """The permits as a new dispatcher sees them."""
    holder = new_id()
    DispatcherLeases(worker.pool).sign_on(holder)
    return RelayRates(worker.pool, holder=holder)


@pytest.mark.parametrize("per_s", [0.5, 1, 7, 50, 99, 100, 333, 500, 1_000, 2_000, 4_321.5])
def test_all_permits_together_are_exactly_the_rate(per_s: float) -> None:
    rate = RelayRate("r", per_s)
    assert rate.permits * rate.block / rate.window_s == pytest.approx(per_s)
    assert rate.window_s <= max(1, 1 / per_s)
    assert rate.window_s > 0.97 or per_s < 100


def test_no_window_of_two_dispatchers_has_more_blocks_than_permits(worker: Adapters) -> None:
    rate = RelayRate("shared", 40)
    holders = [live(worker), live(worker)]
    holders[0].allow(rate)

    def send(dispatcher: int) -> list[tuple[float, float]]:
        sent = []
        for number in range(50):
            while not (taken := holders[dispatcher].take(rate)):
                time.sleep(0.005)
            time.sleep(max(taken[0].begins - time.monotonic(), 0))
            began = time.monotonic()
            time.sleep(0.03 if number % 7 == 0 else 0)  # the relay is slow now and then
            sent.append((began, time.monotonic()))
            holders[dispatcher].free(rate, [(taken[0], sent[-1][1] + rate.window_s)])
        return sent

    with ThreadPoolExecutor(2) as two:
        blocks = sorted(block for sent in two.map(send, range(2)) for block in sent)
    assert len(blocks) == 100
    for number, (began, _) in enumerate(blocks):
        in_window = [ended for _, ended in blocks[:number] if ended > began - rate.window_s]
        assert len(in_window) < rate.permits


def test_nothing_is_saved_up_while_nobody_sends(worker: Adapters) -> None:
    rates, rate = live(worker), RelayRate("idle", 50)
    rates.allow(rate)
    time.sleep(0.2)
    now = time.monotonic()
    waits = [permit.begins - now for permit in rates.take(rate, blocks=5)]
    assert waits[0] < 0.05
    assert waits[-1] - waits[0] == pytest.approx(4 / 50 * SPACING)


def test_a_permit_is_held_until_its_answers_came_or_its_dispatcher_is_dead(
    worker: Adapters,
) -> None:
    rates, rate = live(worker), RelayRate("held", 1)
    rates.allow(rate)
    (held,) = rates.take(rate, blocks=2)
    assert live(worker).take(rate) == []
    now = time.monotonic()
    rates.free(rate, [(held, now - 0.3 + rate.window_s)])
    (again,) = rates.take(rate)
    assert 0.6 < again.begins - now < 1.0
    with worker.pool.connection() as connection:
        connection.execute("UPDATE dispatchers SET alive_until = clock_timestamp()")
    (heir,) = live(worker).take(rate)
    assert heir.begins - now > 0.9


def test_the_relay_sees_the_rate_and_never_more(app: Adapters, worker: Adapters) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts([f"p{n}@example.com" for n in range(240)])
    mailing.started()
    stamps: list[float] = []

    async def send() -> None:
        server = await serve(
            port=0, record=lambda lines: stamps.extend([time.monotonic()] * lines.count(b"\n"))
        )
        port = server.sockets[0].getsockname()[1]
        stop = Stop()
        async with server, SmtpSender(relay_on(port)) as sender:
            dispatcher = Dispatcher(worker, sender=sender, relay="r", rate_per_s=80)
            running = asyncio.create_task(dispatcher.run(stop))
            while len(stamps) < 240:
                await asyncio.sleep(0.05)
                assert not running.done()
            stop.set()
            await running

    asyncio.run(asyncio.wait_for(send(), 60))
    stamps.sort()
    assert worst_window(stamps, 1.0) <= 80
    assert stamps[-1] - stamps[0] >= 2.0


def test_two_dispatchers_share_the_work_and_repeat_nobody(app: Adapters, worker: Adapters) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts([f"p{n}@example.com" for n in range(1_500)])
    mailing.started()

    async def send(port: int) -> None:
        stop = Stop()
        async with SmtpSender(relay_on(port)) as one, SmtpSender(relay_on(port)) as other:
            running = [
                asyncio.create_task(Dispatcher(worker, sender=sender, relay="r").run(stop))
                for sender in (one, other)
            ]
            while not await asyncio.to_thread(mailing.idle):  # noqa: ASYNC110 - asks the database
                await asyncio.sleep(0.05)
            stop.set()
            await asyncio.gather(*running)

    with counting_sink() as sink:
        asyncio.run(asyncio.wait_for(send(sink.port), 60))
        assert set(sink.accepted_recipients().values()) == {1}
        assert sink.accepted().total() == 1_500
    assert mailing.counted()["EmailSent"] == 1_500
