"""Draw new recovery codes; the old ones are worth nothing."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.prove_second_factor import ProveSecondFactor, prove_second_factor
from commands.ports import EventLog, RateLimits
from domain.identity import second_factor
from domain.identity.second_factor import SECOND_FACTOR, second_factor_id
from domain.shared.context import Context
from domain.shared.errors import SecretShownError


class RenewRecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Replace the codes by these, for somebody who proves the factor."""

    proof: ProveSecondFactor
    recovery_codes: Sequence[str]

    def __repr__(self) -> str:
        """Show no code."""
        return f"RenewRecoveryCodes({self.proof})"


def renew_recovery_codes(
    command: RenewRecoveryCodes,
    context: Context,
    log: EventLog,
    factors: SecondFactors,
    codes: OneTimeCodes,
    limits: RateLimits,
) -> int:
    """Record the digests. Raises WrongCodeError, and SecretShownError on repeat."""
    prove_second_factor(command.proof, context, log, factors, codes, limits)
    user_id = command.proof.user_id
    digests = tuple(codes.digest(user_id, each) for each in command.recovery_codes)
    position = log.decide(
        SECOND_FACTOR,
        second_factor_id(user_id),
        lambda factor: second_factor.renew_recovery_codes(
            factor, user_id=user_id, recovery_codes=digests
        ),
        context,
    )
    require_shown(log, context, user_id, digests)
    return position


def require_shown(log: EventLog, context: Context, user_id: UUID, digests: Sequence[str]) -> None:
    """Make sure that these codes are the good ones. Raises SecretShownError."""
    factor = log.state(SECOND_FACTOR, second_factor_id(user_id), context)
    if factor.recovery_codes != frozenset(digests):
        raise SecretShownError("these recovery codes were shown before: renew them")
