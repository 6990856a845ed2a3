from collections.abc import Callable

import pytest

from domain.contacts.column_mapping import REPORT_COLUMNS, resolve_mapping, suggest_mapping
from domain.contacts.contact_row import ContactFileError
from infra.files.csv_records import Record
from infra.files.header import check_header

HEADERS = ("E-Mail Address", "Vorname", "Surname", "Company ", "Joined", "Tags", "Consent?")


def test_known_columns_are_found_and_the_others_become_custom_fields() -> None:
    assert suggest_mapping(HEADERS) == {
        "email": "E-Mail Address",
        "first_name": "Vorname",
        "last_name": "Surname",
        "company": "Company ",
        "joined": "Joined",
        "tags": "Tags",
        "consent": "Consent?",
    }


@pytest.mark.parametrize(
    "header",
    [
        "email", "EMAIL", " E-mail ", "e_mail", "Email Address", "Mail", "E-Mail-Adresse",
        "Correo electrónico", "Adresse e-mail", "Courriel", "Sähköposti", "E-posta", "邮箱",
        "メールアドレス", "Электронная почта", "이메일", "البريد الإلكتروني",
        "Ηλεκτρονικό ταχυδρομείο",
    ],
)  # fmt: skip
def test_the_address_column_is_found_in_many_languages(header: str) -> None:
    assert suggest_mapping(("Id", header))["email"] == header


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Größe (cm)", "grosse_cm"),
        ("Prénom usuel", "prenom_usuel"),
        ("Łódź Ørsted", "lodz_orsted"),
        ("2024 total", "column_2024_total"),
        ("会社", "column_2"),
        ("unsubscribe_url", "unsubscribe_url_2"),
    ],
)
def test_a_custom_field_gets_a_name_that_a_merge_tag_can_use(header: str, field: str) -> None:
    assert suggest_mapping(("Email", header))[field] == header


def test_headers_with_one_slug_get_different_fields() -> None:
    mapping = suggest_mapping(("Email", "Company", "Company?", "E-mail"))
    assert list(mapping) == ["email", "company", "company_2", "e_mail"]


def test_columns_without_a_name_are_left_out() -> None:
    assert suggest_mapping(("Email", "", " ")) == {"email": "Email"}


def test_the_columns_of_a_rejection_report_are_left_out() -> None:
    assert suggest_mapping(("Email", *REPORT_COLUMNS)) == {"email": "Email"}


def test_overrides_win_and_take_their_column_with_them() -> None:
    mapping = suggest_mapping(
        ("Kontakt", "Email", "Firma"), overrides={"email": "Kontakt", "firma": ""}
    )
    assert mapping == {"email": "Kontakt", "email_2": "Email"}


@pytest.mark.parametrize("field", ["", "First Name", "2nd", "unsubscribe_url", "Größe"])
def test_an_override_cannot_invent_a_field_no_template_could_name(field: str) -> None:
    with pytest.raises(ContactFileError) as refusal:
        suggest_mapping(("Email", "X"), overrides={field: "X"})
    assert refusal.value.code == "bad_field_name"


def test_places_are_resolved_once_for_all_rows() -> None:
    mapping = resolve_mapping(HEADERS)
    assert (mapping.email, mapping.first_name, mapping.last_name, mapping.width) == (0, 1, 2, 7)
    assert dict(mapping.custom_fields) == {"company": 3, "joined": 4, "tags": 5, "consent": 6}


def test_a_suggested_mapping_resolves_to_the_same_places() -> None:
    explicit = suggest_mapping(HEADERS)
    assert resolve_mapping(HEADERS, explicit=explicit) == resolve_mapping(HEADERS)


def test_no_email_column_lists_the_columns_found() -> None:
    with pytest.raises(ContactFileError, match=r"Columns found: Name, Phone\.") as refusal:
        resolve_mapping(("Name", "Phone"))
    assert refusal.value.code == "no_email_column"


def test_a_file_without_a_header_is_told_so() -> None:
    with pytest.raises(ContactFileError, match="the first row looks like data"):
        resolve_mapping(("ana@example.com", "Ana"))


def test_no_message_repeats_a_first_row_that_is_somebodys() -> None:
    """A failed import's reason stands in the log for ever, in clear."""
    first_row = ("ana@example.com", "Ana", "Ana")
    refusals: list[Callable[[], object]] = [
        lambda: resolve_mapping(first_row),
        lambda: resolve_mapping(first_row, explicit={"email": "Mail"}),
        lambda: check_header(Record(1, [*first_row])),
    ]
    for refused in refusals:
        with pytest.raises(ContactFileError) as refusal:
            refused()
        assert "ana" not in str(refusal.value).lower()


def test_an_unknown_column_in_a_mapping_is_named() -> None:
    with pytest.raises(ContactFileError, match="no column “Mail”") as refusal:
        resolve_mapping(("Email",), explicit={"email": "Mail"})
    assert refusal.value.code == "unknown_column"
