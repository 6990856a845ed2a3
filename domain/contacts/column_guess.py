"""What each column of a file seems to be, with how much confidence: for somebody to confirm."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from domain.contacts.column_aliases import EMAIL
from domain.contacts.column_mapping import KNOWN_FIELDS, looks_like_data, suggest_mapping

SAMPLES = 3
MOST = 0.5
Confidence = Literal["sure", "likely", "unsure"]


class ColumnGuess(msgspec.Struct, frozen=True, kw_only=True):
    """A column, some of its cells, and the field it seems to be; None: it is left out."""

    header: str
    field: str | None
    confidence: Confidence
    samples: list[str]


def guess_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[ColumnGuess]:
    """Propose a field for each column: by its name, and for addresses by what stands in it."""
    by_header = {name.strip(): field for field, name in suggest_mapping(header).items()}
    has_email = EMAIL in by_header.values()
    guesses = []
    for place, name in enumerate(header):
        cells = [row[place] for row in rows if place < len(row) and row[place].strip()]
        field = by_header.get(name.strip())
        confidence: Confidence = "likely" if field else "unsure"
        if field in KNOWN_FIELDS:
            confidence = "sure"
        holds_addresses = len(cells) > 0 and sum("@" in cell for cell in cells) > MOST * len(cells)
        if field == EMAIL and cells and not holds_addresses:
            confidence = "unsure"
        if holds_addresses and not has_email and not looks_like_data(header):
            field, confidence, has_email = EMAIL, "likely", True
        guesses.append(
            ColumnGuess(header=name, field=field, confidence=confidence, samples=cells[:SAMPLES])
        )
    return guesses
