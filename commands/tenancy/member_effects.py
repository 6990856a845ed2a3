"""Which events of a workspace change who belongs to it: the same for every command."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from commands.ports import Effect
from commands.tenancy.ports import Members
from domain.tenancy.events import (
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    TenancyEvent,
)


def member_effects(
    members: Members, workspace_id: UUID, events: Sequence[TenancyEvent]
) -> Iterator[Effect]:
    """Yield the effects in the order of the events."""
    for event in events:
        match event:
            case MemberJoined() | MemberRoleChanged():
                yield members.put(workspace_id, event.user_id, role=event.role)
            case MemberRemoved() | MemberLeft():
                yield members.drop(workspace_id, event.user_id)
            case _:
                pass
