"""Uploaded contact files, in parts, until the importer has read them."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from commands.ports import DeclaredConsent
from domain.contacts.contact_row import ContactFileError
from infra.files.limits import MAX_FILE_BYTES
from infra.postgres.connections import Pool
from infra.postgres.sql_effect import SqlEffect
from infra.postgres.tenant_scope import tenant_scope

PART_BYTES = 1024 * 1024
_BEGIN = """
INSERT INTO imports (workspace_id, import_id, status, mapping, size_bytes, requested_by,
                     consent_source, consent_text)
VALUES (%(workspace_id)s, %(import_id)s, 'running', %(mapping)s, %(size_bytes)s,
        %(requested_by)s, %(source)s, %(text)s)
"""


class StoredFile(msgspec.Struct, frozen=True):
    """A file that is in the database, whole."""

    sha256: str
    size_bytes: int


class PostgresImportIntake:
    """The port `commands.ports.ImportIntake`, and the storage behind it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def store(self, workspace_id: UUID, import_id: UUID, chunks: Iterable[bytes]) -> StoredFile:
        """Keep a file in parts of 1 MiB, all or nothing.

        Raises ContactFileError `file_too_large` as soon as the limit is passed.
        """
        digest, size = hashlib.sha256(), 0
        with tenant_scope(self._pool, workspace_id) as cursor:
            for number, part in enumerate(_parts(chunks)):
                size += len(part)
                if size > MAX_FILE_BYTES:
                    raise ContactFileError(
                        "file_too_large",
                        f"The file is larger than {MAX_FILE_BYTES // 1024**2} MiB: "
                        "split it and import the parts.",
                    )
                digest.update(part)
                cursor.execute(
                    "INSERT INTO import_parts (workspace_id, import_id, part, data)"
                    " VALUES (%b, %b, %b, %b)",
                    (workspace_id, import_id, number, part),
                )
        return StoredFile(digest.hexdigest(), size)

    def read(self, workspace_id: UUID, import_id: UUID) -> Iterator[bytes]:
        """Yield the parts of a stored file, one in memory at a time."""
        number = 0
        while True:
            with tenant_scope(self._pool, workspace_id) as cursor:
                row = cursor.execute(
                    "SELECT data FROM import_parts"
                    " WHERE workspace_id = %s AND import_id = %s AND part = %s",
                    (workspace_id, import_id, number),
                    binary=True,
                ).fetchone()
            if row is None:
                return
            yield row[0]
            number += 1

    def begin(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        size_bytes: int,
        consent: DeclaredConsent,
    ) -> SqlEffect:
        """See the port."""
        return SqlEffect(
            _BEGIN,
            {
                "workspace_id": workspace_id,
                "import_id": import_id,
                "mapping": Jsonb(mapping),
                "size_bytes": size_bytes,
                **msgspec.structs.asdict(consent),
            },
        )


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield what is in an open file from where it stands."""
    while chunk := file.read(PART_BYTES):
        yield chunk


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut or join chunks of any size to parts of 1 MiB, the last one shorter."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= PART_BYTES:
            yield bytes(buffer[:PART_BYTES])
            del buffer[:PART_BYTES]
    if buffer:
        yield bytes(buffer)
