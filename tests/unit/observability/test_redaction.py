from uuid import UUID

import pytest

from infra.observability.redaction import HIDDEN, TEXT_MAX, Redactor, escape_controls

redactor = Redactor()


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_passwd",
        "client_secret",
        "token",
        "api_token",
        "Authorization",
        "cookie",
        "api_key",
        "private_key",
        "signing_key",
        "vault_key",
        "dsn",
        "smtp_credentials",
    ],
)
def test_a_field_named_like_a_secret_is_hidden(name: str) -> None:
    assert redactor.field(name, "anything") == HIDDEN
    assert redactor.value({"deep": [{name: "anything"}]}) == {"deep": [{name: HIDDEN}]}


def test_a_number_under_such_a_name_is_a_count_and_stays() -> None:
    assert redactor.field("tokens", 12) == 12


@pytest.mark.parametrize("name", ["email", "rcpt_to", "first_name", "ip", "user_agent", "To"])
def test_a_field_named_like_a_person_is_hidden_whatever_it_holds(name: str) -> None:
    assert redactor.field(name, "Zoë") == "[person]"


@pytest.mark.parametrize(
    "text",
    [
        "refused ann@example.com today",
        "<ann@example.com>",
        "Key (email)=(ann@example.com) already exists",
        "RCPT TO:<ann@example.com>",
        "zoë@пример.example",
        "ann%40x@mail.example.com",
    ],
)
def test_an_address_is_found_in_any_text(text: str) -> None:
    cleaned = redactor.text(text)
    assert "[person]" in cleaned
    assert "@" not in cleaned


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer abcdefgh12345678",
        "Basic dXNlcjpwYXNzd29yZA==",
        "ek_live_4fA9bC2dE8gH1jK3lM5nP7qR",  # not a secret
        "password=hunter22",
        "token: abcdef",
        "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----",  # not a secret
    ],
)
def test_a_value_shaped_like_a_secret_is_hidden(secret: str) -> None:
    assert redactor.text(f"before {secret} after") == f"before {HIDDEN} after"


def test_a_password_in_a_url_is_hidden_and_its_host_stays() -> None:
    assert redactor.text("postgresql://me:pw@db.internal:5432/engine") == (
        f"postgresql://{HIDDEN}@db.internal:5432/engine"
    )


def test_ids_numbers_and_plain_words_stay() -> None:
    an_id = UUID("01920000-0000-7000-8000-000000000001")
    assert redactor.value([an_id, 3, 2.5, True, None, "message_sent"]) == [
        str(an_id),
        3,
        2.5,
        True,
        None,
        "message_sent",
    ]


def test_with_a_key_one_person_keeps_one_mark() -> None:
    keyed = Redactor(b"key")
    ann, again, bob = (
        keyed.field("email", address)
        for address in ("ann@example.com", " ANN@example.com", "bob@example.com")
    )
    assert ann == again != bob
    assert keyed.text("to ann@example.com") == f"to {ann}"
    assert Redactor(b"other").field("email", "ann@example.com") != ann


@pytest.mark.parametrize(
    "hostile", ["a" * 200_000, "a@" * 100_000, "x://" * 50_000, "eyJ" * 70_000]
)
@pytest.mark.timeout(60)  # a pattern that backtracks would be at it for many minutes
def test_hostile_text_is_bounded(hostile: str) -> None:
    assert len(redactor.text(hostile)) < TEXT_MAX * 6


def test_control_characters_are_written_out() -> None:
    assert escape_controls("a\x1b[31m\r\nb\u2028c\u202ed\x7f\x9b") == (
        r"a\x1b[31m\r\nb\u2028c\u202ed\x7f\x9b"
    )
    assert escape_controls("a\nb\r", keep="\n") == "a\nb\\r"
