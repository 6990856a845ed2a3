"""What erasures, the trash, retention and exports of data need from the outside world."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.privacy.retention_settings import RetentionSettings
from domain.privacy.trash import Kind
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


class Trash(Protocol):
    """What is deleted and can come back."""

    def put(self, kind: Kind, thing_id: UUID, context: Context, *, purge_at: datetime) -> Effect:
        """Return the effect that puts it in; a contact gets no mail from now on."""

    def take_out(self, kind: Kind, thing_id: UUID, workspace_id: UUID) -> Effect:
        """Return the effect that takes it out; a contact may be mailed again."""


class RetentionRules(Protocol):
    """How long things are kept, where the retention worker looks."""

    def keep(self, workspace_id: UUID, settings: RetentionSettings) -> Effect:
        """Return the effect that lets the worker go by these settings."""


class SubjectKeys(Protocol):
    """The keys of people."""

    def fingerprint(self, workspace_id: UUID, subject: UUID) -> str:
        """Return the SHA-256, in hex, of the wrapped key; empty when there is none."""

    def destroy(self, workspace_id: UUID, subject: UUID) -> bool:
        """Fence the subject, then destroy the key; tells whether there was one."""
