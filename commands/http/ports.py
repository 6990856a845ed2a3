"""What the write routes need beside the ports of the commands; the edge provides it by name."""

from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

import msgspec

from commands.engagement.record_hits import Hit


class Contacts(Protocol):
    """Who is in a workspace."""

    def known(self, workspace_id: UUID, contact_id: UUID) -> bool:
        """Tell whether the contact exists in this workspace."""


class Upload(msgspec.Struct, frozen=True):
    """A file that came with the request, whole; `mapping` is contact field -> column header."""

    file: BinaryIO
    sha256: str
    size_bytes: int
    mapping: dict[str, str]


class Uploads(Protocol):
    """Where uploaded files wait for the importer."""

    def keep(self, workspace_id: UUID, import_id: UUID, file: BinaryIO) -> None:
        """Store the file, all or nothing; does nothing when this import has its file already."""


class LinkTarget(Protocol):
    """Whose message a signed link belongs to, and which link of the snapshot it is."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace."""

    @property
    def campaign_id(self) -> UUID:
        """The campaign."""

    @property
    def contact_id(self) -> UUID:
        """The person the message was sent to."""

    @property
    def link(self) -> int:
        """The number of the link, 0 for pixel and unsubscribe link."""


class Links(Protocol):
    """Reads signed tokens; each answers None for a token that is not ours, or of another kind."""

    def opened(self, token: str) -> LinkTarget | None:
        """Read the token of a pixel."""

    def clicked(self, token: str) -> LinkTarget | None:
        """Read the token of a tracked link."""

    def unsubscribing(self, token: str) -> LinkTarget | None:
        """Read the token of an unsubscribe link."""


class Hits(Protocol):
    """Opens and clicks on their way into the log."""

    def add(self, hit: Hit) -> None:
        """Take a hit; returns at once and never fails."""


class NewId(Protocol):
    """Draws ids."""

    def __call__(self) -> UUID:
        """Return a new UUIDv7."""


class Now(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Return the current time, UTC-aware."""
