"""What the write routes need beside the ports of the commands; the edge provides it by name."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

import msgspec

from commands.engagement.record_hits import Hit
from schemas.http.privacy import ErasureReceipt


class Contacts(Protocol):
    """Who is in a workspace."""

    def known(self, workspace_id: UUID, contact_id: UUID) -> bool:
        """Tell whether the contact exists in this workspace."""


class JoinedWorkspace(Protocol):
    """A workspace that somebody is a member of."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace."""


class Memberships(Protocol):
    """Who belongs to what."""

    def of(self, user_id: UUID) -> Sequence[JoinedWorkspace]:
        """Return the workspaces of a person."""


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


class Receipts(Protocol):
    """Proofs of erasures."""

    def of(self, workspace_id: UUID, contact_id: UUID) -> ErasureReceipt | None:
        """Return the signed receipt; None while the erasure is not in the log."""


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


class ExportTarget(Protocol):
    """Which export a signed link is for."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace."""

    @property
    def export_id(self) -> UUID:
        """The export."""

    @property
    def expires_at(self) -> datetime:
        """Until when the link is good."""


class DownloadLinks(Protocol):
    """Reads the tokens of signed links to exports."""

    def read(self, token: str) -> ExportTarget | None:
        """Return what a token is for, whatever the time; None when it is not one of ours."""


class Download(Protocol):
    """An open file."""

    @property
    def size_bytes(self) -> int:
        """How long it is."""

    def pieces(self) -> Iterator[bytes]:
        """Yield it, and close it at the end."""

    def close(self) -> None:
        """Give it up unread."""


class Downloads(Protocol):
    """Files of finished exports."""

    def open(self, workspace_id: UUID, export_id: UUID) -> Download | None:
        """Open the file; None when the export has none (any more)."""


class ShownPreviews(Protocol):
    """Rendered previews behind links."""

    def shown(self, token: str) -> str | None:
        """Return the HTML; None when the link is over, or none of ours."""


class Nudge(Protocol):
    """Tells workers to look at once what they look at each second anyhow."""

    def __call__(self) -> None:
        """Say so; never fails."""


class NewToken(Protocol):
    """Draws tokens for links."""

    def __call__(self) -> str:
        """Return 256 random bits in URL-safe base 64, 43 characters."""


class NewId(Protocol):
    """Draws ids."""

    def __call__(self) -> UUID:
        """Return a new UUIDv7."""


class Now(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Return the current time, UTC-aware."""


class NewSecret(Protocol):
    """Draws secrets of API keys."""

    def __call__(self, *, test: bool = False) -> str:
        """Return a new secret of 256 random bits."""


class SignedIn(Protocol):
    """The person who asks."""

    @property
    def user_id(self) -> UUID:
        """The account."""

    @property
    def session_id(self) -> UUID:
        """The session."""

    @property
    def authenticated_at(self) -> datetime:
        """When the person last proved who they are."""
