"""Never mail this person again, or not for a while, whatever the campaign."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.ports import DoNotMail, Effect, EventLog
from domain.contacts.decider import CONSENT
from domain.contacts.events import ConsentEvent, ContactSuppressed, ContactUnsubscribed
from domain.contacts.suppression import Grounds, suppress
from domain.shared.context import Context


class SuppressContact(msgspec.Struct, frozen=True, kw_only=True):
    """Suppress this contact on these grounds."""

    contact_id: UUID
    grounds: Grounds


def suppress_contact(
    command: SuppressContact, context: Context, log: EventLog, do_not_mail: DoNotMail
) -> int:
    """Record it and close the dispatcher's door in the same transaction."""
    return log.decide(
        CONSENT,
        command.contact_id,
        lambda consent: suppress(
            consent, contact_id=command.contact_id, grounds=command.grounds, now=context.now
        ),
        context,
        effects=lambda events: stops(events, context, do_not_mail),
    )


def stops(events: Sequence[ConsentEvent], context: Context, do_not_mail: DoNotMail) -> list[Effect]:
    """Return the effects that stop mail as these events say."""
    effects = []
    for event in events:
        match event:
            case ContactSuppressed(contact_id=contact_id, reason=cause, expires_at=expires_at):
                effects.append(
                    do_not_mail.add(
                        context.workspace_id,
                        contact_id,
                        reason="suppressed",
                        cause=str(cause),
                        expires_at=expires_at,
                    )
                )
            case ContactUnsubscribed(contact_id=contact_id):
                effects.append(
                    do_not_mail.add(context.workspace_id, contact_id, reason="unsubscribed")
                )
            case _:
                pass
    return effects
