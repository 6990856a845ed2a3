"""Let mail go to somebody again, as far as one reason goes."""

from uuid import UUID

import msgspec

from commands.contacts.ports import Addresses
from commands.ports import DoNotMail, EventLog
from domain.contacts.decider import CONSENT
from domain.contacts.events import SuppressionReason
from domain.contacts.suppression import lift
from domain.shared.context import Context


class LiftSuppression(msgspec.Struct, frozen=True, kw_only=True):
    """Lift what stands for this reason; `detail` says why, without anything personal."""

    contact_id: UUID
    reason: SuppressionReason
    detail: str
    acknowledged: bool = False
    caused_by: UUID | None = None


def lift_suppression(
    command: LiftSuppression,
    context: Context,
    log: EventLog,
    do_not_mail: DoNotMail,
    addresses: Addresses,
) -> int:
    """Record it and open the dispatcher's door as far. Raises as `domain...suppression.lift`."""
    standing = addresses.standing(context.workspace_id, command.contact_id)
    is_wish = command.reason is SuppressionReason.UNSUBSCRIBED
    opened = do_not_mail.take_off(
        context.workspace_id,
        command.contact_id,
        reason="unsubscribed" if is_wish else "suppressed",
        cause="" if is_wish else str(command.reason),
    )
    return log.decide(
        CONSENT,
        command.contact_id,
        lambda _: lift(
            standing,
            contact_id=command.contact_id,
            reason=command.reason,
            detail=command.detail,
            acknowledged=command.acknowledged,
            caused_by=command.caused_by,
        ),
        context,
        effects=lambda _: [opened],
    )
