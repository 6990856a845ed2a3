"""What an export is to hold, and how far it is."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.privacy.export_filter import ExportFilter


class ExportJob(msgspec.Struct, frozen=True, kw_only=True):
    """One export. `generation` rises when all that was written has to go: a person was erased."""

    workspace_id: UUID
    export_id: UUID
    filter: ExportFilter
    open_personal: bool
    requested_by: str
    requested_at: datetime
    generation: int = 0


class Progress(msgspec.Struct, kw_only=True):
    """What stands in `progress.json`, so that a killed export goes on where its files are whole.

    `upto` and `last_seal` are fixed when the work begins: resumed or not, the files are the same.
    """

    job: ExportJob
    upto: int
    last_seal: int
    seal: int = 0  # number of the last seal that was written
    position: int = 0  # read up to here
    events: int = 0
    commits: int = 0
    opened: int = 0
    unsealed: int = 0  # events after the last seal
    first_position: int = 0  # of the exported events
    last_position: int = 0
    open_commits: set[UUID] = set()  # with exported events, but their own place is still to come
    sizes: dict[str, int] = {}  # bytes of each file that are whole
