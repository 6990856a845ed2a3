"""A relay that accepts, stalls and resets in mid-campaign: deadlines hold, and the log is honest.

What never left is tried again; what may have been taken (the final dot is out, no reply came) is
uncertain and never sent again. The server counts each body it got to the end of as taken, also
when it then says nothing: the worst that a real one may do.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Collection
from uuid import UUID

import msgspec
import pytest

from infra.bootstrap import Adapters
from infra.smtp.sender import SmtpSender
from tests.integration.test_sending_crashes import people
from tests.support.fault_tally import FaultTally, tally
from tests.support.faulty_smtp import (
    Action,
    FaultySmtp,
    Peer,
    Script,
    faulty_smtp,
    reset,
    say,
    say_and_close,
    silence,
)
from tests.support.sending import Mailing, relay_on
from workers.dispatcher import Dispatcher
from workers.runtime import Stop

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MESSAGES = 60
DEADLINE_S = 1.0
FAULTY = range(20, 22)  # passings of the step: in mid-campaign, on whichever connection
_MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f]{32})@", re.MULTILINE | re.IGNORECASE)


def now_and_then(fault: Action, *, well: bytes, at: Collection[int] = FAULTY) -> Action:
    """Do the fault at these passings of all connections together, answer at the others."""
    passed = 0
    answer = say(well)

    async def act(peer: Peer) -> bool:
        nonlocal passed
        passed += 1
        return await (fault if passed in at else answer)(peer)

    return act


CLOSING = say_and_close(b"421 4.3.2 going down")
FAULTS = {
    "accepts, says nothing": Script(
        banner=now_and_then(silence, well=b"220 faulty ESMTP", at=range(2, 5))
    ),
    "stalls after DATA": Script(data=now_and_then(silence, well=b"354 go ahead")),
    "stalls after the final dot": Script(dot=now_and_then(silence, well=b"250 2.0.0 taken")),
    "resets after the final dot": Script(dot=now_and_then(reset, well=b"250 2.0.0 taken")),
    "resets between": Script(mail=now_and_then(reset, well=b"250 2.1.0 OK")),
    "421 in mid-batch": Script(mail=now_and_then(CLOSING, well=b"250 2.1.0 OK")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_campaign_ends_with_each_outcome_as_it_was(
    app: Adapters, worker: Adapters, fault: str
) -> None:
    mailing = Mailing(app, worker)
    mailing.add_contacts(people(MESSAGES))
    campaign = mailing.started()
    server = asyncio.run(asyncio.wait_for(sent_to(FAULTS[fault], mailing), 60))
    mailing.schedule_all()
    told = told_of(mailing, server)
    told.show(fault)
    told.check()
    assert not told.sent & told.uncertain
    after_the_dot = "final dot" in fault
    assert len(told.uncertain) == (len(FAULTY) if after_the_dot else 0)
    assert server.connections > 1
    assert mailing.gate(campaign) == "closed"


async def sent_to(script: Script, mailing: Mailing) -> FaultySmtp:
    """Run a dispatcher with short deadlines until nobody waits any more."""
    stop = Stop()
    async with faulty_smtp(script) as server:
        options = msgspec.structs.replace(
            relay_on(server.port),
            connect_timeout_s=DEADLINE_S,
            command_timeout_s=DEADLINE_S,
            final_dot_timeout_s=DEADLINE_S,
        )
        async with SmtpSender(options) as sender:
            running = asyncio.create_task(
                Dispatcher(mailing.worker, sender=sender, relay="faulty").run(stop)
            )
            while not await asyncio.to_thread(hurried, mailing):
                await asyncio.sleep(0.02)
                assert not running.done()
            stop.set()
            await running
        return server


def hurried(mailing: Mailing) -> bool:
    """Let nobody wait for the next attempt; tell whether everybody is through."""
    mailing.ask(
        "UPDATE email_tasks SET due_at = clock_timestamp()"
        " WHERE locked_by IS NULL AND due_at > clock_timestamp() RETURNING 1"
    )
    return mailing.tasks() == 0


def told_of(mailing: Mailing, server: FaultySmtp) -> FaultTally:
    found = (_MESSAGE_ID.search(body) for body in server.bodies)
    taken = Counter(UUID(one[1].decode()) for one in found if one)
    return tally(mailing, taken, audience=MESSAGES)
