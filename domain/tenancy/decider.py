"""The life of a workspace."""

from typing import assert_never
from uuid import UUID

import msgspec

from domain.shared.errors import IllegalTransitionError, InvalidInputError
from domain.shared.model import StreamModel
from domain.tenancy.events import TenancyEvent, WorkspaceCreated


class Workspace(msgspec.Struct, frozen=True):
    """What later decisions need to know: who sends, and from where."""

    created: WorkspaceCreated | None = None

    @property
    def exists(self) -> bool:
        """Whether it was founded."""
        return self.created is not None


def create(
    workspace: Workspace,
    *,
    workspace_id: UUID,
    name: str,
    sender_name: str,
    sender_address: str,
    postal_address: str,
) -> list[TenancyEvent]:
    """Found a workspace. Raises InvalidInputError when what the law asks for is missing.

    The postal address stands in every commercial mail (CAN-SPAM Act, 15 U.S.C. 7704(a)(5)).
    """
    if workspace.exists:
        raise IllegalTransitionError("a workspace with this id exists already")
    given = {"name": name, "sender_address": sender_address, "postal_address": postal_address}
    for field, value in given.items():
        if not value.strip():
            raise InvalidInputError(f"a workspace needs a {field}: pass a non-empty `{field}`")
    return [
        WorkspaceCreated(
            workspace_id=workspace_id,
            name=name.strip(),
            sender_name=sender_name.strip() or name.strip(),
            sender_address=sender_address.strip(),
            postal_address=postal_address.strip(),
        )
    ]


def evolve(workspace: Workspace, event: TenancyEvent) -> Workspace:  # noqa: ARG001 one event so far
    """Fold one fact of a workspace."""
    match event:
        case WorkspaceCreated():
            return Workspace(created=event)
        case _:
            assert_never(event)


WORKSPACE: StreamModel[Workspace, TenancyEvent] = StreamModel(
    name="workspace", initial=Workspace(), evolve=evolve
)
