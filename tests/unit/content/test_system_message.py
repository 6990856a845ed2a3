"""The bytes of a system mail: readable by the standard library, 7-bit, quiet."""

import email
import email.policy
from datetime import UTC, datetime
from uuid import UUID

from domain.delivery.system_mail import compose
from infra.mime.system_message import Sender, system_message

AT = datetime(2026, 5, 4, 9, 5, 1, 999, tzinfo=UTC)
MAIL = UUID(int=7)
LINK = "https://mail.example/invitation#token=a&b=<c>"


def rendered() -> bytes:
    letter = compose(
        "invitation", {"link": LINK, "workspace": "Café & <Co>", "role": "editor"}, expires_at=AT
    )
    return system_message(
        letter,
        sender=Sender("Engine Ünïted", "no-reply@mail.example"),
        to_address="ann@example.com",
        mail_id=MAIL,
        sent_at=AT,
    )


def test_the_mail_has_both_parts_and_the_headers_that_keep_answers_away() -> None:
    mail = email.message_from_bytes(rendered(), policy=email.policy.default)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{MAIL.hex}@mail.example>"
    assert mail["From"] == "Engine Ünïted <no-reply@mail.example>"
    assert mail["To"] == "ann@example.com"
    assert mail["Date"] == "Mon, 04 May 2026 09:05:01 +0000"
    assert mail["Subject"] == "Invitation to Café & Co"
    assert "List-Unsubscribe" not in mail
    text, html = mail.iter_parts()
    assert LINK in text.get_content()
    assert 'href="https://mail.example/invitation#token=a&amp;b=&lt;c&gt;"' in html.get_content()
    assert "<Co>" not in html.get_content()
    assert "<img" not in html.get_content()


def test_the_mail_is_7_bit_with_short_lines_and_the_same_each_time() -> None:
    assert rendered().isascii()
    assert max(len(line) for line in rendered().split(b"\r\n")) <= 76
    assert b"\n" not in rendered().replace(b"\r\n", b"")
    assert rendered() == rendered()
