"""The fact that says why somebody of the frozen audience gets nothing."""

from uuid import UUID

from domain.delivery.events import EmailSkipped, SkipReason
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Fact


def skipped(message_id: UUID, *, campaign_id: UUID, contact_id: UUID, reason: SkipReason) -> Fact:
    """Return the fact; a message is skipped at most once, so its id is the message's."""
    return Fact(
        derive_id(time_ms_of(message_id), b"skipped", message_id.bytes),
        EmailSkipped(
            message_id=message_id,
            campaign_id=campaign_id,
            contact_id=contact_id,
            reason=reason,
        ),
    )
