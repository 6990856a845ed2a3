"""docs/importing.md has every reason code, and no code that is gone."""

import re
from pathlib import Path

from domain.contacts import address_faults
from infra.files import limits
from infra.postgres.erasures import ERASED_CODE

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "importing.md").read_text()
SOURCES = (
    *(ROOT / "domain" / "contacts").glob("*.py"),
    *(ROOT / "infra" / "files").glob("*.py"),
    ROOT / "infra" / "email_addresses.py",
    ROOT / "workers" / "importer.py",
)
IN_SOURCE = re.compile(
    r'(?:RowFault|ContactFileError|InvalidAddress|_faulty)\(\s*"([a-z_]+)"'
    r'|\bcode\s*=\s*"([a-z_]+)"(?: if \w+ else "([a-z_]+)")?|\bEMPTY = "([a-z_]+)"'
)
NOT_A_REASON = {
    "unreadable_cell",  # the class of an error that carries a reason
    "acknowledgement_required",  # of lifting a suppression
}


def codes_in_source() -> set[str]:
    rules = (
        address_faults._CELL_RULES
        + address_faults._LOCAL_PART_RULES
        + address_faults._DOMAIN_RULES
        + address_faults._LENGTH_RULES
    )
    found = {fault.code for _, fault in rules}
    for source in SOURCES:
        for groups in IN_SOURCE.findall(source.read_text()):
            found.update(filter(None, groups))
    return (found | {ERASED_CODE}) - NOT_A_REASON


def test_every_reason_code_has_its_repair_and_none_is_invented() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)` \|", GUIDE, re.MULTILINE)) == codes_in_source()


def test_the_limits_are_those_of_the_code() -> None:
    told = (
        f"Limits: {limits.MAX_FILE_BYTES // 1024**2} MiB, {limits.MAX_ROWS:,} rows, "
        f"{limits.MAX_COLUMNS} columns, {limits.MAX_CELL_CHARS:,} characters a cell, "
        f"{limits.MAX_RECORD_CHARS // 1024**2} MiB a row."
    )
    assert told in GUIDE
