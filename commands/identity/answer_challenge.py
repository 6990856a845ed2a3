"""Sign in with the second factor: the challenge of the password, and a code."""

from uuid import UUID

import msgspec

from commands.identity.begin_session import OpenedSession, Opener, begin_session
from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.ports import Purpose
from commands.identity.prove_second_factor import ProveSecondFactor, prove_second_factor
from commands.identity.sign_in import Door
from commands.ports import EventLog, RateLimits
from domain.shared.context import Context


class AnswerChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose password was right shows a code."""

    session_id: UUID
    challenge: str
    code: str
    workspace_id: UUID | None = None
    client: str = ""

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"AnswerChallenge({self.session_id})"


def answer_challenge(
    command: AnswerChallenge,
    context: Context,
    log: EventLog,
    door: Door,
    factors: SecondFactors,
    codes: OneTimeCodes,
    limits: RateLimits,
) -> OpenedSession:
    """Begin the session, and use the challenge up with it; a wrong code leaves it good.

    Raises TokenRefusedError, WrongCodeError, TooManyCodesError, NotFoundError.
    """
    user_id = door.tokens.owner(Purpose.SIGN_IN, command.challenge)
    door.sessions.home_of(user_id, command.workspace_id)  # before a code is used up for nothing
    proof = ProveSecondFactor(user_id=user_id, code=command.code)
    prove_second_factor(proof, context, log, factors, codes, limits)
    opener = Opener(
        session_id=command.session_id,
        user_id=user_id,
        second_factor=True,
        workspace_id=command.workspace_id,
        client=command.client,
    )
    used = door.tokens.redeem(Purpose.SIGN_IN, command.challenge)
    return begin_session(opener, context, log, door.sessions, door.access, effects=(used,))
