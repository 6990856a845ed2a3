"""Strict reading of replies."""

import pytest

from infra.smtp.reply_parser import (
    MAX_LINE_BYTES,
    MAX_REPLY_BYTES,
    MAX_REPLY_LINES,
    ReplyParser,
    ReplySyntaxError,
)


def test_replies_that_arrive_together_are_told_apart() -> None:
    parser = ReplyParser()
    assert parser.feed(b"250 one\r\n250-two\r\n250 2\r\n354\r\n45") == [
        (250, b"one"),
        (250, b"two\n2"),
        (354, b""),
    ]
    assert parser.is_mid_reply
    assert parser.feed(b"0 three\r\n") == [(450, b"three")]
    assert not parser.is_mid_reply


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n",
        b"\r\n",
        b"25 OK\r\n",
        b"2500 OK\r\n",
        b"150 OK\r\n",
        b"650 OK\r\n",
        b"260 OK\r\n",
        b" 250 OK\r\n",
        b"+50 OK\r\n",
        b"250_OK\r\n",
        b"250 OK\n",
        "２５０ OK\r\n".encode(),
        b"250-a\r\n251 b\r\n",
        b"250-a\r\nb\r\n",
        b"2" * (MAX_LINE_BYTES + 1),
        b"250 " + b"x" * MAX_LINE_BYTES + b"\r\n",
        b"250-x\r\n" * (MAX_REPLY_LINES + 1),
        (b"250-" + b"x" * 2_000 + b"\r\n") * (MAX_REPLY_BYTES // 2_000 + 1),
    ],
)
def test_anything_else_ends_the_conversation(garbage: bytes) -> None:
    with pytest.raises(ReplySyntaxError):
        ReplyParser().feed(garbage)
