from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from quopri import decodestring
from uuid import UUID

import msgspec
import pytest

from domain.content.errors import UnsafeHeaderError
from domain.content.snapshot import Snapshot
from infra.mime.compiled_message import CompiledMessage, Sending, compile_message
from infra.mime.quoted_printable import encode_fixed, encode_value
from infra.mime.recipient import Recipient
from tests.support.mail_reading import body, header_lines, read

SENDING = Sending(
    domain="mail.example.com", list_id="letter.example.com", feedback_id="c1:w1:bulk:engine"
)
SNAPSHOT = Snapshot(
    subject='{{ first_name | default: "Gardener" }}, plant now',
    html=(
        '<body><p>Dear {{ first_name }}</p><a href="https://example.com/a?b=1&amp;c=2">A</a>'
        '<a href="https://example.com/é">E</a></body>'
    ),
    from_email="news@example.com",
    from_name="Larkspur & Pine",
    reply_to="shed@example.com",
    postal_address="Shed 4\n12345 Hilltown",
)
RECIPIENT = Recipient(
    email="ann@example.com",
    fields={"first_name": "Ann", "last_name": "Lee"},
    message_id=UUID("019aa1b2-0000-7000-8000-00000000abcd"),
    sent_at=datetime(2026, 11, 24, 9, 30, 15, 999_999, tzinfo=UTC),
    unsubscribe_url="https://t.example.com/u/UNSUB",
    open_url="https://t.example.com/t/o/OPEN.gif",
    link_urls=["https://t.example.com/t/c/ONE?x=1&y=2", "https://t.example.com/t/c/TWO"],
)


def compiled(**changes: object) -> CompiledMessage:
    return compile_message(msgspec.structs.replace(SNAPSHOT, **changes), SENDING)


def rendered(snapshot: dict[str, object] | None = None, **recipient: object) -> bytes:
    return compiled(**(snapshot or {})).render(msgspec.structs.replace(RECIPIENT, **recipient))


def test_the_header_says_what_bulk_mail_must_say() -> None:
    message = read(rendered())
    assert dict(message.items()) == {
        "To": "Ann Lee <ann@example.com>",
        "Subject": "Ann, plant now",
        "Date": "Tue, 24 Nov 2026 09:30:15 +0000",
        "Message-ID": "<019aa1b200007000800000000000abcd@mail.example.com>",
        "List-Unsubscribe": "<https://t.example.com/u/UNSUB>",
        "From": "Larkspur & Pine <news@example.com>",
        "Reply-To": "shed@example.com",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": "<letter.example.com>",
        "Feedback-ID": "c1:w1:bulk:engine",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_both_bodies_carry_the_recipients_values_and_urls() -> None:
    message = read(rendered())
    html, text = body(message, "html"), body(message, "plain")
    assert "<p>Dear Ann</p>" in html
    assert 'href="https://t.example.com/t/c/ONE?x=1&amp;y=2">A</a>' in html
    assert 'href="https://t.example.com/t/c/TWO">E</a>' in html
    assert 'src="https://t.example.com/t/o/OPEN.gif" width="1"' in html
    assert 'href="https://t.example.com/u/UNSUB"' in html
    assert text == (
        "Dear Ann\n\nA (https://t.example.com/t/c/ONE?x=1&y=2)E (https://t.example.com/t/c/TWO)\n\n"
        "-- \nShed 4\n12345 Hilltown\nUnsubscribe: https://t.example.com/u/UNSUB\n"
    )


def test_links_may_come_from_a_function() -> None:
    urls: Sequence[str] | Callable[[int], str] = "https://t.example.com/{}".format
    assert 'href="https://t.example.com/1"' in body(read(rendered(link_urls=urls)), "html")


def test_links_lead_where_the_compiled_message_says() -> None:
    assert compiled().links == ("https://example.com/a?b=1&c=2", "https://example.com/é")


@pytest.mark.parametrize("first_name", ["", "  ", None])
def test_a_missing_value_falls_back(first_name: str | None) -> None:
    fields = {} if first_name is None else {"first_name": first_name}
    message = read(rendered(fields=fields))
    assert message["Subject"] == "Gardener, plant now"
    assert message["To"] == "ann@example.com"


def test_the_wire_is_seven_bit_with_crlf_and_short_lines() -> None:
    raw = rendered(
        {"subject": "Grüße 🎉 {{ first_name }}" + " und" * 60},
        fields={"first_name": "Zoë " + "ж" * 300, "last_name": "=" * 200},
    )
    assert raw.isascii()
    assert raw.replace(b"\r\n", b"").find(b"\n") == raw.replace(b"\r\n", b"").find(b"\r") == -1
    assert max(map(len, raw.split(b"\r\n"))) <= 76


def test_a_long_unsubscribe_url_is_never_folded() -> None:
    url = "https://t.example.com/u/" + "x" * 800
    assert f"List-Unsubscribe: <{url}>".encode() in header_lines(rendered(unsubscribe_url=url))


@pytest.mark.parametrize(
    "evil",
    [
        "Ann\r\nBcc: x@y.example",
        "Ann\nBcc: x@y.example",
        "Ann\rBcc: x@y.example",
        "Ann\x0bBcc: x@y.example",
        "Ann\u2028Bcc: x@y.example",
        "Ann\x85Bcc: x@y.example",
        "=?utf-8?q?hi=0D=0ABcc:_x@y=2Eexample?=",
        "=?utf-8?b?aGkNCkJjYzogeEB5LmV4YW1wbGU=?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fhi=3D0D=3D0ABcc=3A_x=40y=3F=3D?=",
        "=?utf-7?q?hi=0ABcc:_x?=",
        "=?x-unknown?q?hi=0ABcc:_x?=",
        "=?utf-8?b?!!!?=",
        '"Ann" <x@y.example>, b@example.com',
        "Ann\x00",
        "a" * 3_000,
        "é" * 3_000,
        "a  b   c " * 40,
        '\\"\\',
    ],
)
def test_in_5_a_value_adds_no_header_and_no_recipient(evil: str) -> None:
    raw = rendered(fields={"first_name": evil, "last_name": evil})
    message = read(raw)
    assert sorted(message.keys()) == sorted(read(rendered()).keys())
    assert not message.defects
    assert [address.addr_spec for address in message["To"].addresses] == ["ann@example.com"]
    assert max(map(len, header_lines(raw))) <= 998
    # What a mail program makes of it, should it serialise the message once more.
    again = read(message.as_bytes())
    assert "Bcc" not in again
    assert sorted(again.keys()) == sorted(message.keys())


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: x@y.example"},
        {"subject": "=?utf-8?q?hi=0D=0ABcc:_x@y=2Eexample?="},
        {"from_name": "=?utf-8?q?hi=0ABcc:_x?="},
        {"from_name": "a\nb"},
        {"from_email": "a@b.example>\r\nBcc: x"},
        {"from_email": "no address"},
        {"reply_to": "a@b.example, c@d.example"},
    ],
)
def test_in_5_an_author_who_writes_line_breaks_into_a_header_is_refused(
    changes: dict[str, object],
) -> None:
    with pytest.raises(UnsafeHeaderError):
        compiled(**changes)


@pytest.mark.parametrize("field", ["domain", "list_id", "feedback_id"])
def test_in_5_machine_names_are_one_line_of_ascii(field: str) -> None:
    for value in ("a\r\nBcc: x", "é", "a" * 999):
        with pytest.raises(UnsafeHeaderError):
            compile_message(SNAPSHOT, msgspec.structs.replace(SENDING, **{field: value}))


@pytest.mark.parametrize(
    "change",
    [
        {"email": "a@b.example\r\nBcc: x@y.example"},
        {"email": "a@b.example, c@d.example"},
        {"email": "<a@b.example>"},
        {"unsubscribe_url": "https://t.example.com/\r\nBcc: x"},
        {"unsubscribe_url": "https://t.example.com/ü"},
    ],
)
def test_in_5_an_impossible_address_or_url_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnsafeHeaderError):
        rendered(**change)


def test_an_encoded_word_of_the_author_is_decoded_once() -> None:
    assert read(rendered({"subject": "=?utf-8?q?Caf=C3=A9?= now"}))["Subject"] == "Café now"


def test_in_25_an_address_beyond_ascii_is_sent_as_it_is_and_flagged() -> None:
    recipient = msgspec.structs.replace(RECIPIENT, email="zoë@exämple.example")
    assert recipient.needs_smtputf8
    assert not RECIPIENT.needs_smtputf8
    raw = compiled().render(recipient)
    assert "<zoë@exämple.example>".encode() in raw
    assert raw.partition(b"\r\n\r\n")[2].isascii()
    assert not compiled().needs_smtputf8
    assert compiled(from_email="zoë@example.com").needs_smtputf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a\n",
        "\n\n",
        "x" * 74,
        "x" * 75,
        "x" * 76,
        "x" * 200 + "\n",
        "a \n",
        "tab\t\n",
        "é" * 50,
        "=" * 40,
        "=" + "x" * 73,
        "é" * 37,
        " \n x",
        "." * 160,
        ".\n..\n.",
        "x" * 75 + ".y",
        "é" * 12 + "xxx." + "é",
    ],
)
def test_quoted_printable_pieces_decode_to_their_text(text: str) -> None:
    for encoded in (encode_fixed(text), encode_value(text)):
        assert decodestring(encoded).replace(b"\r\n", b"\n") == text.encode()
        assert not encoded or encoded.endswith(b"\n")
        assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
        assert not any(line.endswith((b" ", b"\t")) for line in encoded.split(b"\r\n"))
        assert not any(line.startswith(b".") for line in encoded.split(b"\r\n"))


@pytest.mark.parametrize(
    "subject",
    [
        "plain words " * 12,
        "two  spaces " + "word " * 20,
        "x" * 200,
        "x" * 70 + " " + "y" * 70,
        "a " + "x" * 75,
        "Zoë " * 40,
        "tab-free 🎉" * 20,
    ],
)
def test_a_long_subject_is_folded_and_reads_back_as_it_was(subject: str) -> None:
    raw = rendered({"subject": subject})
    assert all(len(line) <= 76 for line in header_lines(raw) if b"List-Unsub" not in line)
    assert read(raw)["Subject"] == subject.strip()


def test_an_encoded_word_beside_other_scripts_keeps_them() -> None:
    fields = {"first_name": "Жора =?utf-8?q?Caf=C3=A9?= \\u004"}
    assert read(rendered(fields=fields))["Subject"].startswith("Жора ")


def test_urls_have_no_place_in_a_subject() -> None:
    message = read(rendered({"subject": "Hi {{ unsubscribe_url }}{{ postal_address }}"}))
    assert message["Subject"] == "Hi Shed 4, 12345 Hilltown"


def test_each_mails_date_is_its_own() -> None:
    message = compiled()
    later = msgspec.structs.replace(RECIPIENT, sent_at=datetime(2026, 12, 1, tzinfo=UTC))
    dates = [read(message.render(who))["Date"] for who in (RECIPIENT, later, RECIPIENT)]
    assert dates == [
        "Tue, 24 Nov 2026 09:30:15 +0000",
        "Tue, 01 Dec 2026 00:00:00 +0000",
        "Tue, 24 Nov 2026 09:30:15 +0000",
    ]


def test_a_message_without_reply_address_tracking_or_values_is_complete() -> None:
    message = compiled(
        subject="Plain",
        reply_to="",
        track_opens=False,
        track_clicks=False,
        html="<p>Hi</p>",
        text="",
    )
    mail = read(message.render(msgspec.structs.replace(RECIPIENT, link_urls=[])))
    assert message.links == ()
    assert "Reply-To" not in mail
    assert body(mail, "html").startswith("<p>Hi</p>")
