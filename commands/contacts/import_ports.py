"""What reviewing a file before its import needs beside the log."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import DeclaredConsent, Effect
from domain.contacts.address_repairs import Repair


class StagedImport(msgspec.Struct, frozen=True):
    """A stored file that waits for a word; `status` is reviewing, checking, running or ended."""

    status: str
    sha256: str | None
    size_bytes: int
    mapping: dict[str, str]


class ImportReviews(Protocol):
    """Files that are looked at before they are imported. Nothing of them is in the log yet."""

    def stage(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        sha256: str,
        size_bytes: int,
        mapping: dict[str, str],
        consent: DeclaredConsent,
    ) -> None:
        """Keep a stored file for review; does nothing when it is kept already."""

    def find(self, workspace_id: UUID, import_id: UUID) -> StagedImport | None:
        """Return where the import is, None where there is none."""

    def check(
        self,
        workspace_id: UUID,
        import_id: UUID,
        *,
        mapping: dict[str, str],
        repairs: Collection[Repair],
    ) -> bool:
        """Have every row judged, nothing written; tells whether the import is under review."""

    def drop(self, workspace_id: UUID, import_id: UUID) -> bool:
        """Forget the file of a review; tells whether there was one."""

    def begin(self, workspace_id: UUID, import_id: UUID, *, consent: DeclaredConsent) -> Effect:
        """Return the effect that hands the reviewed file to the importer."""

    def cancel(self, workspace_id: UUID, import_id: UUID, *, code: str, reason: str) -> Effect:
        """Return the effect that ends a running import where it stands, and forgets its file."""
