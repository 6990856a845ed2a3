"""Into the trash, back, or gone for good: the decisions about one contact."""

from datetime import datetime
from uuid import UUID

from domain.contacts.decider import Consent
from domain.contacts.events import (
    ConsentEvent,
    ContactDeleted,
    ContactPurged,
    ContactRestored,
    DeletionCause,
)
from domain.shared.errors import GoneError


def delete(
    consent: Consent,
    *,
    contact_id: UUID,
    until: datetime,
    cause: DeletionCause = DeletionCause.REQUESTED,
) -> list[ConsentEvent]:
    """Put the contact into the trash; says nothing when it is there. Raises GoneError."""
    _require_not_purged(consent)
    if consent.deleted:
        return []
    return [ContactDeleted(contact_id=contact_id, restorable_until=until, cause=cause)]


def restore(consent: Consent, *, contact_id: UUID) -> list[ConsentEvent]:
    """Take the contact back; says nothing when it is not in the trash. Raises GoneError."""
    _require_not_purged(consent)
    return [ContactRestored(contact_id=contact_id)] if consent.deleted else []


def purge(consent: Consent, *, contact_id: UUID) -> list[ConsentEvent]:
    """Close the way back; says nothing when it is closed, or when somebody was faster."""
    if not consent.deleted or consent.purged:
        return []
    return [ContactPurged(contact_id=contact_id)]


def _require_not_purged(consent: Consent) -> None:
    if consent.purged:
        raise GoneError("the contact was purged from the trash: there is no way back")
