"""Who must not be mailed, why, until when, and who may lift it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from domain.contacts.decider import Consent, unsubscribe
from domain.contacts.events import (
    AddressListed,
    Channel,
    ConsentEvent,
    ContactSuppressed,
    SuppressionLifted,
    SuppressionReason,
    SuppressionSource,
)
from domain.shared.errors import DomainError, InvalidInputError, NotFoundError

FOR_EVER = frozenset({SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBED})
"""What a person said: it never ends by itself, and only who knows what that means lifts it."""
MAX_DETAIL = 300


class AcknowledgementRequiredError(DomainError):
    """Lifting this goes against what the person asked for, and nobody said that they know."""

    code = "acknowledgement_required"


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """Why no mail may go to somebody, by whose word, and until when (None: for ever)."""

    reason: SuppressionReason
    source: SuppressionSource
    detail: str = ""
    expires_at: datetime | None = None
    caused_by: UUID | None = None


def check(grounds: Grounds, *, now: datetime) -> None:
    """Raise InvalidInputError for grounds that cannot be: personal, over already, or endless."""
    if "@" in grounds.detail or len(grounds.detail) > MAX_DETAIL:
        raise InvalidInputError(
            f"a note has at most {MAX_DETAIL} characters and names no address: it is kept for ever"
        )
    if grounds.expires_at is None:
        return
    if grounds.reason in FOR_EVER:
        raise InvalidInputError(f"a suppression for `{grounds.reason}` cannot have an end")
    if grounds.expires_at <= now:
        raise InvalidInputError("`expires_at` is past: give an instant to come, or none")


def suppress(
    consent: Consent,
    *,
    contact_id: UUID,
    grounds: Grounds,
    now: datetime,
    new_address: str | None = None,
) -> list[ConsentEvent]:
    """Stop all mail to this person; what stands as long already is not said again.

    `new_address` is an address that is nobody's yet. Raises InvalidInputError.
    """
    check(grounds, now=now)
    events: list[ConsentEvent] = []
    if new_address:
        events.append(AddressListed(contact_id=contact_id, email=new_address))
    if grounds.reason is SuppressionReason.UNSUBSCRIBED:
        via = Channel.API
        return events + unsubscribe(consent, contact_id=contact_id, via=via, campaign_id=None)
    if grounds.reason in consent.suppressed:
        until = consent.suppressed[grounds.reason]
        if until is None or (grounds.expires_at is not None and grounds.expires_at <= until):
            return events
    return [*events, ContactSuppressed(contact_id=contact_id, **msgspec.structs.asdict(grounds))]


def lift(
    standing: Collection[SuppressionReason],
    *,
    contact_id: UUID,
    reason: SuppressionReason,
    detail: str,
    acknowledged: bool = False,
    caused_by: UUID | None = None,
) -> list[ConsentEvent]:
    """Let mail go again as far as this reason goes; `standing` are the reasons that stop it now.

    Raises NotFoundError, InvalidInputError for a note that says nothing or names an address, and
    AcknowledgementRequiredError.
    """
    if reason not in standing:
        raise NotFoundError(f"the contact is not suppressed for `{reason}`")
    if not detail.strip() or "@" in detail or len(detail) > MAX_DETAIL:
        raise InvalidInputError(
            f"say why, in at most {MAX_DETAIL} characters and without an address"
        )
    if reason in FOR_EVER and not acknowledged:
        raise AcknowledgementRequiredError(
            "the person said that they want no mail: lift this only at their own wish, and say so"
            " with `acknowledged`"
        )
    left = set(standing) - {reason}
    return [
        SuppressionLifted(
            contact_id=contact_id,
            reason=reason,
            detail=detail.strip(),
            still=_status(left),
            acknowledged=acknowledged,
            caused_by=caused_by,
        )
    ]


def _status(standing: Collection[SuppressionReason]) -> str:
    if not standing:
        return ""
    return "unsubscribed" if set(standing) == {SuppressionReason.UNSUBSCRIBED} else "suppressed"
