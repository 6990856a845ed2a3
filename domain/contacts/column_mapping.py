"""Find out which column of a contact file is what, whatever its header is called."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import msgspec

from domain.contacts.column_aliases import EMAIL, FIRST_NAME, HEADER_ALIASES, LAST_NAME
from domain.contacts.contact_row import ContactFileError
from domain.shared.errors import InvalidInputError

KNOWN_FIELDS = (EMAIL, FIRST_NAME, LAST_NAME)
# The last columns of a file of rejected rows; they are left out when it comes back repaired.
REPORT_COLUMNS = ("row", "line", "reason_code", "reason")

# Names that a template gives a meaning of its own.
_RESERVED_SLUGS = frozenset({*KNOWN_FIELDS, "unsubscribe_url", "postal_address", "view_url"})

_UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i"})
_NOT_A_WORD = re.compile(r"[\W_]+")
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")


class ColumnMapping(msgspec.Struct, frozen=True):
    """Where each field stands: column numbers from 0, -1 for a name the file does not have."""

    width: int
    email: int
    first_name: int = -1
    last_name: int = -1
    custom_fields: tuple[tuple[str, int], ...] = ()
    is_report: bool = False  # a file of rejected rows comes back: its apostrophes are ours


def suggest_mapping(
    headers: Sequence[str], *, overrides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return field -> header for every column worth keeping, `email` only if one looks like it.

    Columns that are no known field become custom fields, named by a slug of their header that
    a merge tag can use (`Consent?` -> `consent`). Columns without a header are left out.
    `overrides` come first; one that maps a field to "" leaves the field out. Raises
    ContactFileError `bad_field_name` when an override names a field no merge tag could.
    """
    wanted = _checked_overrides(overrides or {})
    kept = [header for header in without_report_columns(headers) if header.strip()]
    taken = {header.strip() for header in wanted.values()}
    known = {
        field: header
        for field, header in _known_columns(kept).items()
        if field not in wanted and header.strip() not in taken
    }
    mapping = known | wanted
    taken.update(header.strip() for header in known.values())
    for header in kept:
        if header.strip() not in taken and wanted.get(slug_of(header)) != "":
            slug = _free_slug(header, number=headers.index(header) + 1, taken=mapping)
            mapping[slug] = header
    return {field: header for field, header in mapping.items() if header}


def resolve_mapping(
    headers: Sequence[str], *, explicit: Mapping[str, str] | None = None
) -> ColumnMapping:
    """Return where each field stands; `explicit` (field -> header) is taken as it is, and whole.

    Raises ContactFileError `no_email_column` or `unknown_column`, listing the columns found.
    """
    mapping = suggest_mapping(headers) if explicit is None else dict(explicit)
    if EMAIL not in mapping:
        raise ContactFileError("no_email_column", _no_email_message(headers))
    places = {field: _place_of(header, headers=headers) for field, header in mapping.items()}
    return ColumnMapping(
        width=len(headers),
        email=places[EMAIL],
        first_name=places.get(FIRST_NAME, -1),
        last_name=places.get(LAST_NAME, -1),
        custom_fields=tuple(
            (field, place) for field, place in places.items() if field not in KNOWN_FIELDS
        ),
        is_report=len(without_report_columns(headers)) < len(headers),
    )


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raise InvalidInputError for a mapping that would put an address into the log."""
    if any("@" in column for column in mapping.values()):
        raise InvalidInputError(
            "the mapping names an address instead of a column: give the names of the first row"
        )


def slug_of(header: str) -> str:
    """Return an ASCII name for a header, empty when none of its letters has an ASCII form."""
    return _NOT_ASCII_WORD.sub("_", _plain(header)).strip("_")


def without_report_columns(headers: Sequence[str]) -> list[str]:
    """Leave out what a file of rejected rows added, when one comes back repaired."""
    report = len(REPORT_COLUMNS)
    if tuple(header.strip() for header in headers[-report:]) == REPORT_COLUMNS:
        return list(headers[:-report])
    return list(headers)


def looks_like_data(headers: Sequence[str]) -> bool:
    """Tell a row with an address; it is somebody's, and no message may repeat it."""
    return any("@" in header for header in headers)


def _plain(header: str) -> str:
    folded = unicodedata.normalize("NFKD", header.casefold()).translate(_UNDECOMPOSED)
    return "".join(char for char in folded if not unicodedata.combining(char))


def _squeezed(header: str) -> str:
    return _NOT_A_WORD.sub("", _plain(header))


_FIELD_BY_ALIAS = {
    _squeezed(alias): field for field, aliases in HEADER_ALIASES.items() for alias in aliases
}


def _checked_overrides(overrides: Mapping[str, str]) -> dict[str, str]:
    for field in overrides:
        is_name = field and field == slug_of(field) and not field[0].isdigit()
        if field not in KNOWN_FIELDS and (not is_name or field in _RESERVED_SLUGS):
            raise ContactFileError(
                "bad_field_name",
                f"“{field[:40]}” cannot be a field: use a-z, 0-9 and _, a letter first, "
                "and no name that templates reserve.",
            )
    return dict(overrides)


def _known_columns(headers: Sequence[str]) -> dict[str, str]:
    """Take the leftmost column of each known field."""
    found: dict[str, str] = {}
    for header in headers:
        field = _FIELD_BY_ALIAS.get(_squeezed(header))
        if field:
            found.setdefault(field, header)
    return {field: found[field] for field in KNOWN_FIELDS if field in found}


def _free_slug(header: str, *, number: int, taken: Mapping[str, str]) -> str:
    slug = slug_of(header) or f"column_{number}"
    if slug[0].isdigit():
        slug = f"column_{slug}"
    candidate, again = slug, 2
    while candidate in taken or candidate in _RESERVED_SLUGS:
        candidate, again = f"{slug}_{again}", again + 1
    return candidate


def _place_of(header: str, *, headers: Sequence[str]) -> int:
    wanted = header.strip()
    for place, candidate in enumerate(headers):
        if candidate.strip() == wanted:
            return place
    raise ContactFileError(
        "unknown_column", f"The file has no column “{wanted}”. {_list_columns(headers)}"
    )


def _no_email_message(headers: Sequence[str]) -> str:
    if looks_like_data(headers):
        return f"No column is called e-mail; {_list_columns(headers)}"
    return (
        f"No column is called e-mail. {_list_columns(headers)} "
        "Rename the one that holds the addresses to “email”, or map it."
    )


def _list_columns(headers: Sequence[str]) -> str:
    if looks_like_data(headers):
        return "the first row looks like data. Add a first row that names the columns."
    shown = [header.strip()[:40] for header in headers if header.strip()][:20]
    return f"Columns found: {', '.join(shown) or 'none with a name'}."
