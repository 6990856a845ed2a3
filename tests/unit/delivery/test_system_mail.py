"""What system mail says, and that nobody's name can speak in our place."""

from datetime import UTC, datetime

import pytest

from domain.delivery.system_mail import KINDS, MAX_NAME, SystemMailError, compose, plain_name

UNTIL = datetime(2026, 5, 4, 9, 5, tzinfo=UTC)
LINK = "https://mail.example/reset#token=abc"
VALUES = {"link": LINK, "workspace": "Acme", "role": "editor", "change": "turned off"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_a_letter_with_its_link(kind: str) -> None:
    letter = compose(kind, VALUES, expires_at=UNTIL)
    assert letter.link == LINK
    assert letter.action
    assert letter.subject
    assert "{" not in letter.subject + "".join(letter.paragraphs)


def test_a_link_that_works_once_says_until_when() -> None:
    letter = compose("reset_password", VALUES, expires_at=UNTIL)
    assert "until 09:05 UTC on 4 May 2026" in " ".join(letter.paragraphs)


def test_a_mail_that_only_tells_may_have_no_link() -> None:
    letter = compose("password_changed", {}, expires_at=UNTIL)
    assert (letter.action, letter.link) == ("", "")


@pytest.mark.parametrize(
    ("kind", "values"),
    [("greeting", VALUES), ("reset_password", {}), ("invitation", {"link": LINK, "role": "x"})],
)
def test_what_has_no_text_or_lacks_a_value_is_our_own_mistake(
    kind: str, values: dict[str, str]
) -> None:
    with pytest.raises(SystemMailError):
        compose(kind, values, expires_at=UNTIL)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme", "Acme"),
        ("Dr. Müller & Söhne", "Dr. Müller & Söhne"),
        ("https://evil.example/x now", "https evil example x now"),
        ("a@evil.example", "a evil example"),
        ("Your account\r\n\r\nis  lost", "Your account is lost"),
        ("<b>{until}</b>", "b until /b"),
        ("a\u202eb", "a b"),
        ("x" * 100, "x" * (MAX_NAME - 1) + "…"),
    ],
)
def test_a_name_is_one_short_line_and_no_link(name: str, shown: str) -> None:
    assert plain_name(name) == shown
