"""Erase a person: what is sealed becomes unreadable for ever, what is not is emptied."""

from uuid import UUID

import msgspec

from commands.ports import EventLog
from commands.privacy.ports import Erasures, SubjectKeys
from domain.privacy import decider
from domain.privacy.decider import ERASURE, erasure_stream
from domain.shared.context import Context


class EraseContact(msgspec.Struct, frozen=True, kw_only=True):
    """Erase this contact. There is no way back."""

    contact_id: UUID


def erase_contact(
    command: EraseContact, context: Context, log: EventLog, erasures: Erasures, keys: SubjectKeys
) -> int:
    """Write the wish down, destroy the key, then record it; each step may be repeated.

    Whoever dies in between leaves a wish that the scheduler fulfils. A second erasure of the same
    person changes nothing and returns the position of the first.
    """
    contact_id, workspace_id = command.contact_id, context.workspace_id
    begun = erasures.begin(
        contact_id, context, key_sha256=keys.fingerprint(workspace_id, contact_id)
    )
    keys.destroy(workspace_id, contact_id)
    return log.decide(
        ERASURE,
        erasure_stream(contact_id),
        lambda erasure: decider.anonymize(
            erasure, contact_id=contact_id, key_sha256=begun.key_sha256
        ),
        begun.context,
        effects=lambda _: [erasures.scrub(workspace_id, contact_id)],
    )
