"""Make a second factor count: the person's device shows the right code."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.identity.end_session import end_sessions
from commands.identity.factor_attempts import count_attempt
from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.ports import Sessions
from commands.identity.prove_second_factor import ProveSecondFactor, device_step
from commands.identity.renew_recovery_codes import require_shown
from commands.ports import EventLog, RateLimits
from domain.identity import second_factor
from domain.identity.events import SessionEnd
from domain.identity.second_factor import SECOND_FACTOR, WrongCodeError, second_factor_id
from domain.shared.context import Context


class ConfirmSecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """The device shows this code to somebody in this session, who will be shown recovery codes."""

    user_id: UUID
    session_id: UUID
    code: str
    recovery_codes: Sequence[str]
    authenticated_at: datetime

    def __repr__(self) -> str:
        """Show no code."""
        return f"ConfirmSecondFactor({self.user_id})"


def confirm_second_factor(
    command: ConfirmSecondFactor,
    context: Context,
    log: EventLog,
    factors: SecondFactors,
    codes: OneTimeCodes,
    limits: RateLimits,
    sessions: Sessions,
) -> int:
    """Record it, and end the person's other sessions: they began without the factor.

    Raises SignInAgainError, WrongCodeError, and SecretShownError on repeat.
    """
    second_factor.require_recent(authenticated_at=command.authenticated_at, now=context.now)
    user_id = command.user_id
    count_attempt(limits, user_id)
    proof = ProveSecondFactor(user_id=user_id, code=command.code)
    step = device_step(proof, context, factors, codes)
    if step is None:
        raise WrongCodeError
    digests = tuple(codes.digest(user_id, each) for each in command.recovery_codes)
    running = sessions.running(user_id, but=command.session_id)
    position = log.decide(
        SECOND_FACTOR,
        second_factor_id(user_id),
        lambda factor: second_factor.confirm(factor, user_id=user_id, recovery_codes=digests),
        context,
        effects=lambda _: [
            factors.confirm(user_id, step=step, session_id=command.session_id),
            sessions.end_all(user_id, but=command.session_id),
        ],
    )
    end_sessions(
        running,
        context,
        log,
        sessions,
        owner=user_id,
        reason=SessionEnd.FACTOR_ADDED,
    )
    require_shown(log, context, user_id, digests)
    return position
