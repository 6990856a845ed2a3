"""What the commands of workspaces need from the outside world."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Effect
from domain.tenancy.events import MemberInvited


class Members(Protocol):
    """Who belongs to a workspace, asked at each request of a person."""

    def put(self, workspace_id: UUID, user_id: UUID, *, role: str) -> Effect:
        """Return the effect that lets somebody in, or gives another role."""

    def drop(self, workspace_id: UUID, user_id: UUID) -> Effect:
        """Return the effect that refuses the person from now on."""


class FoundInvitation(msgspec.Struct, frozen=True):
    """The open invitation of a token, and the key of the address that it went to."""

    workspace_id: UUID
    invitation_id: UUID
    address_key: bytes


class Invitations(Protocol):
    """Open invitations: their tokens' digests, their addresses sealed under their own keys."""

    def open(self, workspace_id: UUID, invited: MemberInvited, *, invited_by: str) -> Effect:
        """Return the effect that makes the token good."""

    def renew(
        self, workspace_id: UUID, invitation_id: UUID, *, sha256: str, expires_at: datetime
    ) -> Effect:
        """Return the effect that makes another token good instead."""

    def end(self, workspace_id: UUID, invitation_id: UUID, *, state: str) -> Effect:
        """Return the effect that wipes token and address; undoes the append if it ended before."""

    def waiting(self, workspace_id: UUID, email: str) -> UUID | None:
        """Return the open invitation of this address, in whatever spelling."""

    def address(self, workspace_id: UUID, invitation_id: UUID) -> str | None:
        """Return where an open invitation went; None when it ended."""

    def find(self, sha256: str) -> FoundInvitation | None:
        """Return whose token it is, in whatever workspace; None when it is not good."""


class VerifiedAddresses(Protocol):
    """What people have proved to be theirs."""

    def key_of(self, user_id: UUID) -> bytes | None:
        """Return the key of the account's address; None until it is verified."""
