"""The allowance of a relay: exact however many dispatchers share it."""

import asyncio
import time
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from infra.bootstrap import Adapters
from infra.postgres.relay_rates import RelayRate, RelayRates
from infra.smtp.counting_sink import serve
from infra.smtp.sender import SmtpSender
from tests.support.counting_sink import counting_sink
from tests.support.sending import Mailing, relay_on
from workers.dispatcher import Dispatcher
from workers.runtime import Stop

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("per_s", [0.5, 1, 7, 50, 99, 100, 333, 1_000, 4_321.5])
def test_slots_of_whole_blocks_never_add_up_to_more_than_the_rate(per_s: float) -> None:
    rate = RelayRate("r", per_s)
    slot_s = rate.block / rate.slotted_rate_per_s
    most_in_a_second = rate.block * -(-1 // slot_s)
    assert most_in_a_second <= max(per_s, 1)
    assert rate.slotted_rate_per_s >= per_s * 0.94


def test_slots_of_two_dispatchers_never_overlap(worker: Adapters) -> None:
    rates, rate = RelayRates(worker.pool), RelayRate("shared", 200)
    rates.allow(rate)

    def reserve(_: int) -> float:
        before = time.monotonic()
        return before + rates.reserve(rate)

    with ThreadPoolExecutor(2) as two:
        slots = sorted(two.map(reserve, range(100)))
    block_s = rate.block / rate.slotted_rate_per_s
    # 100 slots of 4 messages at 200/s take 2 s; the clocks are read a moment apart.
    assert slots[-1] - slots[0] >= 99 * block_s - 0.05
    assert all(later > earlier for earlier, later in pairwise(slots))


def test_nothing_is_saved_up_while_nobody_sends(worker: Adapters) -> None:
    rates, rate = RelayRates(worker.pool), RelayRate("idle", 50)
    rates.allow(rate)
    time.sleep(0.2)
    waits = [rates.reserve(rate) for _ in range(5)]
    assert waits[0] == 0
    assert waits[-1] >= 4 / 50 - 0.05


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
    # Four messages of tolerance: a busy machine may deliver some of one second in the next.
    assert max(bisect_left(stamps, at + 1.0) - n for n, at in enumerate(stamps)) <= 84
    assert stamps[-1] - stamps[0] >= 239 / 80


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
