import pytest

from domain.contacts.cell_text import UnreadableCellError, clean_name, clean_value, trim


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("  Acme  ", "Acme"),
        ("\u00a0Acme\u3000", "Acme"),
        ("\ufeffAcme\u200b", "Acme"),
        ("Cafe\u0301", "Café"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tstays", "tab\tstays"),
        ("be\x07ll\x9b", "bell"),
        ("\u202eevil\u202c", "evil"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\t \n", ""),
    ],
)
def test_a_value_is_trimmed_composed_and_without_controls(text: str, value: str) -> None:
    assert clean_value(text) == value


def test_a_name_stands_on_one_line() -> None:
    assert clean_name(" Ana\r\n\tMaría ") == "Ana María"


@pytest.mark.parametrize(
    ("text", "code"),
    [("a\0b", "nul_byte"), ("a\udce9b", "bad_encoding")],
)
def test_a_cell_that_is_no_text_is_refused(text: str, code: str) -> None:
    with pytest.raises(UnreadableCellError) as refusal:
        clean_value(text)
    assert refusal.value.fault.code == code


def test_a_name_as_long_as_a_letter_is_refused() -> None:
    assert clean_name("n" * 255)
    with pytest.raises(UnreadableCellError):
        clean_name("n" * 256)


def test_trimming_reaches_whitespace_behind_invisible_characters() -> None:
    assert trim("\u200b ana@example.com \ufeff") == "ana@example.com"
