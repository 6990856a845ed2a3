"""What every adapter of the MailSender port owes, walked through the fault matrix SM-1 to SM-25."""

import asyncio
from collections.abc import Callable

import pytest

from domain.delivery.smtp_reply import Cause, Disposition, Phase
from infra.smtp.mail import Accepted, NotSent, Outcome, OutgoingMail, Refused, Uncertain
from infra.smtp.sender import SmtpSender
from tests.support import faulty_smtp as smtp
from tests.support.faulty_smtp import EHLO_REPLY, PLAIN_EHLO_REPLY, Action, Peer, Script, say
from tests.support.smtp_mail import a_mail, options_for, outcomes_of, sender_to, verdict_on

pytestmark = pytest.mark.integration

both_modes = pytest.mark.parametrize(
    "ehlo", [EHLO_REPLY, PLAIN_EHLO_REPLY], ids=["pipelining", "one_by_one"]
)


async def outcome_with(
    script: Script, *, mail: OutgoingMail | None = None, **changes: object
) -> Outcome:
    mail = mail or a_mail()
    async with sender_to(script, **changes) as (sender, _):
        return (await outcomes_of(sender, [mail]))[mail.message_id]


# The connection: SM-1 to SM-3, SM-14 to SM-16.


@pytest.mark.parametrize(
    ("banner", "reason"),
    [
        pytest.param(smtp.silence, "connect_timeout", id="SM-1 silent"),
        pytest.param(
            smtp.drip(b"220 " + b"x" * 200, every_s=0.02), "connect_timeout", id="SM-1 banner drip"
        ),
        pytest.param(say(b"421 4.3.2 busy"), "banner_refused", id="SM-2 421"),
        pytest.param(say(b"554 5.7.1 go away"), "banner_refused", id="SM-2 554"),
        pytest.param(
            smtp.flood(b"220-more\r\n", bytes_at_most=4_000_000), "protocol_error", id="SM-3"
        ),
        pytest.param(smtp.close, "connect_failed", id="closed at once"),
        pytest.param(smtp.raw(b"hello there\r\n"), "protocol_error", id="SM-15 garbage banner"),
    ],
)
async def test_a_connection_that_fails_leaves_the_message_unsent(
    banner: Action, reason: str
) -> None:
    outcome = await outcome_with(Script(banner=banner))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == reason


async def test_sm2_a_banner_that_refuses_is_about_the_host_not_the_person() -> None:
    outcome = await outcome_with(Script(banner=say(b"554 5.7.1 your address is listed")))
    assert isinstance(outcome, NotSent)
    assert outcome.reply is not None
    assert outcome.reply.code == 554


async def test_a_relay_that_is_not_there_leaves_the_message_unsent() -> None:
    async with SmtpSender(options_for(1)) as sender:
        outcome = await sender.send_one(a_mail())
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "connect_failed"


async def test_sm16_a_server_without_ehlo_gets_helo_and_nothing_is_assumed_of_it() -> None:
    script = Script(ehlo=say(b"500 5.5.1 what"))
    async with sender_to(script) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Accepted)
        assert server.heard("MAIL") == ["MAIL FROM:<news@example.com>"]


# Refusals: SM-4 to SM-10.


@both_modes
@pytest.mark.parametrize(
    ("step", "reply", "phase", "disposition", "cause"),
    [
        pytest.param(
            "mail", b"421 4.3.2 closing", Phase.MAIL, "transient", Cause.CONNECTION, id="SM-4"
        ),
        pytest.param(
            "mail", b"550 5.1.8 bad sender", Phase.MAIL, "permanent", Cause.SENDER, id="sender"
        ),
        pytest.param(
            "rcpt", b"450 4.2.0 busy", Phase.RCPT, "transient", Cause.RECIPIENT, id="SM-5 450"
        ),
        pytest.param(
            "rcpt", b"452 4.5.3 later", Phase.RCPT, "transient", Cause.RECIPIENT, id="SM-5 452"
        ),
        pytest.param("rcpt", b"550 5.1.1 who", Phase.RCPT, "permanent", Cause.RECIPIENT, id="SM-6"),
        pytest.param(
            "rcpt", b"550 5.7.1 listed", Phase.RCPT, "permanent", Cause.POLICY, id="SM-7 550"
        ),
        pytest.param(
            "rcpt", b"554 5.7.606 banned", Phase.RCPT, "permanent", Cause.POLICY, id="SM-7 554"
        ),
        pytest.param(
            "data", b"452 4.3.1 full", Phase.DATA, "transient", Cause.CONNECTION, id="SM-9 DATA"
        ),
        pytest.param(
            "dot", b"421 4.3.0 closing", Phase.DOT, "transient", Cause.CONNECTION, id="SM-9 421"
        ),
        pytest.param("dot", b"451 local", Phase.DOT, "transient", Cause.RECIPIENT, id="SM-9 451"),
        pytest.param(
            "dot", b"550 5.7.1 spam", Phase.DOT, "permanent", Cause.POLICY, id="SM-10 550"
        ),
        pytest.param(
            "dot", b"552 5.3.4 big", Phase.DOT, "permanent", Cause.TOO_LARGE, id="SM-10 552"
        ),
        pytest.param("dot", b"554 failed", Phase.DOT, "permanent", Cause.UNKNOWN, id="SM-10 554"),
    ],
)
async def test_a_refusal_keeps_its_phase_and_is_judged_by_class(
    *, ehlo: bytes, step: str, reply: bytes, phase: Phase, disposition: str, cause: Cause
) -> None:
    script = Script(ehlo=say(ehlo), **{step: say(reply)})
    if step in {"mail", "rcpt"} and ehlo is EHLO_REPLY:
        script.data = say(b"503 5.5.1 no valid recipients")
    outcome = await outcome_with(script)
    assert isinstance(outcome, Refused)
    assert outcome.phase is phase
    verdict = verdict_on(outcome)
    assert verdict.disposition is Disposition(disposition)
    assert verdict.cause is cause
    assert verdict.suppresses == (cause is Cause.RECIPIENT and disposition == "permanent")


@both_modes
@pytest.mark.parametrize("data_after_refusal", [b"354 go ahead", b"503 5.5.1 no recipients"])
async def test_sm8_each_person_gets_the_reply_that_was_about_them(
    *, ehlo: bytes, data_after_refusal: bytes
) -> None:
    async def data(peer: Peer) -> bool:
        refused = rcpt_replies[len(server.heard("RCPT")) - 1][:1] != b"2"
        await peer.write((data_after_refusal if refused else b"354 go ahead") + b"\r\n")
        return True

    rcpt_replies = [b"250 OK", b"450 4.2.0 busy", b"550 5.1.1 who", b"250 OK", b"550 5.1.1 who"]
    script = Script(ehlo=say(ehlo), rcpt=say(*rcpt_replies), data=data)
    mails = [a_mail(f"person{number}@example.org") for number in range(5)]
    async with sender_to(script) as (sender, server):
        outcomes = await outcomes_of(sender, mails)
        assert server.connections == 1
    kinds = [type(outcomes[mail.message_id]) for mail in mails]
    assert kinds == [Accepted, Refused, Refused, Accepted, Refused]
    codes = [outcomes[mail.message_id].reply.code for mail in mails]  # type: ignore[union-attr]
    assert codes == [250, 450, 550, 250, 550]
    # A refused recipient is followed by nothing, or by an empty message to nobody.
    assert [body for body in server.bodies if body != b".\r\n"] == [
        mails[0].data + b".\r\n",
        mails[3].data + b".\r\n",
    ]


async def test_a_refused_sender_with_a_taken_recipient_never_gets_an_empty_message() -> None:
    script = Script(mail=say(b"550 5.1.8 bad sender"))
    async with sender_to(script) as (sender, server):
        outcome = await sender.send_one(a_mail())
        assert isinstance(outcome, Refused)
        assert outcome.phase is Phase.MAIL
        await asyncio.sleep(0.05)
        assert server.bodies == []


# Losses around the body: SM-11 to SM-15.


@both_modes
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(Script(break_after_body_bytes=20), "connection_lost", id="SM-11 RST in body"),
        pytest.param(Script(dot=smtp.reset), "connection_lost", id="SM-12 RST after dot"),
        pytest.param(Script(dot=smtp.close), "connection_lost", id="SM-12 close after dot"),
        pytest.param(Script(dot=smtp.late(b"250 OK", after_s=0.8)), "timeout", id="SM-13"),
        pytest.param(
            Script(dot=smtp.drip(b"250 " + b"x" * 100, every_s=0.02)), "timeout", id="SM-14"
        ),
        pytest.param(Script(dot=smtp.raw(b"what?\r\n")), "protocol_error", id="SM-15 garbage"),
        pytest.param(Script(dot=say(b"354 more")), "protocol_error", id="SM-15 wrong class"),
        pytest.param(
            Script(dot=smtp.raw(b"250-2.0.0 OK\r\n550 no\r\n")), "protocol_error", id="two codes"
        ),
    ],
)
async def test_silence_after_the_body_is_uncertain(
    *, ehlo: bytes, broken: Script, reason: str
) -> None:
    broken.ehlo = say(ehlo)
    outcome = await outcome_with(broken)
    assert isinstance(outcome, Uncertain)
    assert outcome.reason == reason


async def test_sm13_an_uncertain_message_is_not_sent_again_by_the_sender() -> None:
    script = Script(dot=smtp.late(b"250 OK", after_s=0.6))
    async with sender_to(script) as (sender, server):
        assert isinstance(await sender.send_one(a_mail()), Uncertain)
        await asyncio.sleep(0.4)
        assert len(server.bodies) == 1


async def test_sm11_a_body_whose_end_never_left_the_process_is_unsent() -> None:
    async def take_nothing_then_reset(peer: Peer) -> bool:
        await peer.write(b"354 go ahead\r\n")
        await asyncio.sleep(0.2)
        peer.reset()
        return False

    large = a_mail(data=b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 40_000)
    script = Script(ehlo=say(b"250-faulty\r\n250 PIPELINING"), data=take_nothing_then_reset)
    outcome = await outcome_with(script, mail=large, final_dot_timeout_s=5.0)
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "connection_lost"


@both_modes
@pytest.mark.parametrize(
    ("step", "action", "reason"),
    [
        pytest.param("mail", smtp.reset, "connection_lost", id="RST at MAIL"),
        pytest.param("rcpt", smtp.close, "connection_lost", id="close at RCPT"),
        pytest.param("data", smtp.close, "connection_lost", id="close at DATA"),
        pytest.param("mail", smtp.silence, "timeout", id="silent"),
        pytest.param(
            "rcpt", smtp.drip(b"250 " + b"x" * 100, every_s=0.02), "timeout", id="SM-14 drip"
        ),
        pytest.param("mail", smtp.raw(b"what?\r\n"), "protocol_error", id="SM-15 garbage"),
        pytest.param("mail", smtp.raw(b"250 OK\n"), "protocol_error", id="SM-15 bare LF"),
        pytest.param("data", say(b"250 OK"), "protocol_error", id="DATA not answered by 354"),
        pytest.param("rcpt", smtp.raw(b"250-" + b"x" * 3000), "protocol_error", id="long line"),
        pytest.param("mail", smtp.raw(b"250-x\r\n" * 99), "protocol_error", id="endless reply"),
    ],
)
async def test_a_loss_before_the_body_leaves_the_message_unsent(
    *, ehlo: bytes, step: str, action: Action, reason: str
) -> None:
    async with sender_to(Script(ehlo=say(ehlo), **{step: action})) as (sender, server):
        outcome = await sender.send_one(a_mail())
        assert isinstance(outcome, NotSent)
        assert outcome.reason == reason
        assert server.bodies == []


async def test_a_reply_to_the_final_dot_that_comes_before_the_body_is_not_believed() -> None:
    outcome = await outcome_with(Script(data=smtp.raw(b"354 go ahead\r\n250 2.0.0 taken\r\n")))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "protocol_error"


async def test_dp6_an_extra_reply_never_answers_for_the_next_message() -> None:
    script = Script(dot=say(b"250 2.0.0 taken\r\n250 2.0.0 and again"))
    mails = [a_mail() for _ in range(4)]
    async with sender_to(script) as (sender, server):
        outcomes = await outcomes_of(sender, mails)
        accepted = [mail.data for mail in mails if isinstance(outcomes[mail.message_id], Accepted)]
        assert [body[:-3] for body in server.bodies] == accepted
    assert not any(isinstance(outcome, Uncertain) for outcome in outcomes.values())


# What never reaches the wire: SM-20 to SM-24.


@pytest.mark.parametrize(
    ("mail", "status", "cause"),
    [
        pytest.param(
            a_mail(data=b"Subject: x\r\n\r\ncaf\xc3\xa9\r\n"),
            (5, 6, 3),
            Cause.CONTENT,
            id="SM-20 8-bit body",
        ),
        pytest.param(
            a_mail(data=b"Subject: x\r\n\r\n" + b"x\r\n" * 1000),
            (5, 3, 4),
            Cause.TOO_LARGE,
            id="SM-21 larger than SIZE",
        ),
        pytest.param(
            a_mail(data=b"x" * 999 + b"\r\n"), (5, 6, 0), Cause.CONTENT, id="SM-22 long line"
        ),
        pytest.param(a_mail(data=b"a\0b\r\n"), (5, 6, 0), Cause.CONTENT, id="SM-22 NUL"),
        pytest.param(a_mail(data=b""), (5, 6, 0), Cause.CONTENT, id="empty"),
        pytest.param(
            a_mail("jörg@example.org"),
            (5, 6, 7),
            Cause.EAI_UNSUPPORTED,
            id="SM-23 address needs SMTPUTF8",
        ),
        pytest.param(
            a_mail(smtputf8=True), (5, 6, 7), Cause.EAI_UNSUPPORTED, id="SM-23 header needs it"
        ),
    ],
)
async def test_a_message_the_server_cannot_take_is_refused_before_mail_from(
    *, mail: OutgoingMail, status: tuple[int, int, int], cause: Cause
) -> None:
    script = Script(ehlo=say(b"250-faulty\r\n250-PIPELINING\r\n250 SIZE 1500"))
    async with sender_to(script) as (sender, server):
        good = a_mail()
        outcomes = await outcomes_of(sender, [mail, good])
        assert len(server.heard("MAIL")) == 1
    outcome = outcomes[mail.message_id]
    assert isinstance(outcome, Refused)
    assert outcome.phase is Phase.PRECHECK
    assert outcome.reply.enhanced == status
    assert verdict_on(outcome).cause is cause
    assert verdict_on(outcome).disposition is Disposition.PERMANENT
    assert not verdict_on(outcome).suppresses
    assert isinstance(outcomes[good.message_id], Accepted)


BAD_ADDRESSES = [
    "a@example.org,b@example.org",
    '"a\r\nb"@example.org',
    "a@example.org>\r\nRCPT TO:<b@example.org",
    "<a@example.org>",
    "a b@example.org",
    "a@example.org ",
    "a@example.org\n",
    "a@example.org\0",
    "a@b@example.org",
    "a@[192.0.2.1]",
    "@relay.example:a@example.org",
    "a;b@example.org",
    "a",
    "",
    "@example.org",
    "a@",
    "a\u2028b@example.org",
    "a\udc80@example.org",
    "a" * 65 + "@example.org",
    "a@" + "b" * 250 + ".org",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_sm24_an_address_that_is_not_exactly_one_is_never_sent(address: str) -> None:
    bad_recipient = a_mail(address)
    bad_sender = a_mail(mail_from=address or "not one")
    async with sender_to(Script()) as (sender, server):
        outcomes = await outcomes_of(sender, [bad_recipient, bad_sender])
        assert server.heard("MAIL") == []
    for mail, status in ((bad_recipient, (5, 1, 3)), (bad_sender, (5, 1, 7))):
        outcome = outcomes[mail.message_id]
        assert isinstance(outcome, Refused)
        assert outcome.reply.enhanced == status


async def test_an_international_message_says_so_to_a_server_that_offers_it() -> None:
    mail = a_mail("jörg@bücher.example", data="Subject: Grüße\r\n\r\nhi\r\n".encode())
    async with sender_to(Script()) as (sender, server):
        assert isinstance(await sender.send_one(mail), Accepted)
        size = len(mail.data)
        assert server.heard("MAIL") == [
            f"MAIL FROM:<news@example.com> SIZE={size} BODY=8BITMIME SMTPUTF8"
        ]
        assert server.heard("RCPT") == ["RCPT TO:<jörg@bücher.example>"]


# The bytes of the body: SM-25.

Ending = Callable[[], bytes]


@pytest.mark.parametrize(
    "ending",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n\n.\r\n",
        b"\r\r\n.\r\n",
    ],
)
async def test_sm25_a_body_with_bare_line_ends_is_never_sent(ending: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@example.com>\r\n"
    mail = a_mail(data=b"Subject: x\r\n\r\nhello" + ending + smuggled)
    async with sender_to(Script()) as (sender, server):
        outcome = await sender.send_one(mail)
        assert isinstance(outcome, Refused)
        assert outcome.reply.enhanced == (5, 6, 0)
        assert server.bodies == []


@both_modes
@pytest.mark.parametrize(
    ("data", "on_the_wire"),
    [
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n..\r\nQUIT\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b".a\r\n..b\r\n", b"..a\r\n...b\r\n.\r\n"),
        (b"no end of line", b"no end of line\r\n.\r\n"),
        (b"ends in a dot.", b"ends in a dot.\r\n.\r\n"),
        (b"a\r\n\r\n", b"a\r\n\r\n.\r\n"),
    ],
)
async def test_sm25_dots_are_doubled_and_the_end_is_ours(
    *, ehlo: bytes, data: bytes, on_the_wire: bytes
) -> None:
    async with sender_to(Script(ehlo=say(ehlo))) as (sender, server):
        assert isinstance(await sender.send_one(a_mail(data=data)), Accepted)
        assert server.bodies == [on_the_wire]
