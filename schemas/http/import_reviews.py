"""A contact file under review, as the API takes and shows it."""

from typing import Annotated

import msgspec

from domain.contacts.address_repairs import Repair
from domain.contacts.column_guess import ColumnGuess
from schemas.http.fields import Request

Mapping = Annotated[
    dict[str, Annotated[str, msgspec.Meta(max_length=1000)]],
    msgspec.Meta(
        max_length=200,
        description="Contact field -> column header. A field mapped to an empty text is left out; "
        "what is not named is found out.",
    ),
]


class ImportCheck(Request, frozen=True, kw_only=True):
    """How the columns are to be read, and what may be repaired in the addresses."""

    mapping: Mapping = {}
    repairs: Annotated[list[Repair], msgspec.Meta(max_length=10)] = []


class ImportCommit(Request, frozen=True, kw_only=True):
    """Where the people of the file agreed to get mail, and to which words."""

    consent_source: Annotated[str, msgspec.Meta(max_length=300)] = ""
    consent_text: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class ImportPreview(msgspec.Struct, frozen=True, kw_only=True):
    """How the file reads, and what each column seems to be; `rows` are the first ones."""

    encoding: str
    encoding_note: str
    delimiter: str
    columns: list[ColumnGuess]
    rows: list[list[str]]


class ImportProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of problem: rows that have it, some of their numbers, and what mends it."""

    code: str
    reason: str
    rows: int
    repair: Repair | None
    repairable: int
    examples: list[int]


class ImportReview(msgspec.Struct, frozen=True, kw_only=True):
    """What the import would do: `valid` are new contacts. Nothing is written yet."""

    rows: int
    valid: int
    duplicates: int
    invalid: int
    empty: int
    repairs: list[Repair]
    problems: list[ImportProblem]
