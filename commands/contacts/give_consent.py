"""Record that a person agreed to get mail."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.ports import EventLog
from domain.contacts import decider
from domain.contacts.decider import CONSENT
from domain.shared.context import Context


class GiveConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The person agreed there (`source`), to these words (`text`), at that time."""

    contact_id: UUID
    source: str
    text: str
    given_at: datetime


def give_consent(command: GiveConsent, context: Context, log: EventLog) -> int:
    """Record it; each agreement is a fact of its own. Raises what the decision raises."""
    return log.decide(
        CONSENT,
        command.contact_id,
        lambda consent: decider.give_consent(
            consent,
            contact_id=command.contact_id,
            source=command.source,
            text=command.text,
            given_at=command.given_at,
            now=context.now,
        ),
        context,
    )
