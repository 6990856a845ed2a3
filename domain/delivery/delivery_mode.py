"""What happens to a campaign's message when nobody can know whether it went out.

Between the final dot and its answer, a lost connection or a dead dispatcher leaves that open. At
most once: it stays uncertain until a report or a person says. At least once: it is sent again, and
the log says that it may arrive twice (ADR 0008, 0035).
"""

from uuid import UUID

import msgspec

from domain.delivery.delivery_mode_events import DeliveryMode, DeliveryModeChosen
from domain.delivery.fact_ids import outcome_id
from domain.delivery.outcome_events import Resolution, UncertainResolved
from domain.delivery.requeueing import fact_id
from domain.shared.ids import derive_id
from domain.shared.model import Fact, StreamModel

MOST_IN_DOUBT = 5
"""A message that is in doubt so often is what kills dispatchers or connections: it stays so."""
REASON = "at least once: sent again, it may arrive twice"


class ChosenMode(msgspec.Struct, frozen=True):
    """The workspace's own choice; None follows the installation."""

    bulk: DeliveryMode | None = None


def sends_again(mode: DeliveryMode, *, attempt: int) -> bool:
    """Tell whether a message is sent again whose `attempt`, from 1, has no answer."""
    return mode is DeliveryMode.AT_LEAST_ONCE and attempt < MOST_IN_DOUBT


def repeated(*, message_id: UUID, campaign_id: UUID, contact_id: UUID, attempt: int) -> Fact:
    """Return the fact that the message is sent again after this attempt, which stays in doubt."""
    return Fact(
        fact_id(b"resolved", message_id, attempt),
        UncertainResolved(
            message_id=message_id,
            campaign_id=campaign_id,
            contact_id=contact_id,
            attempt=attempt,
            resolution=Resolution.RESEND,
            reason=REASON,
            caused_by=outcome_id(message_id, attempt),
        ),
    )


def choose(state: ChosenMode, *, bulk: DeliveryMode | None) -> list[DeliveryModeChosen]:
    """Choose for the workspace; the same again says nothing."""
    return [] if state.bulk is bulk else [DeliveryModeChosen(bulk=bulk)]


def evolve(state: ChosenMode, event: DeliveryModeChosen) -> ChosenMode:  # noqa: ARG001 the last counts
    """Fold one choice."""
    return ChosenMode(event.bulk)


def mode_stream(workspace_id: UUID) -> UUID:
    """Return the stream of a workspace's choices."""
    return derive_id(0, b"delivery-mode", workspace_id.bytes)


DELIVERY_MODE: StreamModel[ChosenMode, DeliveryModeChosen] = StreamModel(
    name="delivery mode", initial=ChosenMode(), evolve=evolve
)
