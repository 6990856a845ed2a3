"""Do without a second factor."""

import msgspec

from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.prove_second_factor import ProveSecondFactor, prove_second_factor
from commands.ports import EventLog, RateLimits
from domain.identity import second_factor
from domain.identity.second_factor import SECOND_FACTOR, second_factor_id
from domain.shared.context import Context


class RemoveSecondFactor(msgspec.Struct, frozen=True):
    """Remove it, for somebody who proves it."""

    proof: ProveSecondFactor


def remove_second_factor(
    command: RemoveSecondFactor,
    context: Context,
    log: EventLog,
    factors: SecondFactors,
    codes: OneTimeCodes,
    limits: RateLimits,
) -> int:
    """Record it. Raises WrongCodeError."""
    prove_second_factor(command.proof, context, log, factors, codes, limits)
    user_id = command.proof.user_id
    return log.decide(
        SECOND_FACTOR,
        second_factor_id(user_id),
        lambda factor: second_factor.remove(factor, user_id=user_id),
        context,
        effects=lambda _: [factors.remove(user_id)],
    )
