import io

import pytest

from domain.contacts.contact_row import ContactFileError
from infra.files.text_encoding import detect_encoding, named_encoding

TEXT = "Email,Name\r\nana@example.com,Ana\r\nbo@example.com,Frühling Łódź 例え\r\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        ("Zoë;Größe;Núñez;“Ł”".replace("Ł", "L").encode("cp1252"), "cp1252"),
        ("Zoë;Größe".encode("latin-1"), "cp1252"),
    ],
)
def test_the_encoding_is_found_and_the_text_survives(data: bytes, name: str) -> None:
    encoding = detect_encoding(io.BytesIO(data))
    assert encoding.name == name
    assert "\ufffd" not in data.decode(encoding.name)


def test_the_note_names_the_line_that_is_not_utf8() -> None:
    data = b"Email;Name\nana@example.com;Ana\nbo@example.com;B\xf6\n"
    assert detect_encoding(io.BytesIO(data)).note == (
        "read as cp1252: line 3 holds a byte that is not UTF-8"
    )


def test_one_damaged_byte_does_not_turn_a_utf8_file_into_cp1252() -> None:
    data = "Zoë,Núñez\n".encode() * 3 + b"Zo\xeb\n"
    encoding = detect_encoding(io.BytesIO(data))
    assert encoding.name == "utf-8"
    assert encoding.note.endswith("line 4 holds a byte that is not UTF-8")


def test_a_character_cut_off_at_the_end_is_damage() -> None:
    data = "Zoë\n".encode() * 2 + "Zoë".encode()[:-1]
    assert "with damage: line 3" in detect_encoding(io.BytesIO(data)).note


def test_accents_beyond_the_first_block_are_seen() -> None:
    data = b"ana@example.com,Ana\n" * 120_000 + b"bo@example.com,B\xf6\n"
    assert "line 120001" in detect_encoding(io.BytesIO(data)).note


def test_the_caller_may_name_the_encoding() -> None:
    assert named_encoding("CP1250").name == "cp1250"
    for wrong in ("utf-99", "", "base64", "rot13"):
        with pytest.raises(ContactFileError) as refusal:
            named_encoding(wrong)
        assert refusal.value.code == "unknown_encoding"
