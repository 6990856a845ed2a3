"""Who may look after the installation."""

from typing import assert_never
from uuid import UUID

import msgspec

from domain.platform.events import OperatorEvent, OperatorGranted, OperatorRevoked
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel


class Operator(msgspec.Struct, frozen=True):
    """Whether the person is one now."""

    granted: bool = False


def operator_id(user_id: UUID) -> UUID:
    """Return the id of the stream, which stands beside the account's."""
    return derive_id(time_ms_of(user_id), b"operator", user_id.bytes)


def grant(operator: Operator, *, user_id: UUID) -> list[OperatorEvent]:
    """Make the person one; says nothing the second time."""
    return [] if operator.granted else [OperatorGranted(user_id=user_id)]


def revoke(operator: Operator, *, user_id: UUID) -> list[OperatorEvent]:
    """End it; says nothing of somebody who is none."""
    return [OperatorRevoked(user_id=user_id)] if operator.granted else []


def evolve(operator: Operator, event: OperatorEvent) -> Operator:  # noqa: ARG001 the last one decides
    """Fold one fact."""
    match event:
        case OperatorGranted():
            return Operator(granted=True)
        case OperatorRevoked():
            return Operator()
        case _:
            assert_never(event)


OPERATOR: StreamModel[Operator, OperatorEvent] = StreamModel(
    name="operator", initial=Operator(), evolve=evolve
)
