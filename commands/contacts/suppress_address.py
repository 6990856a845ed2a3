"""Never mail this address, whether it is a contact's or nobody's yet."""

from uuid import UUID

import msgspec

from commands.contacts.ports import Addresses
from commands.contacts.suppress_contact import stops
from commands.ports import DoNotMail, EventLog
from domain.contacts.decider import CONSENT
from domain.contacts.suppression import Grounds, suppress
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError, InvalidInputError

TRIES = 3


class SuppressAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Suppress whoever is, or will be, at this address."""

    email: str
    grounds: Grounds

    def __repr__(self) -> str:
        """Show no address."""
        return f"SuppressAddress({self.grounds.reason})"


def suppress_address(
    command: SuppressAddress,
    context: Context,
    log: EventLog,
    do_not_mail: DoNotMail,
    addresses: Addresses,
) -> tuple[UUID, int]:
    """Return the id of the contact, or of who would be it, and the position.

    Raises InvalidInputError. An import that takes the address meanwhile lets it look again.
    """
    for _ in range(TRIES):
        try:
            return _suppress(command, context, log, do_not_mail, addresses)
        except ConcurrentChangeError:
            continue
    raise ConcurrentChangeError("the address is being imported right now; try again")


def _suppress(
    command: SuppressAddress,
    context: Context,
    log: EventLog,
    do_not_mail: DoNotMail,
    addresses: Addresses,
) -> tuple[UUID, int]:
    (who,) = addresses.find(context.workspace_id, [command.email])
    if who is None:
        raise InvalidInputError("this is no address that mail could go to")
    kept = [addresses.list(context.workspace_id, [who])] if who.is_new else []
    position = log.decide(
        CONSENT,
        who.contact_id,
        lambda consent: suppress(
            consent,
            contact_id=who.contact_id,
            grounds=command.grounds,
            now=context.now,
            new_address=who.email if who.is_new else None,
        ),
        context,
        effects=lambda events: [*kept, *stops(events, context, do_not_mail)],
    )
    return who.contact_id, position
