"""What holds for every reply, retry, message and cut of the byte stream."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery.backoff import (
    BULK,
    MAX_HINT_S,
    TRANSACTIONAL,
    RetryPolicy,
    next_attempt_at,
    retry_after_s,
    retry_hint_s,
)
from domain.delivery.smtp_reply import MAX_TEXT, Disposition, Phase, judge, parse_reply
from infra.smtp.mail import OutgoingMail
from infra.smtp.reply_parser import ReplyParser
from infra.smtp.transaction import wire_body

pytestmark = pytest.mark.property

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
policies = st.sampled_from([BULK, TRANSACTIONAL])
attempts = st.integers(-5, 10_000)
jitters = st.floats(0, 1)
phases = st.sampled_from(list(Phase))
codes = st.integers(200, 559)


@given(policies, attempts, jitters)
def test_backoff_stays_within_its_bounds(policy: RetryPolicy, attempt: int, jitter: float) -> None:
    wait = retry_after_s(policy, attempt=attempt, jitter=jitter)
    assert policy.first_s * 0.75 <= wait <= policy.max_s * 1.25


@given(policies, attempts, jitters)
def test_backoff_never_shrinks_with_more_attempts(
    policy: RetryPolicy, attempt: int, jitter: float
) -> None:
    assert retry_after_s(policy, attempt=attempt, jitter=jitter) <= retry_after_s(
        policy, attempt=attempt + 1, jitter=jitter
    )


@given(policies, attempts, jitters, st.integers(-10, 10**9))
def test_a_hint_is_never_undercut(
    policy: RetryPolicy, attempt: int, jitter: float, hint_s: int
) -> None:
    wait = retry_after_s(policy, attempt=attempt, jitter=jitter, hint_s=hint_s)
    assert min(max(hint_s, 1), MAX_HINT_S) <= wait <= MAX_HINT_S * 1.25 + 1


@given(policies, jitters, st.none() | st.integers(0, 10**6))
def test_every_message_is_given_up_in_the_end(
    policy: RetryPolicy, jitter: float, hint_s: int | None
) -> None:
    now, attempt = NOON, 1
    end = NOON + timedelta(seconds=policy.expire_after_s)
    while (
        due := next_attempt_at(
            policy, attempt=attempt, queued_at=NOON, now=now, jitter=jitter, hint_s=hint_s or 600
        )
    ) is not None:
        assert now < due < end
        now, attempt = due, attempt + 1


@given(st.text(max_size=300))
def test_a_hint_out_of_any_text_is_bounded(text: str) -> None:
    hint = retry_hint_s(text)
    assert hint is None or 0 <= hint <= MAX_HINT_S


@given(codes, st.text(max_size=2_000), phases)
def test_any_reply_gets_one_verdict_by_its_class(code: int, text: str, phase: Phase) -> None:
    reply = parse_reply(code, text)
    verdict = judge(reply, phase=phase)
    assert len(reply.text) <= MAX_TEXT
    assert "\n" not in reply.text
    assert (verdict.disposition is Disposition.ACCEPTED) == (code < 300)
    assert (verdict.disposition is Disposition.PERMANENT) == (code >= 500)
    assert not (verdict.suppresses and verdict.blocks_lane)


@given(st.integers(0, 999), phases, st.text(max_size=50))
def test_a_policy_refusal_never_suppresses(detail: int, phase: Phase, text: str) -> None:
    reply = parse_reply(550, f"5.7.{detail} {text}")
    assert not judge(reply, phase=phase).suppresses


lines = st.binary(max_size=40).filter(lambda line: b"\r" not in line and b"\n" not in line)
replies = st.tuples(
    st.builds(lambda a, b, c: a * 100 + b * 10 + c, *map(st.integers, (2, 0, 0), (5, 5, 9))),
    st.lists(lines, min_size=1, max_size=4),
)


@given(st.lists(replies, max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_replies_are_the_same_however_the_stream_is_cut(
    sent: list[tuple[int, list[bytes]]], cuts: list[int]
) -> None:
    stream = b"".join(
        b"%d%s%s\r\n" % (code, b" " if number == len(texts) - 1 else b"-", text)
        for code, texts in sent
        for number, text in enumerate(texts)
    )
    parser = ReplyParser()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    got = [
        reply
        for start, end in itertools.pairwise(edges)
        for reply in parser.feed(stream[start:end])
    ]
    assert got == [(code, b"\n".join(texts)) for code, texts in sent]
    assert not parser.is_mid_reply


body_lines = st.lists(st.binary(max_size=12) | st.sampled_from([b".", b"..", b".x"]), max_size=8)


@given(body_lines)
def test_a_message_ends_only_where_it_ends_and_comes_back_whole(parts: list[bytes]) -> None:
    clean = [part.replace(b"\r", b"").replace(b"\n", b"") for part in parts]
    data = b"".join(line + b"\r\n" for line in clean)
    wire = b"\r\n" + wire_body(OutgoingMail(UUID(int=1), "s@example.com", "r@example.com", data))
    assert wire.find(b"\r\n.\r\n") == len(wire) - 5
    undone = wire[:-3].replace(b"\r\n.", b"\r\n")[2:]
    assert undone == data or (not data and undone == b"\r\n")
