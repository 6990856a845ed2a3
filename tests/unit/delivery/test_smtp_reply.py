"""What replies mean, row by row."""

import pytest

from domain.delivery.smtp_reply import (
    MAX_TEXT,
    Cause,
    Disposition,
    Phase,
    SmtpReply,
    judge,
    parse_reply,
)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("text", ["2.0.0 OK", "OK", "2.1.5 <a@example.org> OK", "5.7.1 odd"])
def test_every_2xx_is_an_acceptance(phase: Phase, text: str) -> None:
    verdict = judge(parse_reply(250, text), phase=phase)
    assert verdict.disposition is Disposition.ACCEPTED
    assert not (verdict.suppresses)
    assert not (verdict.blocks_lane)
    assert not (verdict.slows_lane)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.1.1 no such user"),
        (550, "5.1.2 no such domain"),
        (553, "5.1.3 bad syntax"),
        (550, "5.1.6 moved away"),
        (556, "5.1.10 null MX"),
        (550, "5.2.1 disabled"),
        (550, "5.5.0 mailbox unavailable"),
        (550, "no such user here"),
        (551, "not local"),
        (553, "mailbox name not allowed"),
    ],
)
def test_a_dead_address_suppresses_the_person(code: int, text: str) -> None:
    verdict = judge(parse_reply(code, text), phase=Phase.RCPT)
    assert verdict.suppresses
    assert not verdict.blocks_lane


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.1 blocked"),
        (550, "5.7.515 access denied"),
        (554, "5.7.606 banned sending address"),
        (550, "blocked by our reputation policy"),
        (554, "message looks like spam"),
        (530, "5.7.0 authentication required"),
        (535, "5.7.8 bad credentials"),
        (550, "5.1.8 sender domain unknown"),
        (553, "5.1.7 bad sender"),
    ],
)
def test_a_refusal_about_us_blocks_the_lane_and_never_suppresses(
    phase: Phase, code: int, text: str
) -> None:
    verdict = judge(parse_reply(code, text), phase=phase)
    assert verdict.blocks_lane
    assert not verdict.suppresses


@pytest.mark.parametrize(
    ("code", "text", "phase", "cause"),
    [
        (550, "5.2.2 over quota", Phase.RCPT, Cause.MAILBOX_FULL),
        (552, "mailbox is full", Phase.RCPT, Cause.MAILBOX_FULL),
        (552, "message too large", Phase.DOT, Cause.TOO_LARGE),
        (552, "5.3.4 limit is 10 MB", Phase.MAIL, Cause.TOO_LARGE),
        (550, "5.2.3 longer than the mailbox takes", Phase.RCPT, Cause.TOO_LARGE),
        (550, "5.4.7 delivery time expired", Phase.DOT, Cause.EXPIRED),
        (550, "5.4.4 no route", Phase.RCPT, Cause.ROUTING),
        (553, "5.6.7 needs SMTPUTF8", Phase.PRECHECK, Cause.EAI_UNSUPPORTED),
        (554, "5.6.0 bad media", Phase.DOT, Cause.CONTENT),
        (501, "5.5.4 bad argument", Phase.RCPT, Cause.PROTOCOL),
        (503, "bad sequence", Phase.DATA, Cause.PROTOCOL),
        (554, "transaction failed", Phase.DOT, Cause.UNKNOWN),
        (550, "not taken", Phase.DOT, Cause.UNKNOWN),
        (550, "5.0.0 not taken", Phase.DOT, Cause.UNKNOWN),
        (550, "5.2.0 odd", Phase.RCPT, Cause.UNKNOWN),
        (550, "5.3.0 odd", Phase.RCPT, Cause.UNKNOWN),
    ],
)
def test_other_permanent_refusals_touch_neither_person_nor_lane(
    code: int, text: str, phase: Phase, cause: Cause
) -> None:
    verdict = judge(parse_reply(code, text), phase=phase)
    assert verdict.disposition is Disposition.PERMANENT
    assert verdict.cause is cause
    assert not (verdict.suppresses)
    assert not (verdict.blocks_lane)


@pytest.mark.parametrize("text", ["5.1.1 who", "no such user", "5.1.0 odd"])
def test_a_dead_address_in_answer_to_mail_from_is_our_own(text: str) -> None:
    assert judge(parse_reply(550, text), phase=Phase.MAIL).cause is Cause.SENDER


@pytest.mark.parametrize(
    ("code", "text", "phase", "cause", "slows"),
    [
        (421, "4.3.2 closing", Phase.MAIL, Cause.CONNECTION, True),
        (421, "too many connections", Phase.RCPT, Cause.CONNECTION, True),
        (451, "4.3.0 local error", Phase.DOT, Cause.CONNECTION, True),
        (454, "Throttling failure: Maximum sending rate exceeded.", Phase.DOT, Cause.RATE, True),
        (450, "4.7.1 slow down", Phase.RCPT, Cause.RATE, True),
        (450, "4.7.1 Greylisted, come back", Phase.RCPT, Cause.RECIPIENT, False),
        (450, "4.2.0 busy", Phase.RCPT, Cause.RECIPIENT, False),
        (450, "mailbox busy", Phase.RCPT, Cause.RECIPIENT, False),
        (452, "4.2.2 over quota", Phase.RCPT, Cause.MAILBOX_FULL, False),
        (499, "odd", Phase.RCPT, Cause.UNKNOWN, False),
        (450, "odd", Phase.CONNECT, Cause.CONNECTION, True),
    ],
)
def test_a_transient_refusal_says_whether_the_lane_should_slow_down(
    *, code: int, text: str, phase: Phase, cause: Cause, slows: bool
) -> None:
    verdict = judge(parse_reply(code, text), phase=phase)
    assert verdict.disposition is Disposition.TRANSIENT
    assert verdict.cause is cause
    assert verdict.slows_lane is slows
    assert not (verdict.suppresses)
    assert not (verdict.blocks_lane)


def test_a_banner_that_refuses_for_good_is_about_us() -> None:
    assert judge(parse_reply(554, "no SMTP here"), phase=Phase.CONNECT).cause is Cause.POLICY
    assert judge(parse_reply(554, "no"), phase=Phase.MAIL).cause is Cause.POLICY


def test_the_enhanced_status_is_split_off_the_text() -> None:
    reply = parse_reply(550, "5.1.1 no such user")
    assert reply == SmtpReply(550, (5, 1, 1), "no such user")
    assert str(reply) == "550 5.1.1 no such user"
    assert str(parse_reply(250, "")) == "250"


@pytest.mark.parametrize("text", ["4.1.1 contradicts 550", "5.1 short", "5.1.1x", "no 5.1.1"])
def test_what_is_no_enhanced_status_of_this_reply_stays_text(text: str) -> None:
    assert parse_reply(550, text) == SmtpReply(550, None, text)


def test_the_text_is_bounded_and_free_of_control_characters() -> None:
    reply = parse_reply(550, "5.1.1 a\r\nb\x1b[31m\u2028c " + "x" * 9_000)
    assert reply.text.startswith("a b [31m c x")
    assert len(reply.text) == MAX_TEXT


def test_a_redacted_reply_names_nobody() -> None:
    reply = parse_reply(550, "5.1.1 <ada@example.org>: jörg@bücher.example unknown")
    assert reply.redacted().text == "<[address]>: [address] unknown"
