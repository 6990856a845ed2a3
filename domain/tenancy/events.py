"""The vocabulary of workspaces."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class WorkspaceCreated(Event, frozen=True):
    """A company has a place of its own; it cannot send without a postal address (CAN-SPAM)."""

    TAG: ClassVar[str] = "tenancy.workspace_created.v1"
    workspace_id: UUID
    name: str
    sender_name: str
    sender_address: str
    postal_address: str


TenancyEvent = WorkspaceCreated
EVENTS: tuple[type[Event], ...] = (WorkspaceCreated,)
