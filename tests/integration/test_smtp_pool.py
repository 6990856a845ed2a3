"""Connections: how many, how long, what happens when one ends, and that nobody is mailed twice."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter

import pytest

from infra.smtp.mail import Accepted, NotSent, Outcome, Refused, Uncertain
from infra.smtp.sender import SmtpSender
from tests.support import faulty_smtp as smtp
from tests.support.counting_sink import counting_sink
from tests.support.faulty_smtp import EHLO_REPLY, PLAIN_EHLO_REPLY, Peer, Script, say
from tests.support.smtp_mail import a_mail, options_for, outcomes_of, sender_to

pytestmark = pytest.mark.integration

both_modes = pytest.mark.parametrize("ehlo", [EHLO_REPLY, PLAIN_EHLO_REPLY], ids=["pipe", "plain"])


@pytest.mark.parametrize("pipelining", [True, False])
async def test_every_message_of_a_large_batch_is_accepted_once(*, pipelining: bool) -> None:
    mails = [a_mail(f"person{number}@example.org") for number in range(2_000)]
    with counting_sink(pipelining=pipelining) as sink:
        async with SmtpSender(
            options_for(sink.port, connections=4, max_messages_per_connection=150)
        ) as sender:
            outcomes = await outcomes_of(sender, mails)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert sink.accepted() == Counter(f"<{mail.message_id}@example.com>" for mail in mails)
        assert sink.accepted_recipients() == Counter(mail.rcpt_to for mail in mails)


async def test_batches_sent_at_once_get_their_own_outcomes() -> None:
    async with sender_to(Script(), connections=3) as (sender, server):
        batches = [[a_mail() for _ in range(40)] for _ in range(5)]
        results = await asyncio.gather(*(outcomes_of(sender, batch) for batch in batches))
        assert all(
            isinstance(outcome, Accepted) for result in results for outcome in result.values()
        )
        assert len(server.bodies) == 200
        assert server.connections == 3


async def test_no_more_connections_are_opened_than_there_are_messages() -> None:
    async with sender_to(Script(), connections=8) as (sender, server):
        await sender.send_one(a_mail())
        await sender.send_one(a_mail())
        assert server.connections == 1


@both_modes
async def test_a_connection_is_changed_after_its_share(ehlo: bytes) -> None:
    script = Script(ehlo=say(ehlo))
    async with sender_to(script, max_messages_per_connection=3) as (sender, server):
        outcomes = await outcomes_of(sender, [a_mail() for _ in range(10)])
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert server.connections == 4
        assert len(server.heard("QUIT")) >= 3


async def test_a_connection_is_changed_after_its_time() -> None:
    async with sender_to(Script(), max_age_s=0.0) as (sender, server):
        outcomes = await outcomes_of(sender, [a_mail() for _ in range(4)])
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert server.connections == 4
        assert len(server.heard("QUIT")) >= 3
    async with sender_to(Script(), max_age_s=60.0) as (sender, server):
        await outcomes_of(sender, [a_mail() for _ in range(4)])
        assert server.connections == 1


def _closing_after(messages: int, reply: bytes) -> Script:
    """A server that takes a few messages on each connection and then ends it."""
    taken: dict[int, int] = {}

    async def mail(peer: Peer) -> bool:
        key = id(peer.writer)
        taken[key] = taken.get(key, 0) + 1
        if taken[key] > messages:
            if reply:
                await peer.write(reply)
            return False
        await peer.write(b"250 2.1.0 OK\r\n")
        return True

    return Script(mail=mail)


@both_modes
@pytest.mark.parametrize("reply", [b"421 4.7.0 too many messages\r\n", b""], ids=["421", "FIN"])
async def test_a_server_that_ends_used_connections_costs_nobody_their_mail(
    *, ehlo: bytes, reply: bytes
) -> None:
    script = _closing_after(3, reply)
    script.ehlo = say(ehlo)
    mails = [a_mail() for _ in range(10)]
    async with sender_to(script) as (sender, server):
        outcomes = await outcomes_of(sender, mails)
        assert [type(outcome) for outcome in outcomes.values()] == [Accepted] * 10
        assert Counter(server.bodies) == Counter(mail.data + b".\r\n" for mail in mails)


async def test_an_idle_connection_closed_by_the_server_is_replaced() -> None:
    script = Script(dot=smtp.say_and_close(b"250 2.0.0 taken"))
    async with sender_to(script) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        await asyncio.sleep(0.05)
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert server.connections == 2


async def test_an_idle_connection_is_given_up_politely() -> None:
    async with sender_to(Script(), idle_s=0.1) as (sender, server):
        await sender.send_one(a_mail())
        await asyncio.sleep(0.4)
        assert server.heard("QUIT") == ["QUIT"]


async def test_one_lost_connection_makes_one_message_uncertain_and_no_more() -> None:
    dots = [smtp.reset]

    async def dot(peer: Peer) -> bool:
        if len(server.bodies) == 3:
            return await dots[0](peer)
        await peer.write(b"250 2.0.0 taken\r\n")
        return True

    mails = [a_mail() for _ in range(8)]
    async with sender_to(Script(dot=dot)) as (sender, server):
        outcomes = await outcomes_of(sender, mails)
        assert Counter(type(outcome) for outcome in outcomes.values()) == {
            Accepted: 7,
            Uncertain: 1,
        }
        assert max(Counter(server.bodies).values()) == 1


async def test_a_relay_that_dies_on_every_message_is_given_up_quickly() -> None:
    async with sender_to(Script(mail=smtp.close), connect_attempts=3) as (sender, server):
        outcomes = await outcomes_of(sender, [a_mail() for _ in range(50)])
        assert {type(outcome) for outcome in outcomes.values()} == {NotSent}
        assert server.connections == 3


async def test_a_relay_that_comes_back_is_used_again() -> None:
    script = Script(banner=say(b"421 4.3.2 busy", b"220 ready"))
    async with sender_to(script, connect_attempts=3) as (sender, server):
        outcomes = await outcomes_of(sender, [a_mail() for _ in range(5)])
        assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
        assert server.connections == 2


async def test_closing_the_sender_gives_back_what_waits_and_finishes_what_is_in_flight() -> None:
    script = Script(dot=smtp.late(b"250 2.0.0 taken", after_s=0.15))
    mails = [a_mail() for _ in range(3)]
    outcomes: list[Outcome] = []
    async with sender_to(script, max_messages_per_connection=1) as (sender, server):

        async def listen() -> None:
            outcomes.extend([outcome async for outcome in sender.send(mails)])

        listener = asyncio.create_task(listen())
        await asyncio.sleep(0.08)
        await sender.aclose()
        await listener
        assert [type(outcome) for outcome in outcomes] == [NotSent, NotSent, Accepted]
        assert len(server.bodies) == 1
        assert isinstance(await sender.send_one(a_mail()), NotSent)


async def test_a_caller_who_stops_listening_sends_nothing_further() -> None:
    script = Script(dot=smtp.late(b"250 2.0.0 taken", after_s=0.02))
    async with sender_to(script) as (sender, server):
        outcomes = sender.send([a_mail() for _ in range(50)])
        assert isinstance(await anext(outcomes), Accepted)
        await outcomes.aclose()  # type: ignore[attr-defined]  # it is a generator
        await asyncio.sleep(0.2)
        assert len(server.bodies) <= 3


async def test_the_next_envelope_rides_behind_the_body_and_data_ends_the_group() -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250-raw\r\n250 PIPELINING\r\n")
        for answers in (b"250 m\r\n250 r\r\n354 d\r\n", b"250 t\r\n250 m\r\n250 r\r\n354 d\r\n"):
            received.append(await reader.read(65_536))
            writer.write(answers)
        received.append(await reader.read(65_536))
        writer.write(b"250 t\r\n")
        await reader.read(100)
        writer.write(b"221 bye\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, SmtpSender(options_for(server.sockets[0].getsockname()[1])) as sender:
        first, second = a_mail("one@example.org"), a_mail("two@example.org")
        outcomes = await outcomes_of(sender, [first, second])
    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert received == [
        b"MAIL FROM:<news@example.com>\r\nRCPT TO:<one@example.org>\r\nDATA\r\n",
        first.data + b".\r\nMAIL FROM:<news@example.com>\r\nRCPT TO:<two@example.org>\r\nDATA\r\n",
        second.data + b".\r\n",
    ]


async def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    async def slow_reply(peer: Peer) -> bool:
        await asyncio.sleep(0.02)
        # Nothing may have arrived behind the command.
        buffered.append(bytes(peer.reader._buffer))  # type: ignore[attr-defined]  # test only
        await peer.write(b"250 OK\r\n")
        return True

    buffered: list[bytes] = []
    script = Script(ehlo=say(PLAIN_EHLO_REPLY), mail=slow_reply, rcpt=slow_reply, dot=slow_reply)
    async with sender_to(script) as (sender, _):
        await outcomes_of(sender, [a_mail(), a_mail()])
    assert buffered == [b""] * 6


async def test_a_refused_message_does_not_hold_up_the_connection_that_has_no_next() -> None:
    script = Script(rcpt=say(b"550 5.1.1 who", b"250 OK"), data=say(b"503 no", b"354 go"))
    async with sender_to(script) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Refused)
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert server.connections == 1
        assert server.heard("RSET") == ["RSET"]


def test_a_sender_killed_in_mid_flight_leaves_a_log_without_duplicates() -> None:
    code = """
import asyncio, sys
from infra.smtp.sender import SmtpSender
from tests.support.smtp_mail import a_mail, options_for
async def main():
    async with SmtpSender(options_for(int(sys.argv[1]), connections=4)) as sender:
        while True:
            async for _ in sender.send([a_mail() for _ in range(500)]):
                pass
            print("batch", flush=True)
asyncio.run(main())
"""
    with counting_sink() as sink:
        argv = [sys.executable, "-c", code, str(sink.port)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        accepted = sink.accepted()
    assert sum(accepted.values()) >= 500
    assert max(accepted.values()) == 1
