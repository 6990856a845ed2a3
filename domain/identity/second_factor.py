"""The life of a person's second factor: a device that shows codes, and ten codes on paper.

Its stream is beside the account's, because each is decided about without the other.
"""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from domain.identity.events import (
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorConfirmed,
    SecondFactorEnrolled,
    SecondFactorEvent,
    SecondFactorRemoved,
)
from domain.shared.errors import DomainError, IllegalTransitionError, RetryLaterError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel

RECENT = timedelta(minutes=5)
RECOVERY_CODES = 10


class WrongCodeError(DomainError):
    """The code is wrong, over, or was used before: no difference is told."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("this code is wrong or was used: enter the one that is shown now")


class TooManyCodesError(RetryLaterError):
    """Codes were guessed at, or mistyped, too often; nothing is locked for good."""

    code = "too_many_codes"


class SignInAgainError(DomainError):
    """The change needs somebody who signed in a moment ago (ASVS 7.5)."""

    code = "sign_in_again"


class SecondFactor(msgspec.Struct, frozen=True):
    """What later decisions need to know; `recovery_codes` are the digests that are left."""

    enrolled: bool = False
    confirmed: bool = False
    recovery_codes: frozenset[str] = frozenset()


def second_factor_id(user_id: UUID) -> UUID:
    """Return the id of a person's stream."""
    return derive_id(time_ms_of(user_id), b"second-factor", user_id.bytes)


def require_recent(*, authenticated_at: datetime, now: datetime) -> None:
    """Let those on who signed in lately. Raises SignInAgainError."""
    if now - authenticated_at > RECENT:
        raise SignInAgainError("sign in again, then do this within five minutes")


def enrol(factor: SecondFactor, *, user_id: UUID, secret: str) -> list[SecondFactorEvent]:
    """Show a secret; one that was shown before and never confirmed is forgotten."""
    if factor.confirmed:
        raise IllegalTransitionError("there is a second factor: remove it before adding another")
    return [SecondFactorEnrolled(user_id=user_id, secret=secret)]


def confirm(
    factor: SecondFactor, *, user_id: UUID, recovery_codes: tuple[str, ...]
) -> list[SecondFactorEvent]:
    """Make it count, for whoever has entered a code of it."""
    if factor.confirmed or not factor.enrolled:
        raise IllegalTransitionError("there is nothing to confirm: begin with a new second factor")
    return [SecondFactorConfirmed(user_id=user_id, recovery_codes=recovery_codes)]


def use_recovery_code(
    factor: SecondFactor, *, user_id: UUID, recovery_code: str
) -> list[SecondFactorEvent]:
    """Take one of the codes. Raises WrongCodeError; each is good once."""
    if recovery_code not in factor.recovery_codes:
        raise WrongCodeError
    return [RecoveryCodeUsed(user_id=user_id, recovery_code=recovery_code)]


def renew_recovery_codes(
    factor: SecondFactor, *, user_id: UUID, recovery_codes: tuple[str, ...]
) -> list[SecondFactorEvent]:
    """Replace the codes, for whoever has proved the factor."""
    if not factor.confirmed:
        raise IllegalTransitionError("there is no second factor: add one first")
    return [RecoveryCodesRenewed(user_id=user_id, recovery_codes=recovery_codes)]


def remove(factor: SecondFactor, *, user_id: UUID) -> list[SecondFactorEvent]:
    """Do without it, for whoever has proved it; says nothing where there is none."""
    return [SecondFactorRemoved(user_id=user_id)] if factor.enrolled else []


def evolve(factor: SecondFactor, event: SecondFactorEvent) -> SecondFactor:
    """Fold one fact."""
    match event:
        case SecondFactorEnrolled():
            return SecondFactor(enrolled=True)
        case SecondFactorConfirmed() | RecoveryCodesRenewed():
            return SecondFactor(
                enrolled=True, confirmed=True, recovery_codes=frozenset(event.recovery_codes)
            )
        case RecoveryCodeUsed():
            left = factor.recovery_codes - {event.recovery_code}
            return msgspec.structs.replace(factor, recovery_codes=left)
        case SecondFactorRemoved():
            return SecondFactor()
        case _:
            assert_never(event)


SECOND_FACTOR: StreamModel[SecondFactor, SecondFactorEvent] = StreamModel(
    name="second_factor", initial=SecondFactor(), evolve=evolve
)
