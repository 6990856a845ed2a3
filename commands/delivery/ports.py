"""What the verbs of delivery need: the dead letters, and the messages that are uncertain."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.delivery.dead_letter import DeadLetter
from domain.delivery.uncertain import Uncertain


class LetterFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which open dead letters are meant; what is None does not narrow."""

    campaign_id: UUID | None = None
    failed_for: str | None = None
    code: int | None = None
    since: datetime | None = None


class DeadLetters(Protocol):
    """Messages that were given up."""

    def find(self, workspace_id: UUID, message_id: UUID) -> DeadLetter | None:
        """Return the letter, settled or not."""

    def pages(
        self, workspace_id: UUID, wanted: LetterFilter, *, limit: int
    ) -> Iterator[Sequence[DeadLetter]]:
        """Yield the open letters that match, in pages of at most `limit`, by message id."""

    def requeue(
        self,
        workspace_id: UUID,
        messages: Sequence[UUID],
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Effect:
        """Return the effect that queues them again, with a fresh retry life.

        `completed` names campaigns whose gate is to be opened again. The effect undoes the append
        by ConcurrentChangeError unless all of them are open letters still.
        """

    def discard(self, workspace_id: UUID, messages: Sequence[UUID], *, command_id: UUID) -> Effect:
        """Return the effect that puts them away; fails alike."""


class UncertainMessages(Protocol):
    """Messages whose handover had no answer."""

    def find(self, workspace_id: UUID, message_id: UUID) -> Uncertain | None:
        """Return the message, resolved or not."""

    def requeue(
        self,
        workspace_id: UUID,
        message_id: UUID,
        *,
        command_id: UUID,
        completed: Collection[UUID] = (),
    ) -> Effect:
        """Return the effect that resolves it as `resend` and queues it again; fails as above."""

    def resolve(
        self, workspace_id: UUID, message_id: UUID, *, resolution: str, command_id: UUID
    ) -> Effect:
        """Return the effect that notes what became of it; fails alike."""
