"""What is kept of the machine that asks."""

import pytest

from commands.http.client import bounded_user_agent, truncated_ip


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_truncated(address: str | None, kept: str | None) -> None:
    assert truncated_ip(address) == kept


def test_a_user_agent_is_bounded_and_printable() -> None:
    assert bounded_user_agent("Mail\x00er\r\n/1.0") == "Mailer/1.0"
    assert bounded_user_agent("x" * 1000) == "x" * 300
    assert bounded_user_agent("") is None
    assert bounded_user_agent(None) is None
