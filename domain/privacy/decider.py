"""The erasure of one person: it happens once, and is never undone."""

from uuid import UUID

import msgspec

from domain.privacy.events import ContactAnonymized, ErasureEvent
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel


class Erasure(msgspec.Struct, frozen=True):
    """Whether this person is erased."""

    done: bool = False


def anonymize(erasure: Erasure, *, contact_id: UUID, key_sha256: str) -> list[ErasureEvent]:
    """Record that the key is gone. The second time nothing is new, and nothing is recorded."""
    if erasure.done:
        return []
    return [ContactAnonymized(contact_id=contact_id, key_sha256=key_sha256)]


def evolve_erasure(erasure: Erasure, event: ErasureEvent) -> Erasure:  # noqa: ARG001 - all it takes
    """Fold the one fact there is."""
    return Erasure(done=True)


ERASURE: StreamModel[Erasure, ErasureEvent] = StreamModel(
    name="erasure", initial=Erasure(), evolve=evolve_erasure
)


def erasure_stream(contact_id: UUID) -> UUID:
    """Return the stream of a person's erasure; the person's own id is the stream of consent."""
    return derive_id(time_ms_of(contact_id), contact_id.bytes, b"erasure")
