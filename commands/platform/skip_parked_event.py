"""Let a read model or a policy go on without an event that it cannot take."""

import msgspec

from commands.ports import EventLog, ParkedEvents
from domain.platform.events import ParkedEventSkipped
from domain.shared.context import Context
from domain.shared.errors import InvalidInputError
from domain.shared.ids import derive_id
from domain.shared.model import Fact


class SkipParkedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Drop the event at `position` from waiting; `recorded_at_ms` is when it was recorded."""

    follower: str
    position: int
    recorded_at_ms: int
    event_tag: str
    failure: str
    reason: str


def skip_parked_event(
    command: SkipParkedEvent, context: Context, log: EventLog, parked: ParkedEvents
) -> int:
    """Record it for auditors, and drop it in the same transaction.

    Raises InvalidInputError without a reason; the effect refuses what does not wait any more.
    """
    if not command.reason.strip():
        raise InvalidInputError("say why the event may be left out: pass a reason")
    skipped = ParkedEventSkipped(
        follower=command.follower,
        position=command.position,
        event_tag=command.event_tag,
        failure=command.failure,
        reason=command.reason.strip(),
    )
    fact_id = derive_id(
        command.recorded_at_ms,
        b"skipped",
        command.follower.encode(),
        command.position.to_bytes(8, "big"),
    )
    drop = parked.skip(context.workspace_id, command.follower, position=command.position)
    return log.record([Fact(fact_id, skipped)], context, effects=[drop])
