"""Search everything that an engine wrote for somebody's data, in every form it may stand in."""

import quopri
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile, is_zipfile

import psycopg
from psycopg import sql

TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY 1, 2
"""


def forms(text: str) -> set[bytes]:
    """Return how the text may be written: as it is, escaped, in base64, hex, UTF-16 and more."""
    raw = text.encode()
    found = {
        raw,
        raw.lower(),
        raw.hex().encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("unicode_escape"),
        quote(text).encode(),
        quopri.encodestring(raw),
    }
    for shift in range(3):  # wherever in a base64 text it begins: without the bits of neighbours
        found.add(b64encode(b"\0" * shift + raw)[shift + (shift > 0) : -4])
    return {form.lower() for form in found if form}


class Search:
    """Looks for planted texts; each hit is told as "place: text"."""

    def __init__(self, planted: Sequence[str]) -> None:
        self._forms = {text: forms(text) for text in planted}

    def within(self, place: str, written: bytes) -> set[str]:
        lowered = written.lower()
        return {
            f"{place}: {text}"
            for text, shapes in self._forms.items()
            if any(shape in lowered for shape in shapes)
        }

    def database(self, dsn: str) -> set[str]:
        """Search every row of every table, whoever's it is; `dsn` is the superuser's."""
        found = set()
        with psycopg.connect(dsn) as admin:
            for schema, table in admin.execute(TABLES).fetchall():
                name = sql.Identifier(schema, table)
                for row in admin.execute(sql.SQL("SELECT t.*::text FROM {} t").format(name)):
                    found |= self.within(table, row[0].encode())
        return found

    def files(self, *roots: Path, without: Sequence[Path] = ()) -> set[str]:
        """Search every file below the roots, its name included."""
        found = set()
        for file in self._all(roots, without):
            place = file.name.removesuffix("-wal")  # what is not in the database yet
            found |= self.within(place, str(file).encode() + b"\n" + file.read_bytes())
            if is_zipfile(file):
                with ZipFile(file) as packed:
                    for name in packed.namelist():
                        found |= self.within(Path(name).name, packed.read(name))
        return found

    def _all(self, roots: Sequence[Path], without: Sequence[Path]) -> Iterator[Path]:
        for root in roots:
            for file in sorted(root.rglob("*")):
                if file.is_file() and not any(file.is_relative_to(left) for left in without):
                    yield file
