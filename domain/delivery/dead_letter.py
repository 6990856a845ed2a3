"""What may become of a message that was given up: queued again, or put away for good."""

from uuid import UUID

import msgspec

from domain.delivery.outcome_events import EmailDiscarded, EmailRedriven, SystemMailDiscarded
from domain.delivery.requeueing import Campaign, fact_id, require_sendable, spoken
from domain.shared.errors import IllegalTransitionError
from domain.shared.model import Fact

OPEN = "open"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it stands in the dead letters.

    `state` is open, redriven or discarded, and `settled_by` the command that made it so. `kind` is
    `campaign`, or names a system mail, which has neither campaign nor contact. `stopped` says why
    the person may not be mailed.
    """

    message_id: UUID
    kind: str
    campaign_id: UUID | None
    contact_id: UUID | None
    attempt: int
    state: str = OPEN
    settled_by: UUID | None = None
    stopped: str | None = None


def redrive(
    letter: DeadLetter, *, campaign: Campaign, reason: str, command_id: UUID, sandbox: bool = False
) -> Fact:
    """Queue it again. A repeated command is decided alike, whatever it changed the first time.

    Raises NotMailableError for a person who may not be mailed, IllegalTransitionError for system
    mail, for what is settled already and for a campaign that sends nothing any more, and
    InvalidInputError without a reason.
    """
    why = spoken(reason)
    if letter.campaign_id is None or letter.contact_id is None:
        raise IllegalTransitionError(
            f"the system's own mail ({letter.kind}) is not sent again: ask for a new one, or "
            "discard this"
        )
    if letter.settled_by != command_id:
        _require_open(letter, verb="re-drive")
        require_sendable(letter.stopped, campaign, verb="re-drive", sandbox=sandbox)
    event = EmailRedriven(
        message_id=letter.message_id,
        campaign_id=letter.campaign_id,
        contact_id=letter.contact_id,
        attempt=letter.attempt,
        reason=why,
    )
    return Fact(fact_id(b"redriven", letter.message_id, letter.attempt), event)


def discard(letter: DeadLetter, *, reason: str, command_id: UUID) -> Fact:
    """Put it away for good.

    Raises IllegalTransitionError for what is settled already, InvalidInputError without a reason.
    """
    why = spoken(reason)
    if letter.settled_by != command_id:
        _require_open(letter, verb="discard")
    event: EmailDiscarded | SystemMailDiscarded
    if letter.campaign_id is None or letter.contact_id is None:
        event = SystemMailDiscarded(mail_id=letter.message_id, kind=letter.kind, reason=why)
    else:
        event = EmailDiscarded(
            message_id=letter.message_id,
            campaign_id=letter.campaign_id,
            contact_id=letter.contact_id,
            attempt=letter.attempt,
            reason=why,
        )
    return Fact(fact_id(b"discarded", letter.message_id, letter.attempt), event)


def _require_open(letter: DeadLetter, *, verb: str) -> None:
    if letter.state != OPEN:
        raise IllegalTransitionError(f"cannot {verb}: the message was {letter.state} already")
