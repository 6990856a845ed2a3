"""The ids of facts that a message has at most one of, whoever records it first."""

from uuid import UUID

from domain.shared.ids import derive_id, time_ms_of


def skip_id(message_id: UUID) -> UUID:
    """Return the id of the fact that says why a message was not sent."""
    return derive_id(time_ms_of(message_id), b"skipped", message_id.bytes)


def outcome_id(message_id: UUID, attempt: int) -> UUID:
    """Return the id of an attempt's outcome."""
    return derive_id(
        time_ms_of(message_id), b"outcome", message_id.bytes, attempt.to_bytes(4, "big")
    )
