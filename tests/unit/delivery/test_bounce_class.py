"""Dead, full or not wanted: what a status and a sentence say, row by row."""

import pytest

from domain.delivery.bounce_class import BounceClass, classify, reply_code, telling_status

HARD, SOFT, POLICY = BounceClass.HARD, BounceClass.SOFT, BounceClass.POLICY


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        ("5.1.1", "", HARD),
        ("5.1.2", "", HARD),
        ("5.1.10", "null MX", HARD),
        ("5.2.1", "", HARD),
        ("5.5.0", "mailbox unavailable", HARD),
        ("5.2.2", "user unknown, says a confused server", SOFT),
        ("5.1.8", "", POLICY),
        ("5.7.1", "", POLICY),
        ("5.7.515", "user unknown", POLICY),
        ("4.7.0", "", POLICY),
        ("4.4.1", "no such user", SOFT),
        ("4.2.2", "", SOFT),
        ("5.3.4", "", SOFT),
        ("5.4.1", "Access denied", SOFT),
        ("5.4.4", "Host or domain name not found", HARD),
        ("5.0.0", "550 5.1.1 gone", HARD),
        ("5.0.0", "550 no such user", HARD),
        ("5.0.1", "550 no such user", HARD),
        ("", "User  Unknown", HARD),
        ("", "user unknown: the mailbox is full", SOFT),
        ("", "no such user, says the block list", POLICY),
        ("", "we are sorry", SOFT),
        ("", "", SOFT),
    ],
)
def test_the_class_of_a_failure(status: str, text: str, expected: BounceClass) -> None:
    assert classify(status, text) is expected


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        ("5.1.1", "5.2.2", (5, 1, 1)),
        ("5.0.0", "550 5.2.2 full", (5, 2, 2)),
        ("5.0.0", "550 full", None),
        ("", "from 5.1.1.7 and 1.5.1.1", None),
        ("", "", None),
    ],
)
def test_a_status_that_says_something(
    status: str, text: str, expected: tuple[int, int, int] | None
) -> None:
    assert telling_status(status, text) == expected


@pytest.mark.parametrize(
    ("text", "code"), [("550 5.1.1 x", 550), ("x 452-y", 452), ("1550 x", 0), ("5.550 x", 0)]
)
def test_the_code_in_a_sentence(text: str, code: int) -> None:
    assert reply_code(text) == code
