"""One export of data, and how far it is."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.privacy.events import DataScope


class DataJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `generation` rises when all that was written has to go.

    `requested_position` is what the read models must have seen before they are read.
    """

    workspace_id: UUID
    export_id: UUID
    scope: DataScope
    contact_id: UUID | None
    requested_by: str
    requested_at: datetime
    requested_position: int
    generation: int


class DataProgress(msgspec.Struct, kw_only=True):
    """What stands in `progress.json`: up to here the files are whole."""

    generation: int
    section: int = 0
    after: list[str] = []  # sort key of the last row; empty at the start of a section
    pages: int = 0
    records: int = 0
    counts: dict[str, int] = {}
    sizes: dict[str, int] = {}
