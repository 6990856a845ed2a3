"""Who waits for whom: a small workspace behind a large one, fast lanes beside a slow one."""

import asyncio

import pytest

from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from infra.smtp.sender import SmtpSender
from tests.support.faulty_smtp import FaultySmtp, Script, faulty_smtp, late
from tests.support.sending import Mailing, relay_on
from workers.dispatcher import Dispatcher
from workers.runtime import Stop

pytestmark = pytest.mark.integration
ANSWER_S = 0.05
CONNECTIONS = 4
PACE_PER_S = CONNECTIONS / ANSWER_S  # what the relay takes at best: 80 messages a second
WAITS_S = 5


def begun(server: FaultySmtp) -> list[str]:
    """The local parts of those whose transactions were begun, in order."""
    return [line.partition("<")[2].partition("@")[0] for line in server.heard("RCPT")]


async def test_one_mail_waits_five_seconds_at_most_behind_another_workspaces_a_thousand(
    app: Adapters, worker: Adapters
) -> None:
    """Told in messages: what the relay takes in five seconds is all that may go first."""
    large, small = Mailing(app, worker), Mailing(app, worker)
    large.add_contacts([f"large{n}@example.com" for n in range(1_000)])
    small.add_contacts(["small@example.com"])
    campaign = small.draft()
    await asyncio.to_thread(large.started)
    script, end = Script(dot=late(b"250 OK", after_s=ANSWER_S)), Stop()
    async with faulty_smtp(script) as server:
        options = relay_on(server.port, connections=CONNECTIONS)
        async with SmtpSender(options) as sender, asyncio.timeout(60):
            running = asyncio.create_task(Dispatcher(worker, sender=sender, relay="sink").run(end))
            while len(begun(server)) < 200:  # noqa: ASYNC110  a server's list has no event
                await asyncio.sleep(0.02)
            await asyncio.to_thread(small.launch, campaign)
            await asyncio.to_thread(small.expand)
            before = len(begun(server))
            while "small" not in begun(server):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            end.set()
            await running
    went_first = begun(server).index("small") - before
    assert went_first <= PACE_PER_S * WAITS_S


async def test_a_closed_lane_with_thousands_waiting_delays_nobody_elses(
    app: Adapters, worker: Adapters
) -> None:
    mailing, end = Mailing(app, worker), Stop()
    mailing.add_contacts(
        [f"slow{n}@gmail.com" for n in range(2_000)] + [f"fast{n}@example.com" for n in range(50)]
    )
    await asyncio.to_thread(mailing.started)
    with tenant_scope(worker.pool, mailing.workspace) as cursor:
        cursor.execute(
            "INSERT INTO lanes (workspace_id, sending_domain, destination, state)"
            " SELECT workspace_id, sending_domain, 'google', 'blocked' FROM campaign_runs"
        )
    async with (
        faulty_smtp(Script()) as server,
        SmtpSender(relay_on(server.port)) as sender,
        asyncio.timeout(60),
    ):
        running = asyncio.create_task(Dispatcher(worker, sender=sender, relay="sink").run(end))
        while len(begun(server)) < 50:  # noqa: ASYNC110  a server's list has no event
            await asyncio.sleep(0.02)
        end.set()
        await running
    assert {name.rstrip("0123456789") for name in begun(server)} == {"fast"}
