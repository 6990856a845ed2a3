"""The vocabulary of erasure. A context of its own, so that every read model can follow it alone."""

from typing import ClassVar
from uuid import UUID

from domain.shared.model import Event


class ContactAnonymized(Event, frozen=True):
    """The person was erased: the key is destroyed, and what it sealed is unreadable for ever.

    Holds no personal data. `key_sha256` is the SHA-256, in hex, of the wrapped key that was
    destroyed; empty when nothing personal had ever been recorded. With the place of this event
    and its commit it is all that a receipt says (docs/privacy.md).
    """

    TAG: ClassVar[str] = "privacy.contact_anonymized.v1"
    contact_id: UUID
    key_sha256: str = ""


ErasureEvent = ContactAnonymized
EVENTS: tuple[type[Event], ...] = (ContactAnonymized,)
