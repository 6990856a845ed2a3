"""A rendered message reads back as what went in, whatever the recipients' values are."""

from datetime import UTC, datetime
from quopri import decodestring
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.escaping import Place, escape, html_text
from domain.content.merge_tags import find_tags
from domain.content.snapshot import Snapshot
from infra.mime.compiled_message import Sending, compile_message
from infra.mime.quoted_printable import encode_fixed, encode_value
from infra.mime.recipient import Recipient
from tests.support.html_reading import dangers
from tests.support.mail_reading import body, read

pytestmark = pytest.mark.property

SNAPSHOT = Snapshot(
    subject="re: {{ first_name }}",
    html=(
        '<html><body><p title="{{ first_name }}">[{{ first_name }}]</p>'
        '<a href="https://example.com/{{ company }}">a</a><a href="{{ company }}">b</a>'
        '<a href="https://example.com/fixed">c</a></body></html>'
    ),
    text="({{ first_name }})",
    from_email="news@example.com",
    postal_address="Hilltown",
    fields=frozenset({"company"}),
)
SENDING = Sending(domain="m.example.com", list_id="l.example.com", feedback_id="c:w:bulk:e")
MESSAGE = compile_message(SNAPSHOT, SENDING)
RECIPIENT = Recipient(
    email="ann@example.com",
    message_id=UUID(int=7),
    sent_at=datetime(2026, 1, 1, tzinfo=UTC),
    unsubscribe_url="https://t.example.com/u",
    open_url="https://t.example.com/o",
    link_urls=["https://t.example.com/c"],
)
HEADERS = sorted(read(MESSAGE.render(RECIPIENT)).keys())

hostile = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "{{ email }}",
        "{{#each x}}",
        "\r\nBcc: x@y.example\r\n\r\n",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "https://example.com/' onclick='x",
        "--=_",
        "." * 80,
        "\r\n.\r\n",
        "\u202e",
        "🎉👩‍👩‍👧",
    ]
)
values = st.one_of(
    st.text(max_size=40), st.lists(st.one_of(hostile, st.text(max_size=6)), max_size=4).map("".join)
)


@given(first=values, last=values, company=values)
def test_in_14_no_value_escapes_its_place(first: str, last: str, company: str) -> None:
    fields = {"first_name": first, "last_name": last, "company": company}
    raw = MESSAGE.render(msgspec.structs.replace(RECIPIENT, fields=fields))
    message = read(raw)
    html, text = body(message, "html"), body(message, "plain")
    value = first if first.strip() else ""
    shown = escape(value, Place.HTML)
    assert f'<p title="{shown}">[{shown}]</p>' in html.replace("\r\n", "\n")
    assert dangers(html) == []
    assert html.count("<") == body(read(MESSAGE.render(RECIPIENT)), "html").count("<")
    assert find_tags(html) == []
    assert "{{" not in html + text + str(message["Subject"])
    assert sorted(message.keys()) == HEADERS
    assert [item.addr_spec for item in message["To"].addresses] == ["ann@example.com"]
    assert raw.isascii()
    assert all(len(line) <= 76 for line in raw.split(b"\r\n"))
    # What OutgoingMail.is_plain says of it: nobody looks at each octet again.
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\r\n." not in raw
    assert raw.endswith(b"\r\n")


readable = st.text(
    alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="{}<>&\"'=?\\"),
    min_size=1,
    max_size=60,
)


def _unspaced(name: str) -> str:
    """Drop spaces: CPython 3.11 keeps one between encoded words of a name (not RFC 2047, 6.2)."""
    return name.replace(" ", "")


@given(first=readable, last=readable, address=st.emails())
def test_names_subjects_and_addresses_read_back_as_they_were(
    first: str, last: str, address: str
) -> None:
    name, subject = f"{first} {last}", f"re: {first}"
    fields = {"first_name": first, "last_name": last}
    if '"' in address or "[" in address:
        return
    message = read(MESSAGE.render(msgspec.structs.replace(RECIPIENT, fields=fields, email=address)))
    assert message["Subject"] == subject
    (to,) = message["To"].addresses
    assert (_unspaced(to.display_name), to.addr_spec) == (_unspaced(name), address)
    assert f"({first})" in body(message, "plain")
    assert f"[{html_text(first)}]" in body(message, "html")


@given(subject=readable, sender=readable, address=readable)
def test_what_the_author_writes_reads_back_as_it_was(
    subject: str, sender: str, address: str
) -> None:
    changed = msgspec.structs.replace(
        SNAPSHOT, subject=subject, from_name=sender, postal_address=address
    )
    message = read(compile_message(changed, SENDING).render(RECIPIENT))
    assert message["Subject"] == subject
    assert _unspaced(message["From"].addresses[0].display_name) == _unspaced(sender)
    assert address in body(message, "plain")


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=120)), max_size=8))
def test_joined_pieces_decode_to_the_joined_texts(pieces: list[tuple[bool, str]]) -> None:
    clean = [(fixed, text.replace("\r", "")) for fixed, text in pieces]
    clean = [(fixed, text) for fixed, text in clean if text.isprintable() or text.isascii()]
    encoded = b"".join(encode_fixed(text) if fixed else encode_value(text) for fixed, text in clean)
    assert decodestring(encoded).replace(b"\r\n", b"\n") == "".join(t for _, t in clean).encode()
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
