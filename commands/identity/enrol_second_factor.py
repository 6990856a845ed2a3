"""Begin with a second factor: a secret for the device, which counts once a code was entered."""

import hmac
from datetime import datetime
from uuid import UUID

import msgspec

from commands.identity.factor_ports import SecondFactors
from commands.ports import EventLog
from domain.identity import second_factor
from domain.identity.second_factor import SECOND_FACTOR, second_factor_id
from domain.shared.context import Context
from domain.shared.errors import SecretShownError


class EnrolSecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """Keep this secret for a person who signed in lately."""

    user_id: UUID
    secret: str
    authenticated_at: datetime

    def __repr__(self) -> str:
        """Show no secret."""
        return f"EnrolSecondFactor({self.user_id})"


def enrol_second_factor(
    command: EnrolSecondFactor, context: Context, log: EventLog, factors: SecondFactors
) -> int:
    """Record it. Raises SignInAgainError, and SecretShownError for a command done before."""
    second_factor.require_recent(authenticated_at=command.authenticated_at, now=context.now)
    user_id, kept = command.user_id, factors.enrol(command.user_id, command.secret)
    position = log.decide(
        SECOND_FACTOR,
        second_factor_id(user_id),
        lambda factor: second_factor.enrol(factor, user_id=user_id, secret=command.secret),
        context,
        effects=lambda _: [kept],
    )
    if not hmac.compare_digest(factors.secret(user_id) or "", command.secret):
        raise SecretShownError("this secret was shown before: begin with a new second factor")
    return position
