"""What each column of a file seems to be."""

from domain.contacts.column_guess import guess_columns

ROWS = [["ann@a.example", "Ann", "", "5"], ["bob@a.example", "Bob", "x"]]


def told(*header: str) -> list[tuple[str | None, str]]:
    return [(guess.field, guess.confidence) for guess in guess_columns(header, ROWS)]


def test_a_name_that_is_known_is_sure_and_any_other_a_field_of_its_own() -> None:
    assert told("E-Mail", "Vorname", "Note", "") == [
        ("email", "sure"),
        ("first_name", "sure"),
        ("note", "likely"),
        (None, "unsure"),
    ]


def test_addresses_are_known_by_what_stands_there_when_no_name_says_so() -> None:
    assert told("Wohin", "Wer", "Note", "n")[0] == ("email", "likely")


def test_a_column_called_email_without_addresses_is_not_sure() -> None:
    assert told("Kontakt", "email", "Note", "n")[:2] == [("kontakt", "likely"), ("email", "unsure")]


def test_cells_are_shown_without_the_empty_ones() -> None:
    note = guess_columns(("email", "first name", "note", "n"), ROWS)[2]
    assert note.samples == ["x"]
