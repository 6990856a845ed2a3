"""The write route of signing in with a second factor."""

from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.sessions import TAGS, signed_in
from commands.identity.answer_challenge import AnswerChallenge, answer_challenge
from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.sign_in import Door
from commands.ports import EventLog, RateLimits
from domain.shared.context import Context
from schemas.http.identity import SignedIn
from schemas.http.second_factor import ChallengeAnswer


@post(
    "/v1/sessions/second-factor",
    status_code=200,
    sync_to_thread=True,
    opt={"public": True},
    summary="Sign in with the second factor",
    tags=TAGS,
)
def post_session_second_factor(
    data: JSONBody[ChallengeAnswer],
    account_context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    client_label: NamedDependency[str],
    log: NamedDependency[SkipValidation[EventLog]],
    door: NamedDependency[SkipValidation[Door]],
    factors: NamedDependency[SkipValidation[SecondFactors]],
    codes: NamedDependency[SkipValidation[OneTimeCodes]],
    rate_limits: NamedDependency[SkipValidation[RateLimits]],
) -> Response[SignedIn]:
    """Take the challenge of a sign-in, and a code; the challenge is good for five minutes.

    After a wrong code it is good still, and the try is counted.
    """
    command = AnswerChallenge(
        session_id=new_id,
        challenge=data.challenge,
        code=data.code,
        workspace_id=data.workspace_id,
        client=client_label,
    )
    opened = answer_challenge(command, account_context, log, door, factors, codes, rate_limits)
    return signed_in(opened, cookie=data.cookie)
