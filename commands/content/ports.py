"""What showing a template needs from the outside world, as protocols; `infra` provides them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.content.snapshot import Snapshot


class ContactValues(Protocol):
    """What is known of a contact."""

    def of(self, workspace_id: UUID, contact_id: UUID) -> Mapping[str, str] | None:
        """Return the value of each merge tag that has one; None for nobody of this workspace."""


class SeenMail(Protocol):
    """What one recipient would see."""

    @property
    def subject(self) -> str:
        """The subject line."""

    @property
    def html(self) -> str:
        """The HTML part."""

    @property
    def text(self) -> str:
        """The text part."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the author should know."""


class Renderer(Protocol):
    """Fills in one recipient's values."""

    def render(self, snapshot: Snapshot, values: Mapping[str, str]) -> SeenMail:
        """Return the mail as it would be sent, links untracked.

        Raises the errors of `domain.content.compile.compile_content`.
        """


class Previews(Protocol):
    """Rendered previews behind links."""

    def keep(self, workspace_id: UUID, html: str) -> tuple[str, datetime]:
        """Keep the HTML for minutes; return the path of its link, and its end."""
