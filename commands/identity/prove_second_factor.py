"""Prove the second factor by a code: of the device, or one on paper. Each code is good once."""

from uuid import UUID

import msgspec

from commands.derived import derived
from commands.identity.factor_attempts import count_attempt
from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.ports import EventLog, RateLimits
from domain.identity import second_factor
from domain.identity.second_factor import SECOND_FACTOR, WrongCodeError, second_factor_id
from domain.shared.context import Context

DEVICE_DIGITS = 6


class ProveSecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever asks has this code."""

    user_id: UUID
    code: str

    def __repr__(self) -> str:
        """Show no code."""
        return f"ProveSecondFactor({self.user_id})"


def prove_second_factor(
    command: ProveSecondFactor,
    context: Context,
    log: EventLog,
    factors: SecondFactors,
    codes: OneTimeCodes,
    limits: RateLimits,
) -> None:
    """Use the code up. Raises WrongCodeError and TooManyCodesError."""
    count_attempt(limits, command.user_id)
    if len(command.code) == DEVICE_DIGITS:
        factor = log.state(SECOND_FACTOR, second_factor_id(command.user_id), context)
        step = device_step(command, context, factors, codes) if factor.confirmed else None
        if step is None or not factors.spend(command.user_id, step=step):
            raise WrongCodeError
        return
    digest = codes.digest(command.user_id, command.code)
    log.decide(
        SECOND_FACTOR,
        second_factor_id(command.user_id),
        lambda factor: second_factor.use_recovery_code(
            factor, user_id=command.user_id, recovery_code=digest
        ),
        derived(context, b"prove-second-factor"),
    )


def device_step(
    command: ProveSecondFactor, context: Context, factors: SecondFactors, codes: OneTimeCodes
) -> int | None:
    """Return the step that the code belongs to; nothing is used up."""
    secret = factors.secret(command.user_id)
    return codes.step(secret, command.code, now=context.now) if secret else None
