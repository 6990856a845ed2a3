"""When a message that is over may be queued again, and what identifies the decision."""

from typing import NamedTuple
from uuid import UUID

from domain.shared.errors import DomainError, IllegalTransitionError, InvalidInputError
from domain.shared.ids import derive_id, time_ms_of

LONGEST_REASON = 500


class Campaign(NamedTuple):
    """What a campaign is at this moment: its status, in the trash or not, of a test key or not."""

    status: str
    deleted: bool = False
    sandbox: bool = False

    @property
    def completed(self) -> bool:
        """Whether its gate has to be opened again."""
        return self.status == "completed"


class NotMailableError(DomainError):
    """The person may not be mailed: the message says why."""

    code = "not_mailable"


SENDABLE = frozenset({"running", "paused", "completed"})
STOPPED = {
    "unsubscribed": "the person unsubscribed",
    "suppressed": "the person is suppressed",
    "deleted": "the contact is in the trash",
    "erased": "the person was erased",
}


def spoken(reason: str) -> str:
    """Return the reason, trimmed. Raises InvalidInputError for none, or a very long one."""
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidInputError(f"say why in 1 to {LONGEST_REASON} characters: pass a `reason`")
    return said


def require_sendable(
    stopped: str | None, campaign: Campaign, *, verb: str, sandbox: bool = False
) -> None:
    """Raise NotMailableError because of the person, IllegalTransitionError of the campaign.

    `sandbox` says that a test key asks: it reaches nobody, so only messages of sandbox campaigns.
    """
    if stopped is not None:
        raise NotMailableError(f"cannot {verb}: {STOPPED.get(stopped, stopped)}")
    if campaign.deleted or campaign.status not in SENDABLE:
        status = "in the trash" if campaign.deleted else campaign.status
        raise IllegalTransitionError(
            f"cannot {verb}: the campaign is {status}, so nothing of it is sent any more"
        )
    if sandbox and not campaign.sandbox:
        raise IllegalTransitionError(
            f"a test key cannot {verb}: the campaign goes to people; use a live key"
        )


def fact_id(what: bytes, message_id: UUID, attempt: int) -> UUID:
    """Return the id of a decision about a message after so many attempts: it is made once."""
    return derive_id(time_ms_of(message_id), what, message_id.bytes, attempt.to_bytes(4, "big"))
