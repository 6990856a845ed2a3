"""Real, messy contact files must give exactly the counts that their owners counted.

The rules that give these counts, none of them made for these files:

- A row is a record below the header; blank lines are none. A quoted line break is part of a value.
- Empty: the address cell holds nothing, or only whitespace. It is counted apart from invalid.
- Invalid: anything else that is not exactly one address that can be mailed: fillers (N/A, none),
  links (mailto:), two addresses, a line break or a space inside, misplaced dots and hyphens,
  a local part beyond 64 or a label beyond 63 characters.
- Whitespace around an address is no part of it.
- Duplicate: an address whose key came before in the file. The key ignores case, on both sides of
  the @, and the spelling of the domain (Unicode or Punycode, composed or not). Dots and +tags
  make different mailboxes.
- The encoding is found out (UTF-8 with a mark; cp1252), and so is the separator (comma, semicolon).
"""

import json

import pytest

from infra.files.csv_source import open_contacts
from tests.support.contact_tally import tally
from tests.support.shared_data import shared_data

SHARED = shared_data()
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(SHARED is None, reason="../shared/data is not beside the repository"),
]


@pytest.mark.parametrize("name", ["mixed", "latin"])
def test_a_real_file_gives_the_counts_of_its_key(name: str) -> None:
    assert SHARED is not None
    folder = SHARED / "contacts"
    assert tally(folder / f"{name}.csv") == json.loads((folder / f"{name}.key.json").read_text())


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"), [("mixed", "utf-8-sig", ","), ("latin", "cp1252", ";")]
)
def test_how_a_real_file_is_written_is_found_out(name: str, encoding: str, delimiter: str) -> None:
    assert SHARED is not None
    with open_contacts(SHARED / "contacts" / f"{name}.csv") as file:
        assert (file.encoding.name, file.delimiter) == (encoding, delimiter)
        if encoding == "cp1252":
            assert "line" in file.encoding.note
