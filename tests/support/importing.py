"""Contact files on their way through the real importer, and what came of them."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from domain.contacts.events import ContactImported
from infra.bootstrap import Adapters
from infra.files.rejected_rows import write_rejected
from infra.postgres.import_progress import ImportState, PostgresImports
from infra.postgres.tenant_scope import tenant_scope
from workers.cli.contacts import start_import


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of an import, by the names of a .key.json."""

    rows: int
    valid_unique: int = 0
    duplicates: int = 0
    invalid: int = 0
    empty: int = 0


class ContactBook:
    """One workspace that people are imported into."""

    def __init__(self, worker: Adapters, folder: Path, *, workspace_id: UUID | None = None) -> None:
        self.workspace_id = workspace_id or uuid4()
        self._worker = worker
        self._folder = folder
        self._imports = PostgresImports(worker.pool)

    def hand_over(self, source: Path | bytes, mapping: dict[str, str] | None = None) -> UUID:
        """Store a file for the importer, as the command line does."""
        if isinstance(source, bytes):
            file = self._folder / f"{uuid4()}.csv"
            file.write_bytes(source)
            source = file
        return start_import(self._worker, self.workspace_id, source, mapping or {})

    def state(self, import_id: UUID) -> ImportState:
        state = self._imports.state(self.workspace_id, import_id)
        assert state is not None
        return state

    def figures(self, import_id: UUID) -> Figures:
        """The figures of a completed import."""
        state = self.state(import_id)
        assert state.status == "completed", state
        return Figures(
            rows=state.rows,
            valid_unique=state.valid,
            duplicates=state.duplicates,
            invalid=state.invalid,
            empty=state.empty,
        )

    def rejected_file(self, import_id: UUID) -> bytes:
        header = self._imports.header(self.workspace_id, import_id)
        return b"".join(
            write_rejected(self._imports.rejected(self.workspace_id, import_id), header=header)
        )

    def rejected(self, import_id: UUID) -> list[dict[str, str]]:
        """The rejected rows as a spreadsheet shows them."""
        text = self.rejected_file(import_id).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def imported(self) -> list[ContactImported]:
        """The facts of this workspace, in order, with their personal fields."""
        mapper = self._worker.mapper
        rows = [
            (event, row.data)
            for page in self._worker.reader.pages(0)
            for row in page
            if row.workspace_id == self.workspace_id
            and isinstance(event := mapper.decode(row.tag, row.data), ContactImported)
        ]
        opened = mapper.open(self.workspace_id, rows)
        return [event for event in opened if isinstance(event, ContactImported)]

    def people(self) -> list[str]:
        """The addresses in the log, one for each fact, sorted."""
        return sorted(event.email or "" for event in self.imported())

    def readable(self) -> list[str]:
        """The addresses in the read model, sorted."""
        with tenant_scope(self._worker.pool, self.workspace_id) as cursor:
            rows = cursor.execute("SELECT email FROM contacts").fetchall()
        return sorted(email or "" for (email,) in rows)


def numbered(numbers: Iterable[int]) -> bytes:
    """A file of one valid contact for each number."""
    lines = (f"person{n}@example.com,Name{n},City{n % 7}\n" for n in numbers)
    return ("email,first name,city\n" + "".join(lines)).encode()
