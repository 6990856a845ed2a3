"""A message whose handover had no answer: it stays uncertain until a report or a person decides."""

from uuid import UUID

import msgspec

from domain.delivery.outcome_events import Resolution, UncertainResolved
from domain.delivery.requeueing import Campaign, fact_id, require_sendable, spoken
from domain.shared.errors import IllegalTransitionError
from domain.shared.model import Fact


class Uncertain(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `resolution` is None while nobody knows, `settled_by` the command that said."""

    message_id: UUID
    campaign_id: UUID
    contact_id: UUID
    attempt: int
    resolution: str | None = None
    settled_by: UUID | None = None
    stopped: str | None = None


def resolve(
    uncertain: Uncertain,
    *,
    resolution: Resolution,
    campaign: Campaign,
    reason: str,
    command_id: UUID,
    caused_by: UUID | None = None,
    sandbox: bool = False,
) -> Fact:
    """Say what became of it. A repeated command is decided alike.

    Raises IllegalTransitionError when it is resolved already, InvalidInputError without a reason,
    and for `resend` what `requeueing.require_sendable` raises.
    """
    why = spoken(reason)
    if uncertain.settled_by != command_id:
        if uncertain.resolution is not None:
            raise IllegalTransitionError(
                f"cannot resolve: the message was resolved as {uncertain.resolution} already"
            )
        if resolution is Resolution.RESEND:
            require_sendable(uncertain.stopped, campaign, verb="send it again", sandbox=sandbox)
    return Fact(
        fact_id(b"resolved", uncertain.message_id, uncertain.attempt),
        UncertainResolved(
            message_id=uncertain.message_id,
            campaign_id=uncertain.campaign_id,
            contact_id=uncertain.contact_id,
            attempt=uncertain.attempt,
            resolution=resolution,
            reason=why,
            caused_by=caused_by,
        ),
    )
