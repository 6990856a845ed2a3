"""What an erasure needs from the outside world."""

from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.shared.context import Context


class BegunErasure(msgspec.Struct, frozen=True):
    """An erasure that was asked for; who goes on with it acts for whoever asked first."""

    context: Context
    key_sha256: str


class Erasures(Protocol):
    """Erasures and how far each is."""

    def begin(self, contact_id: UUID, context: Context, *, key_sha256: str) -> BegunErasure:
        """Write down that this person is to be erased, and close the dispatcher's door.

        Asked again, returns what was written the first time.
        """

    def scrub(self, workspace_id: UUID, contact_id: UUID) -> Effect:
        """Return the effect that empties the working tables of the person."""


class SubjectKeys(Protocol):
    """The keys of people."""

    def fingerprint(self, workspace_id: UUID, subject: UUID) -> str:
        """Return the SHA-256, in hex, of the wrapped key; empty when there is none."""

    def destroy(self, workspace_id: UUID, subject: UUID) -> bool:
        """Fence the subject, then destroy the key; tells whether there was one."""
