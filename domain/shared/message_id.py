"""The id of one message: one campaign, one contact, for ever the same."""

from uuid import UUID

from domain.shared.ids import derive_id


def message_id(*, campaign_id: UUID, contact_id: UUID, launched_at_ms: int) -> UUID:
    """Derive the message id; it starts with the launch time, so that indexes stay local."""
    return derive_id(launched_at_ms, b"message", campaign_id.bytes, contact_id.bytes)
