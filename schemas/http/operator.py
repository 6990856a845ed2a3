"""What operators of the installation see and do."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.http.accepted import Accepted
from schemas.http.fields import Line, NextCursor, Request


class OperatedWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace in numbers, without anything of a person."""

    workspace_id: UUID
    name: str | None
    created_at: datetime | None
    members: int
    contacts: Annotated[int, msgspec.Meta(description="Counted up to 100,000.")]
    campaigns: int
    api_keys: int


class OperatedWorkspacePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of workspaces, by their ids."""

    items: list[OperatedWorkspace]
    next: NextCursor


class NewViewing(Request, frozen=True, kw_only=True):
    """Why you look, which the workspace's owners read, and for how long."""

    reason: Line
    minutes: Annotated[int, msgspec.Meta(ge=1, le=60)]


class ShownViewing(Accepted, frozen=True, kw_only=True):
    """The token to look with; nobody can show it again."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Show nothing of the token."""
        return f"ShownViewing({self.id})"


class Viewing(msgspec.Struct, frozen=True, kw_only=True):
    """When an operator looked into the workspace, and why."""

    viewing_id: UUID
    operator_id: UUID
    reason: str
    began_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class ViewingPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of viewings, the newest first."""

    items: list[Viewing]
    next: NextCursor
