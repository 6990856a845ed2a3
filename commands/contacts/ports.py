"""What suppressing needs beside the log: who is at an address, and what stops somebody now."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.contacts.events import SuppressionReason


class Addressee(msgspec.Struct, frozen=True):
    """Whose an address is: a contact, or, `is_new`, nobody known, under the id they would get."""

    contact_id: UUID
    address_key: bytes
    email: str
    is_new: bool = False

    def __repr__(self) -> str:
        """Show no address."""
        return f"Addressee({self.contact_id})"


class Entry(msgspec.Struct, frozen=True):
    """One line for the list that the dispatcher asks."""

    contact_id: UUID
    reason: SuppressionReason
    expires_at: datetime | None = None


class Addresses(Protocol):
    """Addresses by their keyed hash, and those that are suppressed though nobody has them."""

    def find(self, workspace_id: UUID, emails: Sequence[str]) -> Sequence[Addressee | None]:
        """Return who is at each address; None for what is no address."""

    def list(self, workspace_id: UUID, addressees: Sequence[Addressee]) -> Effect:
        """Return the effect that keeps new addresses, so that an import finds them suppressed.

        It undoes the append by ConcurrentChangeError when one was taken meanwhile.
        """

    def stop(self, workspace_id: UUID, entries: Sequence[Entry]) -> Effect:
        """Return the effect that puts many on the list at once."""

    def standing(self, workspace_id: UUID, contact_id: UUID) -> Collection[SuppressionReason]:
        """Return every reason that stops mail to this person now, ended or not."""
