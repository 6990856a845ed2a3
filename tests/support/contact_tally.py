"""Count the verdicts on a whole contact file, with a set in memory in place of the database."""

from collections import Counter
from pathlib import Path

from domain.contacts.column_mapping import resolve_mapping
from domain.contacts.import_row import RejectedRow, judge
from infra.email_addresses import EmailValidator
from infra.files.csv_source import open_contacts


def tally(path: Path) -> dict[str, int]:
    """Return the counts in the form of a .key.json."""
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    validator = EmailValidator()
    with open_contacts(path) as file:
        mapping = resolve_mapping(file.header)
        for row in file.rows():
            verdict = judge(row, mapping=mapping, validator=validator)
            if isinstance(verdict, RejectedRow):
                counts["empty" if verdict.is_empty else "invalid"] += 1
            else:
                counts["duplicates" if verdict.address.key in seen else "valid_unique"] += 1
                seen.add(verdict.address.key)
    names = ("valid_unique", "duplicates", "invalid", "empty")
    return {"rows": counts.total()} | {name: counts[name] for name in names}
