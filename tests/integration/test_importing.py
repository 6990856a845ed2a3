"""Files through the real importer: exact figures, the reasons of every row, damage and repair."""

import json
from pathlib import Path

import pytest

from infra.bootstrap import Adapters
from infra.postgres.tenant_scope import tenant_scope
from tests.support.importing import ContactBook, Figures, numbered
from tests.support.shared_data import shared_data
from tests.support.working import catch_up, run_imports
from workers.importer import Importer
from workers.runtime import Stop

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "examples" / "contacts.csv"
SHARED = shared_data()


@pytest.fixture
def book(worker: Adapters, tmp_path: Path) -> ContactBook:
    return ContactBook(worker, tmp_path)


def a_real_file(name: str) -> Path:
    if name == "example":
        return EXAMPLE
    if SHARED is None:
        pytest.skip("../shared/data is not beside the repository")
    return SHARED / "contacts" / f"{name}.csv"


def key_of(file: Path) -> Figures:
    key = json.loads(file.with_suffix(".key.json").read_text())
    return Figures(**{name: key[name] for name in Figures.__struct_fields__})


@pytest.mark.parametrize("name", ["mixed", "latin", "example"])
def test_a_real_file_gives_its_figures_and_a_second_time_nothing(
    worker: Adapters, book: ContactBook, name: str
) -> None:
    file = a_real_file(name)
    key = key_of(file)
    first = book.hand_over(file)
    run_imports(worker)
    assert book.figures(first) == key
    people = book.people()
    assert len(people) == len(set(people)) == key.valid_unique

    again = book.hand_over(file)
    run_imports(worker)
    assert book.figures(again) == Figures(
        rows=key.rows,
        duplicates=key.valid_unique + key.duplicates,
        invalid=key.invalid,
        empty=key.empty,
    )
    assert book.people() == people
    catch_up(worker)
    assert book.readable() == people

    rejected = [int(row["row"]) for row in book.rejected(first)]
    assert len(rejected) == key.duplicates + key.invalid + key.empty
    assert rejected == sorted(set(rejected))


MESSY = (
    "Name,Mail,Town\r\n"
    "Ann,ann@example.com,Ghent\r\n"
    "\r\n"
    'Bob,bob.example.com,"two\r\nlines"\r\n'
    "Cas,,Bruges\r\n"
    "Ann again,ANN@example.com,Ostend\r\n"
    "Dot,dot@example.com,=1+1,surplus\r\n"
)


def test_every_rejected_row_is_there_with_its_line_its_reason_and_its_cells(
    worker: Adapters, book: ContactBook
) -> None:
    import_id = book.hand_over(MESSY.encode())
    run_imports(worker)
    rejected = book.rejected(import_id)
    assert [tuple(row.values())[:6] for row in rejected] == [
        ("Bob", "bob.example.com", "two\r\nlines", "2", "4", "missing_at"),
        ("Cas", "", "Bruges", "3", "6", "empty"),
        ("Ann again", "ANN@example.com", "Ostend", "4", "7", "duplicate"),
        ("Dot", "dot@example.com", "'=1+1 surplus", "5", "8", "surplus_cells"),
    ]
    assert all(row["reason"].endswith(".") for row in rejected)


def test_the_file_of_rejected_rows_is_imported_once_it_is_repaired(
    worker: Adapters, book: ContactBook
) -> None:
    first = book.hand_over(MESSY.encode())
    run_imports(worker)
    repaired = book.rejected_file(first).replace(b"bob.example.com", b"bob@example.com")
    second = book.hand_over(repaired.replace(b"Cas,,", b"Cas,cas@example.com,"))
    run_imports(worker)
    assert book.figures(second) == Figures(rows=4, valid_unique=3, duplicates=1)
    assert book.people() == [
        "ann@example.com",
        "bob@example.com",
        "cas@example.com",
        "dot@example.com",
    ]
    names = {event.email: (event.first_name, event.fields) for event in book.imported()}
    assert names["bob@example.com"][1] == {"name": "Bob", "town": "two\nlines"}


def test_text_that_is_not_utf8_is_rejected_row_by_row(worker: Adapters, book: ContactBook) -> None:
    lines = (
        "email,city,caf\xe9".encode("latin-1"),  # damage: the rest of the file is UTF-8
        "ann@example.com,Zürich,é".encode(),
        b"b\xf6b@example.com,Ghent,",
        b"cas@example.com,K\xf6ln,",
        "dot@example.com,Łódź,".encode(),
    )
    import_id = book.hand_over(b"\n".join(lines) + b"\n")
    run_imports(worker)
    assert book.figures(import_id) == Figures(rows=4, valid_unique=2, invalid=2)
    assert [(row["line"], row["reason_code"]) for row in book.rejected(import_id)] == [
        ("3", "invisible_character"),
        ("4", "bad_encoding"),
    ]
    assert [row["city"] for row in book.rejected(import_id)] == ["Ghent", "K\\udcf6ln"]


def test_a_refusal_that_names_a_damaged_column_closes_the_import(
    worker: Adapters, book: ContactBook
) -> None:
    import_id = book.hand_over("Zürich é,st\udcf6rt\nx,y\n".encode("utf-8", "surrogateescape"))
    run_imports(worker)
    state = book.state(import_id)
    assert (state.status, state.rows) == ("failed", 0)
    assert "No column is called e-mail" in state.error
    assert "st\\udcf6rt" in state.error


def test_an_import_that_breaks_does_not_hold_up_the_ones_behind_it(
    worker: Adapters, book: ContactBook
) -> None:
    broken = book.hand_over(numbered(range(3)))
    behind = book.hand_over(numbered(range(5)))
    with tenant_scope(worker.pool, book.workspace_id) as cursor:
        cursor.execute(
            "UPDATE imports SET mapping = '{\"email\": 5}' WHERE import_id = %s", (broken,)
        )
    importer = Importer(worker)
    assert importer.step(Stop())
    assert book.figures(behind) == Figures(rows=5, valid_unique=5)
    with pytest.raises(AttributeError):
        importer.step(Stop())
    assert book.state(broken).status == "running"


def test_the_importer_is_seen_to_live_while_it_reads(worker: Adapters, book: ContactBook) -> None:
    book.hand_over(numbered(range(3)))
    Importer(worker).step(Stop())
    with worker.pool.connection() as connection:
        assert connection.execute("SELECT worker FROM heartbeats").fetchall() == [("importer",)]


def test_workspaces_have_contacts_of_their_own(
    worker: Adapters, book: ContactBook, tmp_path: Path
) -> None:
    other = ContactBook(worker, tmp_path)
    for each in (book, other):
        each.hand_over(numbered(range(4)))
    run_imports(worker)
    assert book.people() == other.people()
    assert len(book.people()) == 4
